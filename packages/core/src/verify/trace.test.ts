/** A packet's way in words: what holds, what fails, and why. */
import { expect, test } from "vitest";
import { findEnd, parseAddress, Problem, trace } from "../mod.ts";
import type { TraceEnd } from "../mod.ts";
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
  const lines = steps.map(({ node, text, holds }) => `${holds ? "+" : "-"} ${node} ${text}`);
  return [...lines, reaches ? "reaches" : "does not reach"].join("\n");
}

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
  if (address instanceof Problem) throw new Error(address.message);
  expect(findEnd(sampleOf(MESH).index, address)).toBeUndefined();
});
