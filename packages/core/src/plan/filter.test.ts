/** What a node lets out of its tunnel, against brute force over the document. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { compile, Diagnostics, parseAddress, Problem, verify } from "../mod.ts";
import type { Address, Device, Filter, PortRange, Prefix } from "../mod.ts";
import { isLetOut, isOwned, isPermitted } from "../../../../tools/policy-oracle.ts";
import type { Packet, Way } from "../../../../tools/policy-oracle.ts";
import {
  clientAddresses,
  indexOfPolicy,
  policyDocuments,
} from "../../../../tools/random-policy.ts";
import type { PolicyDocument } from "../../../../tools/random-policy.ts";
import { runs } from "../../../../tools/runs.ts";
import { chainsOf, familiesOf } from "../render/chains.ts";
import type { Chain, ChainRule } from "../render/chains.ts";
import { mayTalk, profileOf } from "./policy.ts";

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2", "fd00::3"].concat(
  ["c0", "c1"].flatMap((client) =>
    ["n0", "n1", "n2"].flatMap((via) => clientAddresses(client, via)),
  ),
  ["192.168.0.7", "192.168.1.7", "192.168.1.200", "192.168.2.7", "8.8.8.8", "203.0.113.1"],
  ["fd01::7", "fd01:0:0:1::80", "fd01:0:0:1::81", "fd01:0:0:2::7", "2001:db8::1", "2001:db9::1"],
);
const PORTS = [
  { protocol: "tcp", port: 22 },
  { protocol: "tcp", port: 80 },
  { protocol: "tcp", port: 81 },
  { protocol: "udp", port: 53 },
  { protocol: "udp", port: 54 },
  { protocol: "icmp", port: 0 },
  { protocol: "gre", port: 0 },
] as const;
const WAYS: readonly Way[] = ["input", "back", "elsewhere"];

test("filterOf() and chainsOf() let out what the document says", () => {
  fc.assert(
    fc.property(policyDocuments(), fc.infiniteStream(fc.nat()), (document, numbers) => {
      const { mesh, lock, index } = indexOfPolicy(document);
      const devices = [...compile(index)];
      // Clients filter nothing.
      const nodes = devices.filter(({ name }) => index.byName.has(name));
      const wrong = nodes.flatMap((device) => {
        const chains = new Map(chainsOf(device).map((chain) => [chain.name, chain]));
        const packets = samplePackets(document, device.name, numbers);
        return packets.flatMap((packet) =>
          WAYS.flatMap((way) => {
            const expected = isLetOut(document, device.name, packet, way);
            const answers = [judge(device, packet, way), walk(chains, packet, way)];
            const isRight = answers.every((each) => each === expected);
            return isRight ? [] : [{ name: device.name, packet, way, expected, answers }];
          }),
        );
      });
      expect(wrong).toEqual([]);
      const diagnostics = new Diagnostics();
      verify(mesh, lock, devices, diagnostics);
      expect(diagnostics.list.filter(({ code }) => code === "filter-differs")).toEqual([]);
    }),
    runs(40, 250),
  );
});

test("mayTalk() knows who may start towards whom, alike for all of one profile", () => {
  fc.assert(
    fc.property(policyDocuments(), (document) => {
      const { policy, members } = indexOfPolicy(document).index;
      if (policy === undefined) return;
      const pairs = members.flatMap((one) => members.map((other) => [one, other] as const));
      const answers = new Map<string, boolean>();
      for (const [one, other] of pairs.filter(([one, other]) => one !== other)) {
        const expected = isTalking(document, one.node.name, other.node.name);
        const profiles = `${profileOf(policy, one)} ${profileOf(policy, other)}`;
        expect([one.node.name, other.node.name, mayTalk(policy, one, other)]).toEqual([
          one.node.name,
          other.node.name,
          answers.get(profiles) ?? expected,
        ]);
        answers.set(profiles, expected);
      }
    }),
    runs(40, 250),
  );
});

test("mayTalk() tells who uses an exit from who does not", () => {
  const node = { endpoint: "198.51.100.1", subnets: [], tags: ["x"], relay: false };
  const { policy, members } = indexOfPolicy({
    network: { name: "n", addresses: ["10.0.0.0/24"] },
    sites: {},
    nodes: {
      n0: { ...node, address: ["10.0.0.1"], tags: [], subnets: ["0.0.0.0/0"] },
      n1: { ...node, address: ["10.0.0.2"], endpoint: "198.51.100.2", exit: "n0" },
      n2: { ...node, address: ["10.0.0.3"], endpoint: "198.51.100.3" },
      n3: { ...node, address: ["10.0.0.4"], endpoint: "198.51.100.4", tags: [] },
    },
    clients: {},
    groups: {},
    policy: [{ from: ["tag:x"], to: ["8.0.0.0/8"], ports: [] }],
  }).index;
  const [exit, user, other, bystander] = members;
  if (!policy || !exit || !user || !other || !bystander) throw new Error("no members");
  expect(mayTalk(policy, user, exit)).toBe(true);
  expect(mayTalk(policy, other, exit)).toBe(false);
  expect(mayTalk(policy, user, bystander)).toBe(false);
  const profiles = [exit, user, other, bystander].map((member) => profileOf(policy, member));
  expect(new Set(profiles).size).toBe(4);
});

/** Some of all packets; most are for the node, since of the others little is to be said. */
function samplePackets(
  document: PolicyDocument,
  name: string,
  numbers: Iterable<number>,
): readonly Packet[] {
  const draw = numbers[Symbol.iterator]();
  const pick = <T>(list: readonly T[]): T | undefined =>
    list[Number(draw.next().value) % Math.max(list.length, 1)];
  const own = ADDRESSES.filter((address) => isOwned(document, name, address));
  return Array.from({ length: 30 }, (_, at) => {
    const to = pick(at % 3 === 0 ? ADDRESSES : own) ?? "8.8.8.8";
    const isSame = (address: string): boolean => address.includes(":") === to.includes(":");
    const from = pick(ADDRESSES.filter(isSame)) ?? "8.8.8.8";
    return { from, to, ...(pick(PORTS) ?? PORTS[0]) };
  });
}

