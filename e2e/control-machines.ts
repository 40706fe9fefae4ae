/** Machines of a control plane: the real warren on each, one that serves, and others that join it. */
import { join } from "node:path";
import { expect } from "vitest";
import type { Outcome } from "../lab/world.ts";
import type { DiskContent } from "./system-disk.ts";
import type { Runner, System } from "./system.ts";
import { createSystems, type DrawnSystem, type Systems } from "./systems.ts";
import type { Ground } from "./underlay.ts";

/** For agents, too, what was compiled once: they begin by the dozen here. */
const CACHE = `
mkdir /etc/systemd/system.conf.d
cat >/etc/systemd/system.conf.d/cache.conf <<end
[Manager]
DefaultEnvironment=NODE_COMPILE_CACHE=/opt/warren/node_modules/.cache/compile
end
`;

/** The checkout is where a package would be. */
export const WARREN: DiskContent = {
  folders: { "opt/warren": join(import.meta.dirname, "..") },
  prepare: ["ln -s /opt/warren/warren /usr/local/bin/warren", CACHE],
};

const SERVE_MS = 10_000;

/**
 * Each has 203.0.113.N in the network of all, in the order of their names, and what `more` draws; but who has
 * routes of its own is behind something.
 */
export async function createControl(
  ground: Ground,
  names: readonly string[],
  more: Readonly<Record<string, Partial<DrawnSystem>>> = {},
): Promise<Systems> {
  const all = [...names, ...Object.keys(more).filter((name) => !names.includes(name))];
  const drawn = all.map((name, at): [string, DrawnSystem] => {
    const { ports = {}, ...rest } = more[name] ?? {};
    const net = { addresses: [`203.0.113.${at + 1}/24`] };
    const outside = rest.routes === undefined ? { net } : {};
    const system = names.includes(name) ? { system: WARREN } : {};
    return [name, { ports: { ...outside, ...ports }, ...system, ...rest }];
  });
  const desk: DrawnSystem = { ports: { net: { addresses: ["203.0.113.100/24"] } } };
  return await createSystems(ground, { hosts: { desk, ...Object.fromEntries(drawn) } });
}

/** As many as are named, in their order. */
export function machinesOf<const N extends readonly string[]>(
  lab: Systems,
  ...names: N
): { readonly [K in keyof N]: System } {
  return names.map((name) => lab.machine(name)) as { readonly [K in keyof N]: System };
}

/** Has the machine serve for as long as it lives, and again when it boots. */
export async function serveOn(machine: System): Promise<void> {
  await type(machine, "warren server --install");
}

/** As its own root sees it: before that it answers nobody. */
export async function untilServing(machine: System): Promise<void> {
  const words = ["warren", "network", "list"];
  await expect
    .poll(async () => (await machine.attempt({ words, wayOut: "" })).status, {
      timeout: SERVE_MS,
      interval: 100,
    })
    .toBe(0);
}

/** Runs a script on a host or a machine, as root; what it prints on both of its streams. */
export async function type(host: Runner, script: string): Promise<string> {
  const { status, output } = await typed(host, script);
  if (status !== 0) throw new Error(`on ${host.name} ${script} ends with ${status}: ${output}`);
  return output;
}

/** Of a list of nodes: how many have shaken hands by now is told every few seconds. */
export function withoutMoments(listed: string): string {
  return listed.replaceAll(/ +(handshakes|\d of \d)(?=$| )/gm, "");
}

/** What it prints as it fails. */
export async function typeInVain(host: Runner, script: string): Promise<string> {
  const { status, output } = await typed(host, script);
  if (status === 0) throw new Error(`on ${host.name} ${script} does not fail: ${output}`);
  return output;
}

async function typed(host: Runner, script: string): Promise<Outcome> {
  return await host.attempt({ words: ["sh", "-ec", `exec 2>&1\n${script}`], wayOut: "" });
}
