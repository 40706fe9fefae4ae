/** A mesh with everything that compiles, as real WireGuard: both families, two ranges, a node that only dials. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClouds } from "../lab/clouds.ts";
import type { Cloud } from "../lab/clouds.ts";
import { pingAll, shakeHands } from "../lab/pings.ts";
import type { Host } from "../lab/world.ts";
import { bringDown, bringUp, renderPlan, WIREGUARD } from "./rendered-mesh.ts";
import { useWorld } from "./world-fixture.ts";

const MESH = `
network: { name: dual, addresses: [10.66.0.0/24, 10.67.0.0/24, "fd00:66::/64"] }
nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24], relay: true }
  b: { endpoint: "b.example:443", listenPort: 443, subnets: [192.168.20.0/24], firewall: iptables }
  c: { address: 10.67.0.9, mtu: 1280 }
`;

const fixture = useWorld();

test("all nodes and machines reach each other, in both families, through both ranges", async () => {
  const clouds = await createMesh();
  const pings = await pingAll(clouds);
  expect(pings.length).toBe(20);
  expect(pings.filter(({ roundTripMs }) => roundTripMs === undefined)).toEqual([]);
  const [a, b, c] = clouds.map(({ host }) => host);
  expect(await reaches(a, "fd00:66::2")).toBe(true);
  expect(await reaches(c, "fd00:66::1")).toBe(true);
  expect(await reaches(b, "10.67.0.9")).toBe(true);
  // What nobody has in the mesh's ranges dies in the tunnel's interface.
  for (const unknown of ["10.66.0.99", "10.67.0.99", "fd00:66::99"]) {
    expect(await print(a, "ip", "route", "get", unknown)).toContain("dev warren0");
  }
  // Who forwards IPv6 goes on taking routes from its router's advertisements.
  const taken = "/proc/sys/net/ipv6/conf/default/accept_ra";
  expect([await print(a, "cat", taken), await print(c, "cat", taken)]).toEqual(["2\n", "1\n"]);
});

test("a tunnel goes down although somebody flushed all rules, and up again with them", async () => {
  const clouds = await createMesh();
  const [first, second] = clouds;
  expect(await print(second?.host, "iptables-save")).toContain("MASQUERADE");
  if (second !== undefined) await bringDown(second);
  expect(await print(second?.host, "iptables-save")).not.toContain("warren");
  await print(first?.host, "nft", "flush", "ruleset");
  if (first !== undefined) await bringDown(first);
  expect(await print(first?.host, "ip", "-br", "link")).not.toContain("warren0");
  expect(await print(first?.host, "nft", "list", "ruleset")).toBe("");
  if (first !== undefined) await bringUp(first);
  expect(await print(first?.host, "nft", "list", "ruleset")).toContain("masquerade");
});

async function createMesh(): Promise<readonly Cloud[]> {
  const file = join(fixture.folder.path, "dual.yaml");
  writeFileSync(file, MESH);
  const lab = join(fixture.folder.path, "lab");
  mkdirSync(lab);
  const { hosts } = await renderPlan(file, join(lab, "out"));
  const clouds = await createClouds(fixture.world, hosts, { folder: lab, place: WIREGUARD });
  await Promise.all(clouds.map(bringUp));
  await shakeHands(clouds);
  return clouds;
}

async function reaches(host: Host | undefined, address: string): Promise<boolean> {
  const words = ["ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", address];
  const outcome = await host?.attempt({ words, wayOut: "look at the tunnel" });
  return outcome?.status === 0;
}

async function print(host: Host | undefined, ...words: readonly string[]): Promise<string> {
  return (await host?.run({ words, wayOut: "look at the host" })) ?? "";
}
