/** Two regions behind gateways, as real WireGuard: traffic inside a region is free, and nothing is forged. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { Host } from "../lab/world.ts";
import { expectAnswers, findReached, startServers, transfer } from "./questions.ts";
import { renderPlan } from "./rendered-mesh.ts";
import { createUnderlay } from "./underlay.ts";
import type { Drawing, Port, Underlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";

const EXAMPLE = join(import.meta.dirname, "../examples/regions.yaml");
/** 172.16.0.0/12 − 172.16.0.0/24, as it was published by those who worked it out by hand. */
const REST =
  "172.16.1.0/24 172.16.2.0/23 172.16.4.0/22 172.16.8.0/21 172.16.16.0/20 172.16.32.0/19 172.16.64.0/18 172.16.128.0/17 172.17.0.0/16 172.18.0.0/15 172.20.0.0/14 172.24.0.0/13";
const MESH = { n1: "10.66.0.1", n2: "10.66.0.2", n3: "10.66.0.3", s1: "10.66.128.1" };
/** In Shanghai's network, without WireGuard. */
const MACHINE = "172.16.128.10";
/** Nobody in the mesh has it; but the provider in Nanjing does. */
const UNKNOWN = "172.20.0.1";
const INTERNET = "198.51.100.1";
const MEGABYTE = 1_000_000;

const fixture = useWorld();
let underlay: Underlay;

beforeEach(async () => {
  const files = join(fixture.folder.path, "mesh");
  mkdirSync(files);
  const { hosts } = await renderPlan(EXAMPLE, join(files, "out"));
  const folders = new Map(hosts.map(({ name, folder }) => [name, folder]));
  underlay = await createUnderlay(fixture, draw(folders));
  await Promise.all(Object.keys(MESH).map((name) => print(host(name), "wg-quick", "up", "wg0")));
});

test("all nodes and the machine are reached, over UDP 51820 and with nobody else's address", async () => {
  const targets = Object.values(MESH).map((address) => `icmp ${address}`);
  for (const [name, own] of Object.entries(MESH)) {
    const others = targets.filter((target) => target !== `icmp ${own}`);
    await expectAnswers(host(name), others);
  }
  await startServers(host("machine"), "tcp/80");
  for (const name of ["n1", "n2", "n3"]) {
    await expectAnswers(host(name), [`icmp ${MACHINE}`, `tcp/80 ${MACHINE}`]);
  }
  expect(await underlay.counts()).toEqual({ forged: 0, strays: 0, unknowns: 0 });
  await provokeGuards();
});

test("n2's list for n1 is n1, Shanghai's block, and the rest of the range without its own network", async () => {
  const n2 = host("n2");
  const lines = (await print(n2, "wg", "show", "wg0", "allowed-ips")).trimEnd().split("\n");
  const lists = await Promise.all(
    ["n1", "n3"].map(async (name) => {
      const key = (await print(host(name), "wg", "show", "wg0", "public-key")).trimEnd();
      return [name, lines.find((line) => line.startsWith(key))?.split("\t")[1]];
    }),
  );
  expect(lines).toHaveLength(2);
  expect(lists).toEqual([
    ["n1", `10.66.0.1/32 10.66.128.0/24 ${REST}`],
    ["n3", "10.66.0.3/32"],
  ]);
});

test("what nobody owns dies at the gateway, whose own traffic is untouched", async () => {
  const [n1, n2] = [host("n1"), host("n2")];
  expect(await print(n2, "ip", "route", "get", UNKNOWN)).toContain("dev wg0");
  await expectAnswers(n2, [`icmp ${MESH.n1}`]);
  const received = await bytesReceived(n1);
  const unowned = ["10.66.128.99", "172.16.1.1", "172.31.0.1", UNKNOWN].map((it) => `icmp ${it}`);
  expect(await findReached(n2, unowned)).toEqual([]);
  // They did come as far as n1, and no further: a ping has 128 bytes in a tunnel.
  expect(await bytesReceived(n1)).toBeGreaterThan(received + unowned.length * 128);
  expect(await underlay.counts()).toEqual({ forged: 0, strays: 0, unknowns: 0 });
  await expectAnswers(n1, [`icmp ${UNKNOWN}`, `icmp ${INTERNET}`]);
  expect((await underlay.counts())["unknowns"]).toBeGreaterThan(0);
  expect(await findReached(n2, [`icmp ${INTERNET}`])).toEqual([]);
});

