/**
 * An agent that keeps no device: it comes, greets and answers as whole ones do, and believes what it is
 * told. A mesh of N has N² peers, which no one machine can keep for all.
 */
import { Contact } from "../../packages/agent/src/contact.ts";
import type { World } from "../../packages/agent/src/world.ts";
import { parseJson } from "@warren/core";

/** Of what it was told all but the entries. */
interface Told {
  readonly kind: string;
  readonly rev?: number;
  readonly epoch?: string;
  readonly hash?: string;
  readonly basis?: string;
}

export function runLight(
  world: Pick<World, "connect" | "clock">,
  { instance, size, applied }: { instance: string; size: number; applied: (rev: number) => void },
): void {
  let has: Omit<Told, "kind"> = {};
  const contact = new Contact(world, {
    opened: () => {
      const now = world.clock.wall();
      const self = { version: "bench", instance, now, addresses: [], listenPort: 51_820 };
      contact.send(JSON.stringify({ kind: "hello", ...self, ...has }));
      contact.send(JSON.stringify({ kind: "report", now, tunnels: size, peers: [] }));
    },
    received: (text) => {
      contact.welcome(size);
      const { kind, ...told } = headOf(text);
      has = { ...has, ...told };
      if (kind !== "snapshot" && kind !== "patch") return;
      contact.send(JSON.stringify({ kind: "applied", rev: has.rev, hash: has.hash }));
      applied(has.rev ?? 0);
    },
    answered: () => undefined,
    lost: () => undefined,
  });
  contact.call();
}

/** The entries come last. */
function headOf(text: string): Told {
  const end = text.indexOf(',"set":');
  return parseJson(end < 0 ? text : `${text.slice(0, end)}}`) as Told;
}
