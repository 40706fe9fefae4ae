/** Tests of hooks that have a #: what runs on every version of wg-quick is kept, with its other half. */
import { expect, test } from "vitest";
import { A, B, check, read } from "./by-hand.contract.ts";
import { imported, textsOf } from "./round-trip.contract.ts";

/** What a node has of one line, and whether anything is said. */
function kept(line: string): unknown {
  const a = A.replace("ListenPort", () => `PostUp = ${line}\n  ListenPort`);
  const made = imported(read({ a, b: B }));
  return [made.document.nodes["a"]?.["hooks"], textsOf(made).length];
}

test("importMesh() keeps a hook without its comment, and so both halves of a pair", () => {
  const pair = `PostUp = iptables -A FORWARD -i %i -j ACCEPT # let in
    PostDown = iptables -D FORWARD -i %i -j ACCEPT
    ListenPort`;
  expect(check({ a: A.replace("ListenPort", pair), b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a],hooks:{postUp:iptables -A FORWARD -i %i -j ACCEPT,postDown:iptables -D FORWARD -i %i -j ACCEPT}}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}"
  `);
});

test("importMesh() takes for a comment what bash and older wg-quick both leave out", () => {
  for (const line of [
    "logger 'a b' \"c\" # d",
    "logger 'a b' \"c\"\t#d 'e",
    "logger 'a b' \"c\" ##",
  ]) {
    expect(kept(line)).toEqual([{ postUp: "logger 'a b' \"c\"" }, 0]);
  }
  expect(kept("echo \"it's\" # it's")).toEqual([{ postUp: 'echo "it\'s"' }, 0]);
  expect(kept("# logger")).toEqual([undefined, 0]);
  for (const line of [
    "logger a#b",
    "logger a#b # c",
    "logger ${#a}",
    "logger 'a # b'",
    'logger "a # b"',
    "logger it\\'s 'a # b'",
    "logger \\ # b",
    "logger $(echo a # b)",
    "logger `echo a # b`",
    "logger ${a# b}",
  ]) {
    expect(kept(line)).toEqual([undefined, 1]);
  }
});