test("100 MB inside a region put nothing on the public link; what is for the other region is there", async () => {
  const [n1, n2, s1] = [host("n1"), host("n2"), host("s1")];
  await Promise.all([startServers(n1, "tcp/5201"), startServers(s1, "tcp/5201")]);
  // Afterwards all handshakes are done that the transfers need.
  await expectAnswers(n2, [`icmp ${MESH.n1}`, `icmp ${MESH.s1}`]);
  const before = await underlay.bytesAt("n1", "public");
  expect(await transfer(n2, `tcp/5201 ${MESH.n1}`, 100 * MEGABYTE)).toBe(100 * MEGABYTE);
  const between = await underlay.bytesAt("n1", "public");
  expect(between - before).toBeLessThan(1000);
  expect(await transfer(n2, `tcp/5201 ${MESH.s1}`, MEGABYTE)).toBe(MEGABYTE);
  expect((await underlay.bytesAt("n1", "public")) - between).toBeGreaterThan(MEGABYTE);
  expect(await underlay.counts()).toEqual({ forged: 0, strays: 0, unknowns: 0 });
});

/** Shows that the provider's guards count: each is given one packet that it must not let pass. */
async function provokeGuards(): Promise<void> {
  const [n1, n2] = [host("n1"), host("n2")];
  await print(n2, "ip", "address", "add", "192.0.2.1/32", "dev", "lo");
  await n2.attempt({
    words: ["ping", "-c", "1", "-W", "1", "-I", "192.0.2.1", "172.16.0.1"],
    wayOut: "",
  });
  expect(await findReached(n1, ["icmp 203.0.113.20"])).toEqual([]);
  const { forged = 0, strays = 0 } = await underlay.counts();
  expect([forged > 0, strays > 0]).toEqual([true, true]);
}

/**
 * Each region is a private network with a router of the provider's, which knows more of 172.16.0.0/12;
 * the gateways have a port in a public network, too. n2 and n3 have no way out of theirs.
 */
function draw(folders: ReadonlyMap<string, string>): Drawing {
  const node = (name: string) => {
    const folder = folders.get(name);
    return folder === undefined ? {} : { folder };
  };
  const counted = [
    `ip daddr ${UNKNOWN} counter name unknowns`,
    "ip daddr 172.31.0.1 counter name unknowns",
  ];
  const lan = (address: string): Port => ({ addresses: [`${address}/24`], rules: counted });
  // Between the sites nothing passes but the tunnels' port.
  const edge = [
    "ip daddr 203.0.113.0/24 meta l4proto != udp counter name strays drop",
    "ip daddr 203.0.113.0/24 udp dport != 51820 counter name strays drop",
  ];
  const open = (address: string): Port => ({
    addresses: [`${address}/24`],
    rules: [...counted, ...edge],
  });
  const out = "default via 203.0.113.1";
  const rest = "172.16.0.0/12 via 172.16.0.254";
  return {
    counters: ["strays", "unknowns"],
    hosts: {
      n1: {
        ...node("n1"),
        ports: { nanjing: lan("172.16.0.1"), public: open("203.0.113.10") },
        routes: [rest, out],
      },
      n2: {
        ...node("n2"),
        ports: { nanjing: lan("172.16.0.2") },
        routes: ["default via 172.16.0.254"],
      },
      n3: {
        ...node("n3"),
        ports: { nanjing: lan("172.16.0.3") },
        routes: ["default via 172.16.0.254"],
      },
      s1: {
        ...node("s1"),
        ports: { shanghai: lan("172.16.128.1"), public: open("203.0.113.20") },
        routes: [out],
      },
      machine: { ports: { shanghai: lan(MACHINE) }, routes: ["default via 172.16.128.254"] },
      provider: {
        router: "",
        ports: {
          nanjing: { addresses: ["172.16.0.254/24"] },
          lo: { addresses: [`${UNKNOWN}/32`] },
        },
      },
      internet: {
        router: "",
        ports: { public: { addresses: ["203.0.113.1/24"] }, lo: { addresses: [`${INTERNET}/32`] } },
      },
    },
  };
}

function host(name: string): Host {
  return underlay.host(name);
}

/** Through its tunnels. */
async function bytesReceived(from: Host): Promise<number> {
  const lines = (await print(from, "wg", "show", "wg0", "transfer")).trimEnd().split("\n");
  return lines.reduce((sum, line) => sum + Number(line.split("\t")[1]), 0);
}

function print(from: Host, ...words: readonly string[]): Promise<string> {
  return from.run({ words, wayOut: "look at the host" });
}
