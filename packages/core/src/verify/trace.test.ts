/** A packet's way in words: what holds, what fails, and why. */
import { printText } from "../phrase.ts";
import { expect, test } from "vitest";
import { findEnd, findExit, parseAddress, parsePortRange, Problem, trace } from "../mod.ts";
import type { Index, TraceEnd } from "../mod.ts";
import { sampleOf } from "../../../../tools/sample.ts";

const MESH = `
  network: { name: t, addresses: [10.0.0.0/24] }
  sites: { home: { network: 192.168.1.0/24 } }
  nodes:
    nas:    { site: home, lan: 192.168.1.2, subnets: [192.168.1.0/24] }
    tv:     { site: home, lan: 192.168.1.3 }
    server: { endpoint: server.example, firewall: "off", subnets: [192.168.9.0/24] }
    laptop: {}
`;

/** `source target` → a line a step. */
function story(source: string, target: string): string {
  const { index } = sampleOf(MESH);
  const ends = [source, target].map((text): TraceEnd => {
    const address = parseAddress(text);
    const end = address instanceof Problem ? undefined : findEnd(index, address);
    if (end === undefined) throw new Error(`nobody has ${text}`);
    return end;
  });
  const [from, to] = ends;
  if (from === undefined || to === undefined) throw new Error("a trace has two ends");
  const { steps, reaches } = trace(index, from, to);
  const lines = steps.map(
    ({ node, text, holds }) => `${holds ? "+" : "-"} ${node} ${printText(text)}`,
  );
  return [...lines, reaches ? "reaches" : "does not reach"].join("\n");
}

/** Two sites behind gateways, rules, an exit, and clients that enter by a gateway. */
const REGIONS = `
  network: { name: t, addresses: [10.66.0.0/16] }
  sites:
    east: { network: 172.16.1.0/24, addresses: 10.66.1.0/24, gateways: [e1], reach: [172.16.0.0/12] }
    west: { network: 172.16.2.0/24, addresses: 10.66.2.0/24, gateways: [w1] }
  links:
    - { between: [west, lone], path: deny }
  nodes:
    e1: { site: east, lan: 172.16.1.1, endpoint: 203.0.113.1, subnets: [0.0.0.0/0] }
    e2: { site: east, lan: 172.16.1.2, exit: e1 }
    w1: { site: west, lan: 172.16.2.1, endpoint: 203.0.113.2, subnets: [172.16.2.0/24] }
    w2: { site: west, lan: 172.16.2.2, tags: [db] }
    lone: { endpoint: 203.0.113.3 }
  clients:
    phone: { via: e1, access: [nodes] }
  groups: { ops: [phone, e2] }
  policy:
    - { from: ops, to: ["tag:db", 172.16.2.0/24], ports: [tcp/22, icmp] }
    - { from: e2, to: 0.0.0.0/0, ports: [tcp/443] }
`;

/** The way between two ends in a mesh of regions, a line a step; an end is a name or an address. */
function regional(source: string, target: string, port?: string): string {
  const { index } = sampleOf(REGIONS);
  const from = endOf(index, source);
  const to = endOf(index, target, from);
  const range = port === undefined ? undefined : parsePortRange(port);
  if (range instanceof Problem) throw new Error(String(range));
  const { steps, reaches } = trace(index, from, to, range);
  const lines = steps.map(
    ({ node, text, holds }) => `${holds ? "+" : "-"} ${node} ${printText(text)}`,
  );
  return [...lines, reaches ? "reaches" : "does not reach"].join("\n");
}

function endOf(index: Index, word: string, source?: TraceEnd): TraceEnd {
  const address = parseAddress(word);
  const known = [
    ...index.members.map(({ node, addresses }) => ({ name: node.name, addresses })),
    ...index.entries,
  ].find(({ name }) => name === word);
  const own = known?.addresses[0];
  if (known !== undefined && own !== undefined) return { name: known.name, address: own.address };
  if (address instanceof Problem) throw new Error(String(address));
  const end = findEnd(index, address) ?? (source && findExit(index, source.name, address));
  if (end === undefined) throw new Error(`nobody has ${word}`);
  return end;
}

