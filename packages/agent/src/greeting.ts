/** The first that an agent says on each line: what it is, and what it has. */
import * as core from "@warren/core";
import type { Address } from "@warren/core";
import type { StoredDevice } from "./files.ts";

export interface Greeter {
  readonly version: string;
  /** Of this process: two of them that come by turns are two hosts. */
  readonly instance: string;
  /** By its host's clock. */
  readonly now: number;
  readonly addresses: readonly Address[];
}

/** `basis`: what its server has said that the device is made of. */
export function printGreeting(
  { version, instance, now, addresses }: Greeter,
  device: StoredDevice | undefined,
  basis: string | undefined,
): string {
  return JSON.stringify({
    kind: "hello",
    version,
    instance,
    now,
    addresses: addresses.map(core.printAddress),
    ...core.optional("epoch", device?.epoch),
    ...core.optional("rev", device?.rev),
    ...core.optional("hash", device?.hash),
    ...core.optional("basis", basis),
    ...core.optional("listenPort", device?.bundle.device.listenPort),
  });
}
