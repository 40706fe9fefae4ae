/** What a mesh wants measured, and what a host answers. */
import { printAddress } from "@warren/core";
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { loadWorkspace } from "../workspace.ts";
import type { Pair } from "./probing.ts";
import { pairsOf, printTargets, readMeasured } from "./probing.ts";

const MESH = `network: { name: k8s, addresses: [10.66.0.0/24], interface: wg0 }
sites:
  nanjing: { network: 172.16.0.0/24, gateways: [n1] }
nodes:
  n1: { site: nanjing, lan: 172.16.0.1, endpoint: 203.0.113.10 }
  n2: { site: nanjing, lan: 172.16.0.2, mtu: 1380 }
  s1: { endpoint: 203.0.113.20, underlayMtu: 1480 }
policy:
  - { from: [n1, n2], to: [n1, n2, s1] }
  - { from: [s1], to: [n1], ports: [tcp/22, icmp] }
  - { from: [s1], to: [n2], ports: [tcp/22] }
`;

test("pairsOf() knows of each pair who passes it on, who may ping, and how large a packet may be", () => {
  const lines = pairs(MESH).map((pair) => {
    const { source, target, from, to, isAllowed, via = "directly", endpoint = "-", mtu } = pair;
    const ends = `${printAddress(from)} ${printAddress(to)}`;
    return `${source} ${target} ${ends} ${isAllowed} ${via} ${endpoint} ${mtu}`;
  });
  expect(lines.join("\n")).toMatchInlineSnapshot(`
    "n1 n2 10.66.0.1 10.66.0.2 true directly 172.16.0.2:51820 1400
    n1 s1 10.66.0.1 10.66.0.3 true directly 203.0.113.20:51820 1400
    n2 n1 10.66.0.2 10.66.0.1 true directly 172.16.0.1:51820 1380
    n2 s1 10.66.0.2 10.66.0.3 true n1 172.16.0.1:51820 1380
    s1 n1 10.66.0.3 10.66.0.1 true directly 203.0.113.10:51820 1400
    s1 n2 10.66.0.3 10.66.0.2 false n1 203.0.113.10:51820 1400"
  `);
});

test("pairsOf() takes addresses of one family, and leaves out nodes that nothing joins", () => {
  const text = `network: { name: two, addresses: [10.0.0.0/24, "fd00::/64"] }
nodes:
  a: { address: ["fd00::a"], endpoint: a.example }
  b: {}
  c: {}
`;
  const found = pairs(text).map(({ source, target, from, to, isAllowed }) => {
    return `${source} ${target} ${printAddress(from)} ${printAddress(to)} ${isAllowed}`;
  });
  expect(found.join("\n")).toMatchInlineSnapshot(`
    "a b 10.0.0.1 10.0.0.2 true
    a c 10.0.0.1 10.0.0.3 true
    b a 10.0.0.2 10.0.0.1 true
    b c 10.0.0.2 10.0.0.3 false
    c a 10.0.0.3 10.0.0.1 true
    c b 10.0.0.3 10.0.0.2 false"
  `);
});

test("printTargets() has those come last whose tunnel the other side begins", () => {
  const own = pairs(MESH).filter(({ source }) => source === "n2");
  expect(printTargets(own).join("")).toMatchInlineSnapshot(`
    "n1 10.66.0.1 10.66.0.2 later
    s1 10.66.0.3 10.66.0.2 later
    "
  `);
  const of = (name: string): string =>
    printTargets(pairs(MESH).filter(({ source }) => source === name)).join("");
  expect(of("n1")).not.toContain("later");
  expect(of("s1").match(/later/g)).toHaveLength(2);
});

test("readMeasured() takes what fits to a pair, and no word more", () => {
  const own = pairs(MESH).filter(({ source }) => source === "n2");
  const key = own.find(({ target }) => target === "n1")?.publicKey ?? "";
  const measured = readMeasured(own, [
    ["ping", "n1 1.25"],
    ["mtu", "n1 1380"],
    ["ping", "s1 -"],
    ["mtu", "s1 1\u001B[2J"],
    ["ping", "elsewhere 4"],
    ["handshake", `${key} 17`],
    ["handshake", "another 1"],
    ["motd", "welcome"],
  ]);
  expect(
    measured.map(({ target, roundTripMs, pathMtu, handshakeSeconds }) => {
      return { target, roundTripMs, pathMtu, handshakeSeconds };
    }),
  ).toEqual([
    { target: "n1", roundTripMs: 1.25, pathMtu: 1380, handshakeSeconds: 17 },
    { target: "s1", roundTripMs: undefined, pathMtu: undefined, handshakeSeconds: undefined },
  ]);
});

function pairs(text: string): readonly Pair[] {
  const folder = new MeshFolder(text);
  const { plan, findings } = loadWorkspace(folder.at("warren.yaml"), {
    keys: "public",
  });
  if (plan === undefined) throw new Error(JSON.stringify(findings));
  return pairsOf(plan);
}