test("trace() follows a packet over gateways, and names the rule that lets it in", () => {
  expect(regional("e2", "w2", "tcp/22")).toMatchInlineSnapshot(`
    "+ e2 10.66.2.0/24 is the longest match for 10.66.2.2: peer e1
    + e2 dials e1 at 172.16.1.1:51820
    + e1 takes it: 10.66.1.2/32 holds the sender's 10.66.1.2; answers go the same way
    + e1 passes it on: it carries what is for others
    + e1 10.66.2.0/24 is the longest match for 10.66.2.2: peer w1
    + e1 dials w1 at 203.0.113.2:51820
    + w1 takes it: 10.66.1.0/24 holds the sender's 10.66.1.2; answers go the same way
    + w1 passes it on: it carries what is for others
    + w1 10.66.2.2/32 is the longest match for 10.66.2.2: peer w2
    + w1 dials w2 at 172.16.2.2:51820
    + w2 takes it: 10.66.1.0/24 holds the sender's 10.66.1.2; answers go the same way
    + w2 policy[0] lets it in: tcp/22, icmp from ops to tag:db, 172.16.2.0/24
    reaches"
  `);
});

test("trace() says who drops what no rule lets in", () => {
  expect(regional("e2", "172.16.2.9", "tcp/80")).toMatchInlineSnapshot(`
    "+ e2 172.16.2.0/23 is the longest match for 172.16.2.9: peer e1
    + e2 dials e1 at 172.16.1.1:51820
    + e1 takes it: 10.66.1.2/32 holds the sender's 10.66.1.2; answers go the same way
    + e1 passes it on: it carries what is for others
    + e1 172.16.2.0/24 is the longest match for 172.16.2.9: peer w1
    + e1 dials w1 at 203.0.113.2:51820
    + w1 takes it: 10.66.1.0/24 holds the sender's 10.66.1.2; answers go the same way
    - w1 drops it: no rule of the policy lets 10.66.1.2 start tcp/80 to 172.16.2.9
    does not reach"
  `);
  expect(regional("w2", "e2")).toMatchInlineSnapshot(`
    "+ w2 10.66.1.0/24 is the longest match for 10.66.1.2: peer w1
    + w2 dials w1 at 172.16.2.1:51820
    + w1 takes it: 10.66.2.2/32 holds the sender's 10.66.2.2; answers go the same way
    + w1 passes it on: it carries what is for others
    + w1 10.66.1.0/24 is the longest match for 10.66.1.2: peer e1
    + w1 dials e1 at 203.0.113.1:51820
    + e1 takes it: 10.66.2.0/24 holds the sender's 10.66.2.2; answers go the same way
    + e1 passes it on: it carries what is for others
    + e1 10.66.1.2/32 is the longest match for 10.66.1.2: peer e2
    + e1 dials e2 at 172.16.1.2:51820
    + e2 takes it: 10.66.2.0/24 holds the sender's 10.66.2.2; answers go the same way
    - e2 drops it: no rule of the policy lets 10.66.2.2 start anything to 10.66.1.2
    does not reach"
  `);
});

test("trace() follows what goes to the internet, and knows who may", () => {
  expect(regional("e2", "8.8.8.8", "tcp/443")).toMatchInlineSnapshot(`
    "+ e2 0.0.0.0/0 is the longest match for 8.8.8.8: peer e1
    + e2 dials e1 at 172.16.1.1:51820
    + e1 takes it: 10.66.1.2/32 holds the sender's 10.66.1.2; answers go the same way
    + e1 policy[1] lets it in: tcp/443 from e2 to 0.0.0.0/0
    + e1 forwards to the internet with its own address, so that no route back is needed
    reaches"
  `);
  expect(regional("e2", "8.8.8.8", "udp/53")).toMatchInlineSnapshot(`
    "+ e2 0.0.0.0/0 is the longest match for 8.8.8.8: peer e1
    + e2 dials e1 at 172.16.1.1:51820
    + e1 takes it: 10.66.1.2/32 holds the sender's 10.66.1.2; answers go the same way
    - e1 drops it: no rule of the policy lets 10.66.1.2 start udp/53 to 8.8.8.8
    does not reach"
  `);
});

