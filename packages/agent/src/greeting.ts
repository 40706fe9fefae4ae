/** The first that an agent says on each line: what it is, and what it has. */
import * as core from "@warren/core";
import type { StoredDevice } from "./files.ts";
import type { World } from "./world.ts";

export interface Greeter {
  readonly version: string;
  /** Of this process: two of them that come by turns are two hosts. */
  readonly instance: string;
  /** By its host's clock. */
  readonly now: number;
}

/** `basis`: what its server has said that the device is made of. */
export function printGreeting(
  { readAddresses, visit }: Pick<World, "readAddresses" | "visit">,
  { version, instance, now }: Greeter,
  device: StoredDevice | undefined,
  basis: string | undefined,
): string {
  return JSON.stringify({
    kind: "hello",
    version,
    instance,
    now,
    addresses: readAddresses().map(core.printAddress),
    ...(visit === undefined ? {} : { isVisit: true }),
    ...core.optional("epoch", device?.epoch),
    ...core.optional("rev", device?.rev),
    ...core.optional("hash", device?.hash),
    ...core.optional("basis", basis),
    ...core.optional("listenPort", device?.bundle.device.listenPort),
  });
}
