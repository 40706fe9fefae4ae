/** Of what two ends say, which cause is named: a case for each row of the table, and none where all is well. */
import { printText } from "@warren/core";
import type { Name } from "@warren/core";
import { describe, expect, test } from "vitest";
import type { EndFacts, ExaminedNode, PeerFacts } from "../examination.ts";
import { CAUSES } from "./causes.ts";
import { diagnose } from "./diagnose.ts";
import type { Finding } from "./diagnose.ts";
import type { Pair, Side } from "./pair.ts";

const MESH = "mesh" as Name;
const BLOCK = { message: "nft drops it", fix: "nft insert" };
const WELL: Partial<PeerFacts> = { roundTripMs: 1, handshakeSeconds: 5, sent: 400, received: 400 };
/** It sends handshakes, and hears nothing. */
const SILENT: Partial<PeerFacts> = { sent: 148, received: 0 };
const DEAF: Change = { peer: { ...SILENT } };

interface Change {
  readonly peer?: Partial<PeerFacts>;
  readonly end?: Partial<EndFacts>;
  readonly node?: Partial<ExaminedNode>;
  /** The server was not asked for it, or does not tell of it. */
  readonly isUntold?: true;
  readonly more?: Partial<Side>;
  /** It has not been asked, or has not answered. */
  readonly isMute?: true;
}

/** Of a tunnel between a and b. */
const CASES: readonly (readonly [name: string, one: Change, other: Change])[] = [
  ["not-meant", { peer: { isMeant: false } }, { isMute: true }],
  ["foreign-interface", DEAF, { end: { link: "foreign" }, peer: SILENT }],
  [
    "agent-failed",
    DEAF,
    {
      end: { link: "down", error: "wg failed: Address already in use" },
      peer: { sent: 0, received: 0 },
    },
  ],
  ["tunnel-down", { end: { link: "absent", isAgentRunning: false }, peer: SILENT }, DEAF],
  ["node-failed", { peer: WELL, node: { error: "two hosts come as this node" } }, { peer: WELL }],
  ["behind", DEAF, { peer: { isMeant: false }, end: { rev: 3 } }],
  ["key-mismatch", { peer: { ...SILENT, lacks: "psk" } }, DEAF],
  ["drift", { peer: SILENT, end: { lacks: ["route", "table"] } }, DEAF],
  ["route-clash", { peer: { ...WELL, inside: "eth1" } }, { isMute: true }],
  ["dead-name", { peer: { ...SILENT, dialled: "b.test:51820", resolved: [] } }, DEAF],
  ["away", { peer: SILENT }, { isMute: true, node: { state: "offline" } }],
  ["no-route", { peer: { ...SILENT, endpoint: "192.0.2.2:51820", outside: "" } }, DEAF],
  [
    "other-vpn",
    { peer: { ...SILENT, endpoint: "192.0.2.2:51820", outside: "tun0", isOutsideTunnel: true } },
    DEAF,
  ],
  [
    "name-elsewhere",
    { peer: { ...SILENT, dialled: "b.test:51820", resolved: ["192.0.2.9"] } },
    { peer: SILENT, end: { addresses: ["192.0.2.2"] }, node: { seenAt: "192.0.2.2" } },
  ],
  ["clock", { peer: SILENT, more: { clockOffMs: -3_600_000 } }, DEAF],
  ["firewall-port", DEAF, { peer: SILENT, end: { blocks: [{ kind: "input", ...BLOCK }] } }],
  [
    "both-nat",
    { peer: SILENT, node: { isMapped: true } },
    { peer: SILENT, node: { isMapped: true } },
  ],
  [
    "firewall-tunnel",
    { peer: { sent: 900, received: 400, handshakeSeconds: 4 } },
    { peer: { sent: 400, received: 900 }, end: { blocks: [{ kind: "tunnel", ...BLOCK }] } },
  ],
  [
    "dropped-inside",
    {
      peer: { sent: 900, received: 900, handshakeSeconds: 4 },
      more: { alone: facts({ sent: 900, received: 120 }) },
    },
    { peer: { sent: 900, received: 900, handshakeSeconds: 4 } },
  ],
  ["udp-blocked", DEAF, DEAF],
  ["udp-in-blocked", { peer: { sent: 148, received: 148, endpoint: "192.0.2.2:51820" } }, DEAF],
  ["no-answer", DEAF, { isMute: true }],
  ["mtu", { peer: { ...WELL, passes: 1300 } }, { peer: WELL }],
  ["forwarding-off", { peer: WELL }, { peer: WELL, end: { isForwarding: false } }],
  [
    "firewall-forward",
    { peer: WELL },
    { peer: WELL, end: { blocks: [{ kind: "out", ...BLOCK }] } },
  ],
];