/** Whether any of all flows between two nodes' things is permitted, or to nobody's through an exit. */
function isTalking(document: PolicyDocument, one: string, other: string): boolean {
  const owned = (name: string): readonly string[] =>
    ADDRESSES.filter((address) => isOwned(document, name, address));
  const nobodys = ADDRESSES.filter(
    (address) =>
      !document.network.addresses.some((range) => range.startsWith(address.slice(0, 6))) &&
      !Object.keys(document.nodes).some((name) => isOwned(document, name, address)),
  );
  const starts = (source: string, target: string): boolean => {
    const exits = document.nodes[source]?.exit === target ? nobodys : [];
    const offered = (to: string): boolean =>
      document.nodes[target]?.subnets.includes(to.includes(":") ? "::/0" : "0.0.0.0/0") === true;
    const targets = [...owned(target), ...exits.filter(offered)];
    return owned(source).some((from) =>
      targets.some((to) => PORTS.some((port) => isFlow(document, { from, to, ...port }))),
    );
  };
  return starts(one, other) || starts(other, one);
}

function isFlow(document: PolicyDocument, packet: Packet): boolean {
  const isSame = packet.from.includes(":") === packet.to.includes(":");
  return isSame && isPermitted(document, packet);
}

/** The contract of a Filter, word by word. */
function judge({ filter, subnets }: Device, packet: Packet, way: Way): boolean {
  const { carries, clients, confined, exitUsers } = filter;
  const [from, to] = [addressOf(packet.from), addressOf(packet.to)];
  if (confined.some((each) => has(each.from, from) && !has(each.to, to))) return false;
  const isPermittedHere = matchesPermit(filter, packet);
  if (way === "input") return isPermittedHere;
  if (way === "back") {
    return has(clients, to) ? isPermittedHere : carries || has(clients, from);
  }
  const ranges = subnets.map(({ prefix }) => prefix);
  if (
    has(
      ranges.filter(({ length }) => length > 0),
      to,
    )
  )
    return isPermittedHere;
  return has(ranges, to) && has(exitUsers, from) && isPermittedHere;
}

function matchesPermit({ permits }: Filter, packet: Packet): boolean {
  if (permits === undefined) return true;
  return permits.some(
    ({ from, to, ports }) =>
      has(from, addressOf(packet.from)) &&
      has(to, addressOf(packet.to)) &&
      (ports.length === 0 || isPort(ports, packet)),
  );
}

/** Walks a packet through the chains as a kernel would. */
function walk(chains: ReadonlyMap<string, Chain>, packet: Packet, way: Way): boolean {
  const run = (name: string): boolean | undefined => {
    for (const rule of chains.get(name)?.rules ?? []) {
      if (!isMatching(rule, packet, way)) continue;
      const { verdict } = rule;
      if (verdict === "return") return undefined;
      if (typeof verdict === "string") return verdict === "accept";
      if ("goto" in verdict) return run(verdict.goto) ?? true;
      const end = run(verdict.jump);
      if (end !== undefined) return end;
    }
    return undefined;
  };
  return run(way === "input" ? "input" : "forward") ?? true;
}

function isMatching(rule: ChainRule, packet: Packet, way: Way): boolean {
  const [from, to] = [addressOf(packet.from), addressOf(packet.to)];
  return (
    (rule.isBack !== true || way === "back") &&
    familiesOf(rule).includes(from.family) &&
    (rule.from === undefined || has(rule.from, from)) &&
    (rule.to === undefined || has(rule.to, to)) &&
    (rule.ports === undefined || isPort(rule.ports, packet))
  );
}

function isPort(ports: readonly PortRange[], { protocol, port }: Packet): boolean {
  return ports.some(
    (range) => range.protocol === protocol && range.first <= port && port <= range.last,
  );
}

function has(prefixes: readonly Prefix[], address: Address): boolean {
  return prefixes.some(({ family, bits, length }) => {
    const rest = BigInt((family === 4 ? 32 : 128) - length);
    return family === address.family && bits >> rest === address.bits >> rest;
  });
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address instanceof Problem) throw new Error(String(address));
  return address;
}
