/** What is told of the firewalls that people have. What kernels do with random ones is tested in e2e/. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printText } from "../../phrase.ts";
import { runs } from "../../../../../tools/runs.ts";
import { judgeFirewalls } from "./firewall.ts";
import type { FirewallTexts } from "./firewall.ts";
import type { FirewallNeed } from "./needs.ts";
import { DOCKER, FIREWALLD, SERVER, UFW } from "./samples.contract.ts";

const common = { interface: "wg0", families: [4, 6] } as const;
const NEEDS: readonly FirewallNeed[] = [
  { ...common, kind: "input", port: 51820 },
  { ...common, kind: "tunnel", protocol: "icmp" },
  { ...common, kind: "tunnel", protocol: "tcp", port: 22 },
  { ...common, kind: "tunnel", protocol: "tcp", port: 9 },
  { ...common, kind: "out", protocol: "tcp" },
  { ...common, kind: "through", protocol: "tcp" },
  { ...common, kind: "back" },
];

/** As on the images of a cloud. */
const REJECTING = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited`;

describe("judgeFirewalls() names who drops what, and the command that admits it:", () => {
  test("ufw", () => {
    expect(blocksOf({ iptables: UFW })).toMatchInlineSnapshot(`
      [
        "input 4: ufw drops UDP to port 51820: the policy of chain INPUT of table filter; run on the host: ufw allow 51820/udp",
        "tunnel 4: ufw drops what comes from wg0: the policy of chain INPUT of table filter; run on the host: ufw allow in on wg0",
        "out 4: ufw drops what comes from wg0 and goes on elsewhere: the policy of chain FORWARD of table filter; run on the host: ufw route allow in on wg0",
        "through 4: ufw drops what comes from wg0 and goes back there: the policy of chain FORWARD of table filter; run on the host: ufw route allow in on wg0",
      ]
    `);
  });

  test("ufw, by a rule of its user's", () => {
    const rule = "-A ufw-user-input -p udp -m multiport --dports 5000:60000 -j DROP";
    const [first] = blocksOf({ iptables: `${UFW}\n${rule}\n-A ufw-user-input -j ACCEPT` });
    expect(first).toMatchInlineSnapshot(
      `"input 4: ufw drops UDP to port 51820: rule 2 of chain ufw-user-input of table filter; run on the host: ufw prepend allow 51820/udp"`,
    );
  });

  test("firewalld", () => {
    const [other] = blocksOf({ nft: FIREWALLD.replaceAll("IN_public", "IN_dmz") });
    expect(other).toContain("--permanent --zone=dmz --add-port=51820/udp &&");
    expect(blocksOf({ nft: FIREWALLD })).toMatchInlineSnapshot(`
      [
        "input 4+6: firewalld drops UDP to port 51820: rule 9 of chain filter_IN_public of table inet firewalld; run on the host: firewall-cmd --permanent --zone=public --add-port=51820/udp && firewall-cmd --reload",
        "tunnel 4+6: firewalld drops what comes from wg0: rule 9 of chain filter_IN_public of table inet firewalld; run on the host: firewall-cmd --permanent --zone=trusted --add-interface=wg0 && firewall-cmd --reload",
        "out 4+6: firewalld drops what comes from wg0 and goes on elsewhere: rule 8 of chain filter_FWD_public of table inet firewalld; run on the host: firewall-cmd --permanent --zone=trusted --add-interface=wg0 && firewall-cmd --reload",
        "through 4+6: firewalld drops what comes from wg0 and goes back there: rule 8 of chain filter_FWD_public of table inet firewalld; run on the host: firewall-cmd --permanent --zone=trusted --add-interface=wg0 && firewall-cmd --reload",
      ]
    `);
  });

  test("docker", () => {
    // Without an interface elsewhere may be docker's own, where its rules may let it in.
    const needs = NEEDS.map((need) => ({ ...need, elsewhere: "eth0" }));
    expect(blocksOf({ iptables: DOCKER }, needs)).toMatchInlineSnapshot(`
      [
        "out 4: docker drops what comes from wg0 and goes on elsewhere: the policy of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I DOCKER-USER -i wg0 -j ACCEPT",
        "through 4: docker drops what comes from wg0 and goes back there: the policy of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I DOCKER-USER -i wg0 -j ACCEPT",
        "back 4: docker drops replies that go to wg0: the policy of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I DOCKER-USER -o wg0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
      ]
    `);
  });

  test("iptables", () => {
    expect(blocksOf({ iptables: REJECTING, ip6tables: REJECTING })).toMatchInlineSnapshot(`
      [
        "input 4: iptables drops UDP to port 51820: rule 5 of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -p udp --dport 51820 -j ACCEPT",
        "input 6: ip6tables drops UDP to port 51820: rule 5 of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I INPUT -p udp --dport 51820 -j ACCEPT",
        "tunnel 6: ip6tables drops what comes from wg0: rule 5 of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I INPUT -i wg0 -j ACCEPT",
        "tunnel 4: iptables drops what comes from wg0: rule 5 of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I INPUT -i wg0 -j ACCEPT",
        "tunnel 6: ip6tables drops what comes from wg0: rule 5 of chain INPUT of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I INPUT -i wg0 -j ACCEPT",
        "out 4: iptables drops what comes from wg0 and goes on elsewhere: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I FORWARD -i wg0 -j ACCEPT",
        "out 6: ip6tables drops what comes from wg0 and goes on elsewhere: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I FORWARD -i wg0 -j ACCEPT",
        "through 4: iptables drops what comes from wg0 and goes back there: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I FORWARD -i wg0 -j ACCEPT",
        "through 6: ip6tables drops what comes from wg0 and goes back there: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I FORWARD -i wg0 -j ACCEPT",
        "back 4: iptables drops replies that go to wg0: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: iptables -I FORWARD -o wg0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "back 6: ip6tables drops replies that go to wg0: rule 1 of chain FORWARD of table filter; run on the host, and keep it with the rules that it loads at boot: ip6tables -I FORWARD -o wg0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
      ]
    `);
  });

  test("iptables, behind a return", () => {
    const rules = saved("INPUT DROP", ":a -", "-A INPUT -j a", "-A a -j RETURN", "-A a -j ACCEPT");
    expect(blocksOf(rules)[0]).toContain("the policy of chain INPUT");
  });

  test("nft", () => {
    expect(blocksOf({ nft: SERVER })).toMatchInlineSnapshot(`
      [
        "input 4+6: nft drops UDP to port 51820: the policy of chain input of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter input udp dport 51820 accept",
        "tunnel 6: nft drops what comes from wg0: the policy of chain input of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter input iifname wg0 accept",
        "tunnel 4+6: nft drops what comes from wg0: the policy of chain input of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter input iifname wg0 accept",
        "out 4+6: nft drops what comes from wg0 and goes on elsewhere: the policy of chain forward of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter forward iifname wg0 accept",
        "through 4+6: nft drops what comes from wg0 and goes back there: the policy of chain forward of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter forward iifname wg0 accept",
        "back 4+6: nft drops replies that go to wg0: the policy of chain forward of table inet filter; run on the host, and keep it with the rules that it loads at boot: nft insert rule inet filter forward oifname wg0 ct state established,related accept",
      ]
    `);
  });
});

/** Of UDP from anywhere to port 51820 in IPv6, whether a test holds. */
describe("judgeFirewalls() knows of a packet whether there holds", () => {
  const payload = (protocol: string, field: string): object => ({ payload: { protocol, field } });
  const match = (left: unknown, right: unknown, op = "=="): object => ({
    match: { op, left, right },
  });
  const iifname = { meta: { key: "iifname" } };
  const dport = payload("udp", "dport");
  const state = { ct: { key: "state" } };

  test.each([
    ["lo", match(iifname, "lo"), "no"],
    ["not wg0", match(iifname, "wg0", "!="), "yes"],
    ["eth0", match(iifname, "eth0"), "perhaps"],
    ["wg*", match(iifname, "wg*"), "perhaps"],
    ["a port", match(dport, 51820), "yes"],
    ["another port", match(dport, { set: [53, { range: [60000, 61000] }] }), "no"],
    ["a range in a set", match(dport, { set: [53, { range: [50000, 61000] }] }), "yes"],
    ["an element with a counter", match(dport, { set: [{ elem: { val: 51820 } }] }), "yes"],
    ["a named set", match(dport, "@ports"), "yes"],
    ["not a named set", match(dport, "@ports", "!="), "no"],
    ["a set that changes", match(dport, "@fleeting"), "perhaps"],
    ["a set that is not there", match(dport, "@nothing"), "perhaps"],
    ["not a port of TCP", match(payload("tcp", "dport"), 22, "!="), "no"],
    ["a port of either", match(payload("th", "dport"), 51820), "yes"],
    ["a comparison", match(dport, 1024, ">="), "perhaps"],
    ["protocols", match({ meta: { key: "l4proto" } }, { set: ["tcp", 17] }), "yes"],
    ["a family", match({ meta: { key: "protocol" } }, "ip"), "no"],
    ["not an address of IPv4", match(payload("ip", "saddr"), "10.0.0.1", "!="), "no"],
    ["an address", match(payload("ip6", "saddr"), "fd00::1"), "perhaps"],
    ["an address of a link", match(payload("ether", "saddr"), "02:00:00:00:00:01"), "perhaps"],
    ["bytes", match({ payload: { base: "th", offset: 16, len: 16 } }, 51820), "perhaps"],
    ["flags of TCP", match({ "&": [payload("tcp", "flags"), ["syn", "ack"]] }, "syn"), "no"],
    ["two fields", match({ concat: [iifname, dport] }, { concat: ["a", 1] }), "perhaps"],
    ["a state", match(state, ["established", "related"], "in"), "no"],
    ["states", match(state, { set: ["new", "established"] }), "yes"],
    ["no state", match(state, "invalid", "!"), "yes"],
    ["states at once", match(state, ["new", "established"]), "perhaps"],
    ["a translation", match({ ct: { key: "status" } }, "dnat", "in"), "no"],
    ["a local target", match({ fib: { result: "type", flags: ["daddr"] } }, "local"), "yes"],
    ["a way", match({ fib: { result: "oif", flags: ["saddr", "iif"] } }, false), "perhaps"],
    ["a rate", { limit: { rate: 5, per: "second" } }, "perhaps"],
    ["what nobody knows", { strange: 1 }, "perhaps"],
  ])("in nft %s", (_, statement, answer) => {
    const ruled = (verdict: string, policy: string): string => {
      const common = { family: "inet", table: "t" };
      const ports = { ...common, name: "ports", elem: [22, { range: [51000, 52000] }] };
      const chain = { ...common, name: "c", type: "filter", hook: "input", policy };
      const expr = [statement, { counter: null }, { [verdict]: null }];
      const objects = [
        { table: { family: "inet", name: "t" } },
        { set: ports },
        { set: { ...ports, name: "fleeting", flags: ["timeout"] } },
        { chain },
        { rule: { ...common, chain: "c", expr } },
      ];
      return JSON.stringify({ nftables: objects });
    };
    expect(answerOf((...words) => ({ nft: ruled(...words) }))).toBe(answer);
  });

  test.each([
    ["-i lo", "no"],
    ["! -i wg0", "yes"],
    ["-i eth0", "perhaps"],
    ["-i eth+", "perhaps"],
    ["-p udp -m udp --dport 51820", "yes"],
    ["-p udp -m udp ! --dport 51820", "no"],
    ["-p udp -m multiport --dports 53,50000:60000", "yes"],
    ["-p 17 -m multiport ! --dports 53,http", "perhaps"],
    ["! -p tcp", "yes"],
    ["-p ipv6-icmp -m icmp6 --icmpv6-type 128", "no"],
    ["-m conntrack --ctstate NEW,RELATED", "yes"],
    ["-m conntrack --ctstate DNAT", "no"],
    ["-m conntrack --ctstate DNAT,NEW", "perhaps"],
    ["-m state ! --state NEW", "no"],
    [`-m comment --comment "-i lo ! -p tcp -j DROP"`, "yes"],
    ["-m comment --comment -i", "yes"],
    ["-m addrtype --dst-type LOCAL", "yes"],
    ["-m addrtype --dst-type BROADCAST,MULTICAST", "no"],
    ["-s fd00::/8", "perhaps"],
    ["-m set --match-set friends src", "perhaps"],
    ["-m mark --mark 0x1", "perhaps"],
    ["-m strange", "perhaps"],
    ["-m udp --strange 5", "perhaps"],
  ])("in iptables %s", (words, answer) => {
    const ruled = (verdict: string, policy: string): FirewallTexts => ({
      ip6tables: `*filter\n:INPUT ${policy.toUpperCase()} [0:0]\n-A INPUT ${words} -j ${verdict.toUpperCase()} --by 5`,
    });
    expect(answerOf(ruled)).toBe(answer);
  });

  test("a state, if connections are followed", () => {
    const rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -m state --state ESTABLISHED -j ACCEPT";
    expect(judged({ ip6tables: rules })).toBe(true);
    expect(
      judged({
        ip6tables: `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j CT --notrack\n${rules}`,
      }),
    ).toBe(false);
  });

  function judged(printed: FirewallTexts): boolean {
    const need: FirewallNeed = { interface: "wg0", families: [6], kind: "input", port: 51820 };
    return judgeFirewalls(printed, need).length > 0;
  }

  /** What accepts if it holds leaves the rest to the policy; so does what drops. */
  function answerOf(ruled: (verdict: string, policy: string) => FirewallTexts): string {
    if (judged(ruled("accept", "drop"))) return "no";
    return judged(ruled("drop", "accept")) ? "yes" : "perhaps";
  }
});

describe("judgeFirewalls() tells of nothing", () => {
  test("that its own commands have admitted", () => {
    const admitted = {
      iptables: UFW.replace(
        "-A ufw-user-input",
        "-A ufw-user-forward -i wg0 -j ACCEPT\n-A ufw-user-input -p udp -m udp --dport 51820 -j ACCEPT\n-A ufw-user-input -i wg0 -j ACCEPT\n-A ufw-user-input",
      ),
    };
    expect(blocksOf(admitted)).toEqual([]);
  });

  test("that our own rules drop", () => {
    const nft = SERVER.replaceAll(`"filter","name":"`, `"warren-wg0","name":"`)
      .replaceAll(`"table":"filter"`, `"table":"warren-wg0"`)
      .replaceAll(`"name":"filter"`, `"name":"warren-wg0"`);
    const iptables =
      "*filter\n:INPUT ACCEPT [0:0]\n:warren-wg0-input - [0:0]\n-A INPUT -j warren-wg0-input\n-A warren-wg0-input -j DROP";
    expect(blocksOf({ nft, iptables })).toEqual([]);
    expect(blocksOf({ nft: nft.replaceAll("warren-wg0", "warren-wg1") })).not.toEqual([]);
    expect(blocksOf({ iptables: iptables.replaceAll("-wg0-", "-wg1-") })).not.toEqual([]);
  });

  test("twice, where iptables keeps its rules in nft's tables", () => {
    const nft = JSON.stringify({
      nftables: [
        { table: { family: "ip", name: "filter" } },
        {
          chain: {
            family: "ip",
            table: "filter",
            name: "INPUT",
            type: "filter",
            hook: "input",
            prio: 0,
            policy: "drop",
          },
        },
      ],
    });
    const iptables = "*filter\n:INPUT DROP [0:0]";
    const [input] = blocksOf({ nft, iptables });
    expect(input).toContain("iptables drops");
    expect(blocksOf({ nft })[0]).toContain("nft insert rule ip filter INPUT");
    expect(blocksOf({ nft, iptables })).toHaveLength(blocksOf({ nft }).length);
    // Of the same name, but not the same.
    const other = `${iptables}\n-A INPUT -j ACCEPT`;
    expect(blocksOf({ nft, iptables: other })[0]).toContain("nft drops");
  });

  const deep = `${'{"set":['.repeat(20_000)}${"]}".repeat(20_000)}`;
  const nested = SERVER.replace('"lo"', deep);
  const nat = SERVER.replaceAll('"type":"filter"', '"type":"nat"');

  test.each<[string, FirewallTexts]>([
    [
      "that a name's beginning lets in",
      saved("INPUT DROP", "-A INPUT -i wg+ -j ACCEPT", "-A INPUT -i e+ -j ACCEPT"),
    ],
    [
      "behind a return",
      saved("INPUT ACCEPT", ":a -", "-A INPUT -j a", "-A a -j RETURN", "-A a -j DROP"),
    ],
    [
      "behind a goto that comes back",
      saved("INPUT ACCEPT", ":a -", ":b -", "-A a -g b", "-A a -j DROP", "-A INPUT -j a"),
    ],
    ["of NAT", { nft: nat, iptables: saved("PREROUTING DROP").iptables.replace("filter", "nat") }],
    [
      "before connections are known",
      saved("PREROUTING DROP", "-A PREROUTING -m state --state ESTABLISHED -j ACCEPT"),
    ],
    ["where sets lie too deep", { nft: nested.replaceAll('"drop"', '"accept"') }],
  ])("%s", (_, printed) => {
    expect(blocksOf(printed)).toEqual([]);
  });

  test("of a code of ICMP, or of a reply that may be ICMP", () => {
    const code = saved("INPUT DROP", "-A INPUT -p icmp -m icmp --icmp-type 8/0 -j ACCEPT");
    expect(blocksOf(code, NEEDS.slice(1, 2))).toEqual([]);
    const reply = saved("FORWARD DROP", "-A FORWARD -p icmp -m icmp ! --icmp-type 8 -j ACCEPT");
    expect(blocksOf(reply, NEEDS.slice(-1))).toEqual([]);
  });

  test("of a table with a name that would write to a terminal", () => {
    expect(blocksOf({ nft: SERVER.replaceAll(`"forward"`, String.raw`"\u001b[2J"`) })).toEqual([]);
  });

  test("of a table that is dormant", () => {
    const named = `"name":"filter","handle"`;
    const dormant = SERVER.replace(named, `"flags":"dormant",${named}`);
    expect(blocksOf({ nft: dormant })).toEqual([]);
    expect(blocksOf({ nft: SERVER.replace(named, `"flags":["owner"],${named}`) })).not.toEqual([]);
  });

  test("that nobody has printed, or in another way", () => {
    expect(blocksOf({})).toEqual([]);
    const loop = "*filter\n:INPUT DROP [0:0]\n:a - [0:0]\n-A INPUT -j a\n-A a -j a";
    const chains = Array.from(
      { length: 20_000 },
      (__, at) => `:c${at} - [0:0]\n-A c${at} -j c${at + 1}`,
    );
    const deep = `*filter\n:INPUT DROP [0:0]\n-A INPUT -j c0\n${chains.join("\n")}`;
    const nested = `{"nftables":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    for (const iptables of [loop, deep]) {
      expect(blocksOf({ iptables }, NEEDS.slice(0, 1))).toEqual([]);
    }
    for (const nft of ["", "null", "{", "[]", nested]) expect(blocksOf({ nft })).toEqual([]);
  });
});