/** What is one code, but is found by something else. */
const MORE: readonly (readonly [name: string, one: Change, other: Change])[] = [
  ["a tunnel with another key", DEAF, { end: { link: "foreign", isKeyOther: true }, peer: SILENT }],
  ["a kernel without the key", { peer: { ...SILENT, lacks: "peer" } }, DEAF],
  ["a clock that was later before", { peer: SILENT, end: { isClockBack: true } }, DEAF],
  [
    "a clock, and the other could dial",
    { peer: WELL, more: { alone: facts(SILENT), clockOffMs: -3_600_000 } },
    { peer: WELL },
  ],
  [
    "a rule for the port, and the other could dial",
    { peer: WELL, more: { alone: facts(SILENT) } },
    { peer: WELL, end: { blocks: [{ kind: "input", ...BLOCK }] } },
  ],
  ["only the other could dial", { peer: WELL, more: { alone: facts(SILENT) } }, { peer: WELL }],
  ["a range that is here, too", { peer: { ...WELL, clashes: ["192.168.1.0/24"] } }, { peer: WELL }],
  ["too small even for IPv6", { peer: { ...WELL, passes: 1200 } }, { peer: WELL }],
  [
    "a port, from behind a NAT that nobody else passes",
    { ...DEAF, node: { isMapped: true } },
    DEAF,
  ],
  ["a name that nobody has told of", { peer: { isMeant: false } }, { isUntold: true }],
  ["a router that visits its server", DEAF, { isMute: true, node: { visitedAt: 1, isThin: true } }],
  ["a host that visits its server", DEAF, { isMute: true, node: { visitedAt: 1 } }],
  [
    "its own end",
    { peer: SILENT, end: { link: "absent", isAgentRunning: false }, node: { visitedAt: 1 } },
    DEAF,
  ],
  ["one end alone, which hears", { peer: { sent: 148, received: 148 } }, { isMute: true }],
];

