/** Planes that tests begin with, and whether all is well in one. */
import { approveNode, createNetwork } from "@warren/server";
import { PlaneWorld } from "./plane-world.ts";
import type { WorldOptions } from "./plane-world.ts";

/** Longer than every back-off, and than what a second look takes. */
export const QUIET_MS = 60_000;

export async function createWorld(
  names: readonly string[],
  options: WorldOptions = {},
): Promise<PlaneWorld> {
  const world = new PlaneWorld(options);
  await foundNetwork(world);
  for (const name of names) {
    await world.join(name);
    await world.commit((state) => approveNode(state, world.network, name, endpointOf(name)));
    world.host(name).startAgent();
  }
  await world.clock.pass(QUIET_MS);
  return world;
}

/** With a server, and without a host yet. */
export async function foundNetwork(world: PlaneWorld): Promise<void> {
  await world.startServer();
  const settings = { addresses: ["10.0.0.0/24"] };
  const wish = { name: world.network, settings, isOpen: true, secret: "sealed", at: 0 };
  await world.commit((state) => createNetwork(state, wish));
}

export function endpointOf(name: string): { readonly endpoint: string } {
  return { endpoint: `203.0.113.${name.charCodeAt(0) + Number(name.slice(1))}` };
}

export async function joinAndStart(world: PlaneWorld, host: string): Promise<void> {
  await world.join(host);
  await world.commit((state) => approveNode(state, world.network, host, endpointOf(host)));
  world.host(host).startAgent();
}

/**
 * Hosts whose kernel is not as the server means; none when all is well. One that was told that it is out has
 * nothing of it; one that was taken out while it was away is told nothing: a server that does not know it
 * may have lost its memory. The others have let go of it.
 */
export async function differences(world: PlaneWorld): Promise<readonly string[]> {
  const all = world.hosts.map(async (host) => {
    if (host.isOut) return (await host.leftovers()).map((each) => `${host.name} has its ${each}`);
    // Who waits keeps what it has.
    if (!world.isKnown(host) || world.deviceOf(host.name) === undefined) return [];
    const has = [...(await host.peers()), ...(await host.routes())];
    const wants = world.wanted(host.name);
    return has.join(";") === wants.join(";")
      ? []
      : [`${host.name} has ${has.length} peers and routes of ${wants.length}`];
  });
  return (await Promise.all(all)).flat();
}
