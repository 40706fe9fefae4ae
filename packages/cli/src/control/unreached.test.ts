/** Why two nodes have no tunnel, by what both of them said. */
import type { NodeView } from "@warren/api";
import { parseName, printText, Problem } from "@warren/core";
import { expect, test } from "vitest";
import { findUnreached } from "./unreached.ts";

type Known = Partial<Omit<NodeView, "name" | "peers">>;

function node(text: string, peers: string, known: Known = {}): NodeView {
  const name = parseName(text);
  if (name instanceof Problem) throw new Error(String(name));
  const all = peers.split(" ").filter(Boolean);
  return {
    name,
    state: "current",
    addresses: [],
    fields: {},
    tunnels: all.length,
    peers: all.map((each) => {
      const [peer = "", sent = "0", age] = each.split(":");
      const counted = { name: peer, received: 0, sent: Number(sent) };
      return age === undefined ? counted : { ...counted, handshakeSeconds: Number(age) };
    }),
    ...known,
  };
}

function told(...nodes: readonly NodeView[]): string {
  return findUnreached("mesh", nodes)
    .map(({ pair, cause, fix }) => `${pair}: ${printText(cause)}; ${printText(fix)}`)
    .join("\n");
}

const AT = { endpoint: "203.0.113.1:51820" };
const NAT = { ...AT, isMapped: true };

test("findUnreached() is silent about pairs that are alive, idle, or not meant to be", () => {
  expect(told(node("a", "b:148:20", AT), node("b", "a:148:20", AT))).toBe("");
  expect(told(node("a", "b:148", AT), node("b", "a:148:20", AT))).toBe("");
  expect(told(node("a", "b:0", AT), node("b", "a:0", AT))).toBe("");
  expect(told(node("a", "b:148:500", AT), node("b", "a:148:500", AT))).toBe("");
  expect(told(node("a", "", AT), node("b", "", AT))).toBe("");
  expect(told(node("a", "b:148", AT), node("b", "a:148", { ...AT, state: "offline" }))).toBe("");
});

test("findUnreached() tells who is behind a NAT, who lets nothing in, and who is nowhere", () => {
  expect(told(node("a", "b:148", NAT), node("b", "a:148:500", NAT))).toMatchInlineSnapshot(
    `"a ↔ b: both are behind NATs, and do not find each other; forward a UDP port to one of them, and say it: warren node set mesh a endpoint=HOST:PORT"`,
  );
  expect(told(node("a", "b:148", NAT), node("b", "a:148", AT))).toMatchInlineSnapshot(
    `"a ↔ b: no handshake, though they send to each other; look whether UDP 203.0.113.1:51820 is let in at b, by its firewall and its provider's"`,
  );
  expect(told(node("a", "b:148", AT), node("b", "", AT))).toMatchInlineSnapshot(
    `"a ↔ b: no handshake, though a sends; look whether UDP 203.0.113.1:51820 is let in at b, by its firewall and its provider's"`,
  );
  expect(told(node("a", ""), node("b", ""))).toMatchInlineSnapshot(
    `"a ↔ b: nobody knows where either of them is dialled; say it for one of them: warren node set mesh a endpoint=HOST"`,
  );
});