describe("diagnose() names", () => {
  test("for each row of its table what fits to it", () => {
    const found = CASES.map(([, one, other]) => diagnose([pairOf(one, other)], MESH));
    expect(found.map((each) => each.map(({ code }) => code))).toEqual(
      CASES.map(([name]) => [name]),
    );
    // Only from several tunnels it is known that nothing leaves a host.
    const codes = new Set<string>([...CASES.map(([name]) => name), "udp-out-blocked"]);
    expect(codes).toEqual(new Set(CAUSES.map(({ code }) => code)));
    expect(found.flat().map(print)).toMatchInlineSnapshot(`
      [
        "not-meant, –: no tunnel between a and b is meant to be: nothing is allowed between them, it goes by way of another, or nobody knows where to dial either of them; nothing is to be done, unless that is not meant: see the policy of the mesh, and warren node list mesh",
        "foreign-interface, b: interface warren0 of b is somebody else's, and no tunnel; on b: see whose it is (ip -details link show warren0), and take it away; its agent puts that right within 10 s; look again then",
        "agent-failed, b: the agent of b cannot make the tunnel: wg failed: Address already in use; mend that on b: the agent tries again every few seconds",
        "tunnel-down, a: the tunnel of a is down, and its agent does not run; on a: start its agent, which puts that right: warren up mesh",
        "node-failed, a: the server says of a: two hosts come as this node; do what it says; how it stands then: warren node list mesh",
        "behind, b: b knows nothing of a tunnel to a, which has one to it: it stands at revision 3, and a at 7; see which of them is behind: warren node list mesh; and why: journalctl -u warren@mesh",
        "key-mismatch, a: the kernel of a has another preshared key for b than it should; on a: its agent puts that right within 10 s; look again then",
        "drift, a: the kernel of a is not as it should be: route, table; on a: its agent puts that right within 10 s; look again then",
        "route-clash, a: what a sends to the address of b goes to interface eth1 instead of into warren0; on a: take that route or address away (ip route; ip address), or give the mesh another range",
        "dead-name, a: a finds no address for b.test, the name of b; on a, see what its resolver says: getent ahosts b.test; correct the name, or the resolver",
        "away, b: probably b is away: neither the server nor whoever has a tunnel to it hears of it; see whether it is on and has a network; if so, bring its tunnel up there: warren up mesh; or, on a small router: sh /etc/warren/warren-thin run",
        "no-route, a: a has no way to 192.0.2.2:51820, where it dials b; on a: give it a route (ip route get 192.0.2.2), or have it dial another address",
        "other-vpn, a: probably what a sends to 192.0.2.2:51820, where it dials b, goes into another tunnel: tun0; on a: take 192.0.2.2 out of what that tunnel carries (ip route get 192.0.2.2)",
        "name-elsewhere, a: probably b.test is 192.0.2.9 for a, and b is at 192.0.2.2; correct the name, or what a has for it: getent ahosts b.test",
        "clock, a: probably the clock of a is 3600 s behind the server's, and peers take no earlier handshakes than they have seen; on a: set the clock (timedatectl set-ntp true); then on b: wg set warren0 peer k remove; its agent puts the peer back",
        "firewall-port, b: on b, nft drops it; nft insert",
        "both-nat, –: probably a and b are both behind NATs, and do not find each other; forward a UDP port to one of them, and say it: warren node set mesh a endpoint=HOST:PORT",
        "firewall-tunnel, b: on b, nft drops it; nft insert",
        "dropped-inside, b: probably the tunnel between a and b works, and something on b drops the pings in it; on b: look at the rules of others: nft list ruleset",
        "udp-blocked, –: UDP passes neither way between a (192.0.2.2:51820) and b (192.0.2.2:51820); let it pass: in the firewalls of both, of their providers, and between them",
        "udp-in-blocked, b: UDP 192.0.2.2:51820 is not let in at b: what a sends there does not arrive; let it in: in the firewall of b, and its provider's or its security group",
        "no-answer, b: probably a has never heard of b, which it dials at 192.0.2.2:51820; see whether b is on, its tunnel is up, and UDP is let in there; on b: warren doctor",
        "mtu, –: packets of more than 1300 bytes do not come through between a and b, and the MTU of the tunnel is 1420; lower it: warren network set mesh mtu=1300; or mend the way between, which drops larger ones",
        "forwarding-off, b: b does not pass packets on, and has to; on b: its agent puts that right within 10 s; look again then; and see what turns it off: sysctl net.ipv4.ip_forward",
        "firewall-forward, b: on b, nft drops it; nft insert",
      ]
    `);
  });

  test("the same by other signs", () => {
    const found = MORE.map(([name, one, other]) => [
      name,
      ...diagnose([pairOf(one, other)], MESH).map(print),
    ]);
    expect(found).toMatchInlineSnapshot(`
      [
        [
          "a tunnel with another key",
          "foreign-interface, b: interface warren0 of b is a tunnel with another key; on b: see whose it is (ip -details link show warren0), and take it away; its agent puts that right within 10 s; look again then",
        ],
        [
          "a kernel without the key",
          "key-mismatch, a: the kernel of a does not have the key of b; on a: its agent puts that right within 10 s; look again then",
        ],
        [
          "a clock that was later before",
          "clock, a: probably the clock of a went back: it was later when its agent wrote its files, and peers take no earlier handshakes than they have seen; on a: set the clock (timedatectl set-ntp true); then on b: wg set warren0 peer k remove; its agent puts the peer back",
        ],
        [
          "a clock, and the other could dial",
          "clock, a: probably the clock of a is 3600 s behind the server's, and peers take no earlier handshakes than they have seen; on a: set the clock (timedatectl set-ntp true); then on b: wg set warren0 peer k remove; its agent puts the peer back",
        ],
        [
          "a rule for the port, and the other could dial",
          "firewall-port, b: on b, nft drops it; nft insert",
        ],
        [
          "only the other could dial",
          "udp-in-blocked, b: probably UDP 192.0.2.2:51820 is not let in at b: what a sends there does not arrive; let it in: in the firewall of b, and its provider's or its security group",
        ],
        [
          "a range that is here, too",
          "route-clash, a: probably a has 192.168.1.0/24 on an interface of its own, so that it does not reach what lies behind b; where that is not the same network: on a, take that route away, or have b offer another range",
        ],
        [
          "too small even for IPv6",
          "mtu, –: packets of more than 1200 bytes do not come through between a and b, and the MTU of the tunnel is 1420; mend the way between: not even IPv6's least packets come through",
        ],
        [
          "a port, from behind a NAT that nobody else passes",
          "udp-in-blocked, b: UDP 192.0.2.2:51820 is not let in at b: what a sends there does not arrive; let it in: in the firewall of b, and its provider's or its security group",
        ],
        [
          "a name that nobody has told of",
          "not-meant, –: a has no tunnel to b, and is to have none: there is no node of that name, nothing is allowed between them, it goes by way of another, or nobody knows where to dial either of them; see whom a has tunnels to: warren status; and, where you are signed in, all nodes: warren node list mesh",
        ],
        [
          "a router that visits its server",
          "no-answer, b: probably a has never heard of b, which it dials at 192.0.2.2:51820; b is there from time to time, and may have mended it just now: look again in a minute; then see whether UDP is let in there, and what it says: sh /etc/warren/warren-thin checkin",
        ],
        [
          "a host that visits its server",
          "no-answer, b: probably a has never heard of b, which it dials at 192.0.2.2:51820; b is there from time to time, and may have mended it just now: look again in a minute; then see whether UDP is let in there, and what it says: warren checkin",
        ],
        [
          "its own end",
          "tunnel-down, a: the tunnel of a is down, and its agent does not run; on a: have that put right: warren checkin",
        ],
        [
          "one end alone, which hears",
          "udp-in-blocked, b: probably UDP 192.0.2.2:51820 is not let in at b: what a sends there does not arrive; let it in: in the firewall of b, and its provider's or its security group",
        ],
      ]
    `);
  });

  test("the host that loses all, once for all its tunnels", () => {
    const lost = (name: string): Pair => pairOf({ peer: { sent: 148, received: 148 } }, DEAF, name);
    const well = (name: string): Pair => pairOf({ peer: WELL }, { peer: WELL }, name);
    const dead = (name: string): Pair => pairOf(DEAF, DEAF, name);
    const ask = (...pairs: readonly Pair[]): readonly string[] =>
      diagnose(pairs, MESH).map(
        ({ code, host, pairs: all }) => `${code} at ${host}: ${all.length}`,
      );
    expect(ask(lost("b"), lost("c"), lost("d"))).toEqual(["udp-out-blocked at a: 3"]);
    expect(ask(dead("b"), dead("c"), dead("d"))).toEqual(["udp-blocked at a: 3"]);
    expect(ask(lost("b"), lost("c"), well("d"))).toEqual([
      "udp-in-blocked at b: 1",
      "udp-in-blocked at c: 1",
    ]);
    expect(ask(dead("b"), well("c"), well("d"))).toEqual(["udp-blocked at undefined: 1"]);
  });

  test("a host that is away, once for all who have tunnels to it", () => {
    const gone: Change = { isMute: true, node: { state: "offline" } };
    const fromB = pairOf({ peer: SILENT }, gone, "d");
    const pairs = [
      pairOf({ peer: SILENT }, gone, "d"),
      { one: { ...fromB.one, name: "b" as Name }, other: fromB.other },
      { one: fromB.other, other: { ...fromB.one, name: "e" as Name } },
    ];
    expect(diagnose(pairs, MESH).map(({ code, pairs: all }) => [code, ...all.flat()])).toEqual([
      ["away", "a", "d", "b", "d", "d", "e"],
    ]);
  });

  test("nothing where pings are answered, or where a policy lets none in and packets arrive", () => {
    const counted = { sent: 400, received: 400, isLetIn: false };
    const strict = { peer: counted, more: { alone: facts({ ...SILENT, isLetIn: false }) } };
    const pairs = [
      pairOf({ peer: WELL }, { peer: WELL }),
      pairOf({ peer: { ...SILENT } }, { peer: WELL }),
      pairOf({ peer: WELL }, { isMute: true, node: { state: "offline" } }),
      pairOf({ peer: WELL, more: { clockOffMs: -3_600_000 } }, { peer: WELL }),
      pairOf(strict, { peer: counted }),
      // It answered when it was looked at again; nobody else has sent anything.
      pairOf({ peer: WELL, more: { alone: facts(SILENT) } }, { isMute: true }),
    ];
    expect(diagnose(pairs, MESH)).toEqual([]);
    // Of what does not arrive the policy is not the cause.
    const [broken] = diagnose(
      [pairOf({ peer: counted }, { peer: { ...counted, received: 0 } })],
      MESH,
    );
    expect(broken?.code).toBe("udp-in-blocked");
  });
});