test("trace() follows a client, and holds it to its access", () => {
  expect(regional("phone", "w2", "icmp")).toMatchInlineSnapshot(`
    "+ phone 10.66.0.0/16 is the longest match for 10.66.2.2: peer e1
    + phone dials e1 at 203.0.113.1:51820, and keeps the way open every 25 s, since e1 cannot dial back
    + e1 takes it: 10.66.1.3/32 holds the sender's 10.66.1.3; answers go the same way
    + e1 passes it on: it carries what is for others
    + e1 10.66.2.0/24 is the longest match for 10.66.2.2: peer w1
    + e1 dials w1 at 203.0.113.2:51820
    + w1 takes it: 10.66.1.0/24 holds the sender's 10.66.1.3; answers go the same way
    + w1 passes it on: it carries what is for others
    + w1 10.66.2.2/32 is the longest match for 10.66.2.2: peer w2
    + w1 dials w2 at 172.16.2.2:51820
    + w2 takes it: 10.66.1.0/24 holds the sender's 10.66.1.3; answers go the same way
    + w2 policy[0] lets it in: tcp/22, icmp from ops to tag:db, 172.16.2.0/24
    reaches"
  `);
  expect(regional("phone", "172.16.2.9", "icmp")).toMatchInlineSnapshot(`
    "- phone has no tunnel to w1, which has 172.16.2.9: what phone may reach does not cover it
    does not reach"
  `);
});

test("trace() says that a link denies, or that the policy lets nothing pass", () => {
  expect(regional("w2", "lone")).toMatchInlineSnapshot(`
    "- w2 has no tunnel to lone, which has 10.66.0.1: a link denies all between the two
    does not reach"
  `);
  expect(regional("e1", "lone")).toMatchInlineSnapshot(`
    "+ e1 10.66.0.1/32 is the longest match for 10.66.0.1: peer lone
    + e1 dials lone at 203.0.113.3:51820
    + lone takes it: 10.66.1.0/24 holds the sender's 10.66.1.1; answers go the same way
    - lone drops it: no rule of the policy lets 10.66.1.1 start anything to 10.66.0.1
    does not reach"
  `);
});

test("trace() follows a packet from a machine to a machine", () => {
  expect(story("192.168.1.77", "192.168.9.5")).toMatchInlineSnapshot(`
    "+ nas takes 192.168.1.77 from behind it and forwards
    + nas 192.168.9.0/24 is the longest match for 192.168.9.5: peer server
    + nas dials server at server.example:51820, and keeps the way open every 25 s, since server cannot dial back
    + server takes it: 192.168.1.0/24 holds the sender's 192.168.1.77; answers go the same way
    + server forwards to 192.168.9.0/24 as it is: machines there need a route back
    reaches"
  `);
});

test("trace() says that a site's own network needs no tunnel", () => {
  expect(story("10.0.0.4", "192.168.1.2")).toMatchInlineSnapshot(`
    "+ tv reaches 192.168.1.2 directly, in the network 192.168.1.0/24 of their site
    reaches"
  `);
});

test("trace() says why there is no tunnel", () => {
  expect(story("10.0.0.1", "10.0.0.2")).toMatchInlineSnapshot(`
    "- laptop has no tunnel to nas, which has 10.0.0.2: neither can dial the other, give laptop or nas an endpoint
    does not reach"
  `);
});

test("trace() knows that an address is the node's own", () => {
  expect(story("10.0.0.3", "10.0.0.3")).toMatchInlineSnapshot(`
    "+ server has 10.0.0.3 itself: no tunnel is used
    reaches"
  `);
});

test("trace() knows that an address is behind the node itself", () => {
  expect(story("10.0.0.3", "192.168.9.5")).toMatchInlineSnapshot(`
    "+ server reaches 192.168.9.5 behind it: no tunnel is used
    reaches"
  `);
});

test("findEnd() knows nobody for an address that nobody owns", () => {
  const address = parseAddress("10.0.0.99");
  if (address instanceof Problem) throw new Error(String(address));
  expect(findEnd(sampleOf(MESH).index, address)).toBeUndefined();
});