test("judgeFirewalls() takes whatever is printed", () => {
  const mangle = (text: string): fc.Arbitrary<string> =>
    fc
      .record({ from: fc.nat(text.length), length: fc.nat(40), by: fc.string({ maxLength: 9 }) })
      .map(({ from, length, by }) => text.slice(0, from) + by + text.slice(from + length));
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("@x", "*", { set: [{ set: [] }] }));
  const mangledJson = fc.tuple(fc.nat(60), fc.nat(20), value).map(([object, nth, by]) => {
    const { nftables } = JSON.parse(FIREWALLD);
    let count = 0;
    const text = JSON.stringify(nftables[object], (_, each) => (count++ === nth ? by : each));
    return JSON.stringify({
      nftables: [
        ...nftables.slice(0, object),
        JSON.parse(text ?? "null"),
        ...nftables.slice(object),
      ],
    });
  });
  const texts = fc.record({ nft: fc.oneof(mangle(SERVER), mangledJson), iptables: mangle(UFW) });
  fc.assert(
    fc.property(texts, (printed) => {
      expect(blocksOf(printed)).toBeInstanceOf(Array);
    }),
    runs(60),
  );
});

function saved(policy: string, ...lines: readonly string[]): { readonly iptables: string } {
  return { iptables: ["*filter", `:${policy} [0:0]`, ...lines].join("\n") };
}

function blocksOf(printed: FirewallTexts, needs = NEEDS): readonly string[] {
  return needs.flatMap((need) =>
    judgeFirewalls(printed, need).map(
      ({ kind, families, message, fix }) =>
        `${kind} ${families.join("+")}: ${printText(message)}; ${printText(fix)}`,
    ),
  );
}
