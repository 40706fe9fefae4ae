/** What becomes of a tunnel without its agent is put right, and told. */
import type { InterfaceName } from "@warren/core";
import { expect, test } from "vitest";
import type { FakeInterface } from "../tools/fake-kernel.ts";
import { createWorld, differences } from "./sample-world.ts";

const OWN = "warren0" as InterfaceName;

/** What a hand does to a tunnel. */
const HANDS: Readonly<Record<string, (now: FakeInterface) => Partial<FakeInterface>>> = {
  "link deleted": () => ({ link: undefined, addresses: new Set(), routes: new Set() }),
  "link down": ({ link }) => (link?.kind === "wireguard" ? { link: { ...link, isUp: false } } : {}),
  "routes gone": () => ({ routes: new Set() }),
  "route more": ({ routes }) => ({ routes: new Set([...routes, "198.51.100.0/24"]) }),
  "addresses gone": () => ({ addresses: new Set() }),
  "peers gone": ({ link }) =>
    link?.kind === "wireguard" ? { link: { ...link, peers: new Map() } } : {},
};

test("what the kernel tells of is put right within a second, and then there is nothing left to do", async () => {
  const world = await createWorld(["a", "b"]);
  const { kernel } = world.host("a");
  const before = await kernel.read(OWN);
  let reads = 0;
  const read = kernel.read.bind(kernel);
  kernel.read = async (name) => {
    reads += 1;
    return await read(name);
  };
  for (const [hand, change] of Object.entries(HANDS)) {
    kernel.disturb(OWN, change);
    expect({ hand, differs: await read(OWN) }).not.toEqual({ hand, differs: before });
    await world.clock.pass(1000);
    expect({ hand, differences: await differences(world) }).toEqual({ hand, differences: [] });
    const { link, ...rest } = await read(OWN);
    expect({ hand, ...rest }).toEqual({ hand, ...before, link: undefined });
    expect(link).toMatchObject({ kind: "wireguard", isUp: true });
    reads = 0;
    // Its own work is told, too: a look later it knows that.
    await world.clock.pass(20_000);
    expect(reads).toBeLessThanOrEqual(3);
  }
});
