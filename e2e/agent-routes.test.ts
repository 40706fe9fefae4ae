/** What the agent asks the kernel about routes, of the real one. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { useWorld } from "./world-fixture.ts";

const MODULE = join(import.meta.dirname, "../packages/agent/src/routes.ts");
const ROUTES = `
link set lo up
link add uplink type bridge
link set uplink up
address add 198.51.100.1/24 dev uplink
address add 2001:db8:1::1/64 dev uplink nodad
route add 192.0.2.0/24 dev uplink
route add 2001:db8::/32 dev uplink
route add unreachable 2001:db8:dead::/48
route add blackhole 192.0.2.7
rule add fwmark 7 unreachable
`;
const ADDRESSES = [
  "192.0.2.1",
  "2001:db8:dead::1",
  "203.0.113.1",
  "2001:db8::1",
  "192.0.2.7",
  "2001:db9::1",
];

const fixture = useWorld();

test("findUnrouted() names those to which no route leads, for what is marked, too", async () => {
  const host = await fixture.world.createHost("self", new Map());
  await host.run({ words: ["ip", "-batch", "-"], input: ROUTES, wayOut: "" });
  const ask = async (...values: readonly unknown[]): Promise<readonly string[]> => {
    const script = `import(${JSON.stringify(MODULE)}).then(async (all) =>
      console.log([...(await all.findUnrouted(...${JSON.stringify(values)}))].join(" ")))`;
    const words = ["env", "-C", "/", process.execPath, "-e", script];
    return (await host.run({ words, wayOut: "" })).trim().split(" ");
  };
  const unrouted = ["2001:db8:dead::1", "203.0.113.1", "192.0.2.7", "2001:db9::1"];
  expect(await ask(ADDRESSES)).toEqual(unrouted);
  expect(await ask(ADDRESSES, 7)).toEqual(["192.0.2.1", ...unrouted]);
  expect(await ask([])).toEqual([""]);
});