function pairOf(one: Change, other: Change, name = "b"): Pair {
  return { one: sideOf("a", name, one), other: sideOf(name, "a", other) };
}

function sideOf(
  name: string,
  other: string,
  { peer, end, node, more, isMute, isUntold }: Change,
): Side {
  const known = { name: name as Name, peers: [], state: "current" as const, ...node };
  if (isUntold) return { name: name as Name };
  if (isMute) return { name: name as Name, node: known, ...more };
  const own = {
    node: name as Name,
    at: 0,
    publicKey: "k" as EndFacts["publicKey"],
    interface: "warren0",
    link: "up" as const,
    mtu: 1420,
    port: 51_820,
    lacks: [],
    isAgentRunning: true,
    rev: 7,
    addresses: [],
    blocks: [],
    peers: [],
    ...end,
  };
  return {
    name: name as Name,
    node: known,
    end: own,
    peer: { ...facts(peer), peer: other as Name },
    ...more,
  };
}

function facts(more: Partial<PeerFacts> = {}): PeerFacts {
  const known = { peer: "b" as Name, isMeant: true, isLetIn: true, sent: 0, received: 0 };
  return { ...known, ...(more.sent ? { endpoint: "192.0.2.2:51820" } : {}), ...more };
}

function print({ code, host = "–" as Name, isCertain, cause, fix }: Finding): string {
  const sign = isCertain ? "" : "probably ";
  return `${code}, ${host}: ${sign}${printText(cause)}; ${printText(fix)}`;
}
