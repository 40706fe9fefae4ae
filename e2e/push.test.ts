/** warren push on real machines: real ssh, real systemd, real WireGuard. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pingDuring, type PingCount } from "./steady-pings.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems, type DrawnSystem, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const WARREN = join(import.meta.dirname, "../warren");

function at(address: string, system?: DrawnSystem["system"]): DrawnSystem {
  const port = { ports: { net: { addresses: [address] } } };
  return system === undefined ? port : { ...port, system };
}

const hosts = {
  desk: at("203.0.113.100/24"),
  a: at("203.0.113.1/24", {}),
  b: at("203.0.113.2/24", { user: "op" }),
  c: at("203.0.113.3/24", {}),
  d: at("203.0.113.4/24", {}),
};

const MESH = `
network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a, subnets: [192.168.10.0/24] }
  b: { endpoint: 203.0.113.2, ssh: b }
  c: { endpoint: 203.0.113.3, ssh: c }
`;

function prepare(mesh: string): string {
  const folder = join(ground.folder.path, "mesh");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "warren.yaml"), mesh);
  return folder;
}

async function warren(lab: Systems, folder: string, ...words: readonly string[]) {
  return await lab.desk.attempt({
    words: [
      "env",
      "HOME=/root",
      "sh",
      "-c",
      'cd "$1" && shift && exec "$@"',
      "sh",
      folder,
      WARREN,
      ...words,
    ],
    wayOut: "",
  });
}

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

async function pushed(lab: Systems, folder: string, ...words: readonly string[]): Promise<string> {
  const { status, output, errors } = await warren(lab, folder, "push", ...words);
  expect({ status, errors }).toEqual({ status: 0, errors: "" });
  return output;
}

test("push brings a mesh to bare hosts, changes it under traffic, and takes it off again", async () => {
  const lab = await createSystems(ground, { hosts });
  const names = ["a", "b", "c", "d"] as const;
  const before = await Promise.all(names.map((name) => readSnapshot(lab.machine(name))));
  const folder = prepare(MESH);
  const mesh = (from: string, to: string): void => {
    const file = join(folder, "warren.yaml");
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
  };
  expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
    "a  5 changes: started, files, start at boot
    b  4 changes: started, files, start at boot
    c  4 changes: started, files, start at boot
    "
  `);
  expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    "
  `);
  const all = await pinging(lab, ["a", "b", "c"], async () => {
    mesh("  c:", "  d: { endpoint: 203.0.113.4, ssh: d }\n  c:");
    expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
      "a  2 changes: peers, files
      b  2 changes: peers, files
      c  2 changes: peers, files
      d  4 changes: started, files, start at boot
      "
    `);
    mesh("192.168.10.0/24", "192.168.11.0/24");
    expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
      "a  2 changes: rules, files
      b  5 changes: peers, routes, files
      c  5 changes: peers, routes, files
      d  5 changes: peers, routes, files
      "
    `);
  });
  expect(all.flatMap(({ lost }) => lost)).toEqual([]);
  const rest = await pinging(lab, ["a", "b", "c"], async () => {
    expect((await warren(lab, folder, "keys", "rotate", "d")).status).toBe(0);
    expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
      "a  3 changes: peers, files
      b  3 changes: peers, files
      c  3 changes: peers, files
      d  6 changes: its key, peers, files
      "
    `);
    expect(
      await lab.machine("a").run({ words: ["ping", "-c1", "-w6", "10.0.0.4"], wayOut: "" }),
    ).toContain("ttl=64");
    expect(await pushed(lab, folder, "--remove", "d")).toMatchInlineSnapshot(`
      "d  5 changes: stopped, files, start at boot
      "
    `);
    mesh("  d: { endpoint: 203.0.113.4, ssh: d }\n", "");
    expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
      "a  2 changes: peers, files
      b  2 changes: peers, files
      c  2 changes: peers, files
      "
    `);
  });
  expect(rest.flatMap(({ lost }) => lost)).toEqual([]);
  expect(await readSnapshot(lab.machine("d"))).toEqual(before[3]);
  await Promise.all((["a", "b", "c"] as const).map((name) => lab.machine(name).reboot()));
  expect(await pushed(lab, folder)).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    "
  `);
  await pinging(lab, ["a", "b", "c"], async () => undefined);
  expect(await pushed(lab, folder, "--remove")).toMatchInlineSnapshot(`
    "a  6 changes: stopped, files, start at boot
    b  5 changes: stopped, files, start at boot
    c  5 changes: stopped, files, start at boot
    "
  `);
  const after = await Promise.all(names.map((name) => readSnapshot(lab.machine(name))));
  expect(after).toEqual(before);
  expect(await pushed(lab, folder, "--remove")).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    c  as it is to be
    "
  `);
});
