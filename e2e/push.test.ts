/** warren push on real machines: real ssh, real systemd, real WireGuard. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PushDesk, at } from "./push-desk.ts";
import { pingDuring, type PingCount } from "./steady-pings.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const hosts = {
  desk: at("203.0.113.100"),
  a: at("203.0.113.1", {}),
  b: at("203.0.113.2", { user: "op" }),
  c: at("203.0.113.3", {}),
  d: at("203.0.113.4", {}),
};

const MESH = `
network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a, subnets: [192.168.10.0/24] }
  b: { endpoint: 203.0.113.2, ssh: b }
  c: { endpoint: 203.0.113.3, ssh: c }
`;

const ADDRESSES = { a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3", d: "10.0.0.4" } as const;
type NodeName = keyof typeof ADDRESSES;

/** Pings between these nodes' mesh addresses, each to each, while something is pushed. */
async function pinging(
  lab: Systems,
  names: readonly NodeName[],
  work: () => Promise<void>,
): Promise<readonly PingCount[]> {
  const pairs = names.flatMap((source) =>
    names
      .filter((target) => target !== source)
      .map((target) => ({ source: lab.machine(source), target: ADDRESSES[target] })),
  );
  return await pingDuring(pairs, work);
}

test("push brings a mesh to bare hosts, changes it under traffic, and takes it off again", async () => {
  const lab = await createSystems(ground, { hosts });
  const names = ["a", "b", "c", "d"] as const;
  const before = await Promise.all(names.map((name) => readSnapshot(lab.machine(name))));
  const desk = new PushDesk(ground, lab, MESH);
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  5 changes: started, files, start at boot
    b  4 changes: started, files, start at boot
    c  4 changes: started, files, start at boot
    6 of 6 pairs reach each other
    "
  `);
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    6 of 6 pairs reach each other
    "
  `);
  const all = await pinging(lab, ["a", "b", "c"], async () => {
    desk.change("  c:", "  d: { endpoint: 203.0.113.4, ssh: d }\n  c:");
    expect(await desk.pushed()).toMatchInlineSnapshot(`
      "a  2 changes: peers, files
      b  2 changes: peers, files
      c  2 changes: peers, files
      d  4 changes: started, files, start at boot
      12 of 12 pairs reach each other
      "
    `);
    desk.change("192.168.10.0/24", "192.168.11.0/24");
    expect(await desk.pushed()).toMatchInlineSnapshot(`
      "a  2 changes: rules, files
      b  5 changes: peers, routes, files
      c  5 changes: peers, routes, files
      d  5 changes: peers, routes, files
      12 of 12 pairs reach each other
      "
    `);
  });
  expect(all.flatMap(({ lost }) => lost)).toEqual([]);
  const rest = await pinging(lab, ["a", "b", "c"], async () => {
    expect((await desk.warren("keys", "rotate", "d")).status).toBe(0);
    expect(await desk.pushed()).toMatchInlineSnapshot(`
      "a  3 changes: peers, files
      b  3 changes: peers, files
      c  3 changes: peers, files
      d  6 changes: its key, peers, files
      12 of 12 pairs reach each other
      "
    `);
    expect(
      await lab.machine("a").run({ words: ["ping", "-c1", "-w6", "10.0.0.4"], wayOut: "" }),
    ).toContain("ttl=64");
    expect(await desk.pushed("--remove", "d")).toMatchInlineSnapshot(`
      "d  5 changes: stopped, files, start at boot
      the others hear of it when they are served, too: warren push
      "
    `);
    desk.change("  d: { endpoint: 203.0.113.4, ssh: d }\n", "");
    expect(await desk.pushed("--dry-run", "a")).toContain("remove peer d\n");
    expect(await desk.pushed()).toMatchInlineSnapshot(`
      "a  2 changes: peers, files
      b  2 changes: peers, files
      c  2 changes: peers, files
      6 of 6 pairs reach each other
      "
    `);
  });
  expect(rest.flatMap(({ lost }) => lost)).toEqual([]);
  expect(await readSnapshot(lab.machine("d"))).toEqual(before[3]);
  await Promise.all((["a", "b", "c"] as const).map((name) => lab.machine(name).reboot()));
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    6 of 6 pairs reach each other
    "
  `);
  await pinging(lab, ["a", "b", "c"], async () => undefined);
  const lock = readFileSync(join(desk.folder, "warren.lock"), "utf8");
  expect(await desk.pushed("--remove", "--all")).toMatchInlineSnapshot(`
    "a  6 changes: stopped, files, start at boot
    b  5 changes: stopped, files, start at boot
    c  5 changes: stopped, files, start at boot
    "
  `);
  // As when the last push was killed before it could write that their keys are gone.
  writeFileSync(join(desk.folder, "warren.lock"), lock);
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  5 changes: started, files, start at boot
    b  4 changes: started, files, start at boot
    c  4 changes: started, files, start at boot
    6 of 6 pairs reach each other
    "
  `);
  await desk.pushed("--remove", "--all");
  const after = await Promise.all(names.map((name) => readSnapshot(lab.machine(name))));
  expect(after).toEqual(before);
  expect(await desk.pushed("--remove", "--all")).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    "
  `);
});
