/** Random rules of a host's own firewall, as nft and iptables-restore read them. */
import fc from "fast-check";

export interface RandomFirewall {
  /** Whether a judge can know of each rule, for the packets of the test, if it holds. */
  readonly isPlain: boolean;
  /** Whether he is told which interface elsewhere is. */
  readonly isNamed: boolean;
  readonly nft: string;
  readonly iptables: string;
  readonly ip6tables: string;
}

const HOOKS = ["prerouting", "input", "forward"] as const;
type Hook = (typeof HOOKS)[number];

const NFT_TESTS = [
  `iifname "wg0"`,
  `iifname != "wg0"`,
  `iifname { "wg0", "lo" }`,
  `iif "lo"`,
  `meta l4proto udp`,
  `meta l4proto { tcp, icmp, ipv6-icmp }`,
  `meta l4proto != tcp`,
  `tcp dport 22`,
  `udp dport 53`,
  `udp dport != 53`,
  `tcp dport { 22, 80-90 }`,
  `tcp dport != { 1-30, 80 } counter`,
  `meta l4proto { tcp, udp } th dport @ports`,
  `meta nfproto ipv4`,
  `meta protocol ip6`,
  `ip protocol udp`,
  `ip protocol != udp`,
  `ip6 nexthdr tcp`,
  `icmp type echo-request`,
  `icmpv6 type != echo-request`,
  `icmpv6 type { echo-request, nd-neighbor-solicit }`,
  `fib daddr type local`,
  `fib daddr type != local`,
];
const NFT_STATES = [
  `ct state new`,
  `ct state != new`,
  `ct state established,related`,
  `ct state { new, related }`,
  `ct state invalid`,
  `ct status dnat`,
];
const NFT_MAPS = [
  `iifname vmap { "wg0" : jump sub1, "lo" : drop }`,
  `meta l4proto vmap { tcp : accept, udp : goto sub0 }`,
  `tcp dport vmap { 22 : drop, 23-100 : return }`,
  `meta l4proto { tcp, udp } th dport vmap @ends`,
];
const NFT_UNKNOWN = [
  `ether saddr 02:00:00:00:00:02`,
  `@th,16,16 53`,
  `iifname . meta l4proto { "wg0" . tcp, "lo" . udp }`,
  `meta l4proto . th dport @pairs`,
  `th dport >= 53`,
  `th dport < 60`,
  `ip saddr 10.0.0.0/8`,
  `ip saddr != 10.0.0.2`,
  `ip6 daddr fd00::/8`,
  `iifname "w*"`,
  `iifname "out"`,
  `iifname { "o*", "x" }`,
  `meta mark 0`,
  `limit rate over 1/day`,
  `limit rate 1/second`,
  `meta pkttype host`,
  `tcp flags syn`,
  `tcp flags & (syn | ack) != syn`,
  `numgen inc mod 2 0`,
  `iifname . ip saddr { "wg0" . 10.0.0.2, "out" . 192.168.0.7 }`,
];
const ENDS = ["accept", "drop", "return", "continue", "counter", "log", "jump sub0", "goto sub1"];

const IPTABLES_TESTS = [
  "-i wg0",
  "! -i wg0",
  "-i lo",
  "-p udp -m udp --dport 53",
  "-p udp -m udp ! --dport 53",
  "-p tcp -m tcp --dport 20:30",
  "-p tcp -m multiport --dports 22,80:90",
  "-p udp -m multiport ! --dports 53",
  "! -p tcp",
  "-p ICMP",
  "-p ICMP --icmp-type ECHO",
  "-p ICMP --icmp-type 1",
  "-m addrtype --dst-type LOCAL",
  "-m addrtype ! --dst-type LOCAL",
  `-m comment --comment "a \\"b\\" -j ACCEPT ! -i lo"`,
  `-m comment --comment "-i"`,
  `-m comment --comment !`,
];
const IPTABLES_STATES = [
  "-m conntrack --ctstate NEW",
  "-m conntrack ! --ctstate RELATED,ESTABLISHED",
  "-m conntrack --ctstate DNAT",
  "-m state --state NEW",
  "-m state --state INVALID",
];
const IPTABLES_UNKNOWN = [
  "-m addrtype --src-type LOCAL",
  "-i w+",
  "-i out",
  "-m limit --limit 1/hour",
  "-m mark --mark 0x0/0xf",
  "-m statistic --mode nth --every 2 --packet 0",
  "-m pkttype --pkt-type unicast",
  "-p tcp -m tcp --tcp-flags SYN,ACK SYN",
  "-p udp -m udp --sport 1024:65535",
];

export function firewalls(): fc.Arbitrary<RandomFirewall> {
  return fc.boolean().chain((isPlain) =>
    fc.record({
      isPlain: fc.constant(isPlain),
      isNamed: fc.boolean(),
      nft: fc.array(nftTables(isPlain), { maxLength: 2 }).map(join),
      iptables: savedTables(isPlain, 4),
      ip6tables: savedTables(isPlain, 6),
    }),
  );
}

function join(texts: readonly string[]): string {
  return texts.map((text, at) => text.replace("TABLE", `foreign${at}`)).join("");
}

/** With two chains that the base chain may jump to; the second of them goes nowhere else. */
function nftTables(isPlain: boolean): fc.Arbitrary<string> {
  return fc
    .record({
      family: fc.constantFrom("inet", "inet", "ip", "ip6"),
      hook: fc.constantFrom(...HOOKS),
      priority: fc.constantFrom(-150, -1, 0, 10),
      policy: fc.constantFrom("accept", "drop"),
    })
    .chain(({ family, hook, priority, policy }) => {
      const draw = (at: number, more: readonly string[]): fc.Arbitrary<string> =>
        fc.array(nftRules(isPlain, { family, hook, level: at, more }), { maxLength: 5 }).map(lines);
      return fc
        .tuple(draw(2, []), draw(1, []), draw(0, hook === "prerouting" ? [] : ["reject"]))
        .map(
          ([sub1, sub0, base]) => `table ${family} TABLE {
set ports { type inet_service; flags interval; elements = { 22, 50-60 }; }
set pairs { type inet_proto . inet_service; elements = { tcp . 80, udp . 53 }; }
map ends { type inet_service : verdict; elements = { 22 : accept, 53 : jump sub1 }; }
chain sub1 {\n${sub1}}
chain sub0 {\n${sub0}}
chain base {\ntype filter hook ${hook} priority ${priority}; policy ${policy};\n${base}}
}
`,
        );
    });
}

function nftRules(
  isPlain: boolean,
  place: { family: string; hook: Hook; level: number; more: readonly string[] },
): fc.Arbitrary<string> {
  const { family, hook, level } = place;
  const tests = [
    ...NFT_TESTS,
    ...(hook === "prerouting" ? [] : NFT_STATES),
    ...(hook === "forward" ? [`oifname "wg0"`, `oifname != "wg0"`] : []),
    ...(isPlain ? [] : NFT_UNKNOWN),
  ].filter((test) => isOfFamily(test, family));
  const isDeeper = (text: string): boolean =>
    (level < 1 || !text.includes("sub0")) && (level < 2 || !/sub1|@ends/.test(text));
  const ends = [...ENDS, ...place.more].filter(isDeeper);
  const maps = NFT_MAPS.filter(isDeeper);
  return fc
    .tuple(fc.array(fc.constantFrom(...tests), { maxLength: 2 }), fc.constantFrom(...ends, ...maps))
    .map(([drawn, end]) => [...drawn, end].join(" "))
    .filter((rule) => !isContradictory(rule));
}

function isOfFamily(test: string, family: string): boolean {
  if (family === "ip") return !/ip6|icmpv6|ipv4/.test(test);
  return family === "inet" || !/ip (saddr|protocol)|icmp |ipv4|protocol ip6/.test(test);
}

/** nft takes no rule that asks for two protocols at once. */
function isContradictory(rule: string): boolean {
  const layers = [
    /\btcp (dport|flags)/,
    /\budp dport/,
    /\bicmp type/,
    /icmpv6 type/,
    /meta l4proto (?!vmap)|\bth dport/,
    /ip protocol/,
    /nexthdr/,
    /l4proto vmap/,
  ];
  const networks = [/\bip (saddr|protocol)|\bicmp /, /\bip6 |icmpv6 /, /nfproto/, /meta protocol/];
  const isTwice = (patterns: readonly RegExp[]): boolean =>
    patterns.filter((pattern) => pattern.test(rule)).length > 1;
  return isTwice(layers) || isTwice(networks);
}

function savedTables(isPlain: boolean, family: 4 | 6): fc.Arbitrary<string> {
  const chains = (hook: Hook): fc.Arbitrary<string> =>
    fc
      .array(savedRules(isPlain, hook), { maxLength: 4 })
      .map((rules) => rules.map((rule) => `-A ${hook.toUpperCase()} ${rule}\n`).join(""));
  const subs = fc.array(savedRules(isPlain, "prerouting"), { maxLength: 3 }).map((rules) =>
    rules
      .map((rule) => rule.replace(/-[jg] sub$/, "-j LOG"))
      .map((rule) => `-A sub ${rule}\n`)
      .join(""),
  );
  const policies = fc.constantFrom("ACCEPT", "DROP");
  return fc
    .record({
      input: chains("input"),
      forward: chains("forward"),
      early: chains("prerouting"),
      subs,
      early_subs: subs,
      one: policies,
      two: policies,
    })
    .map(({ input, forward, early, subs: sub, early_subs: earlySub, one, two }) => {
      const text = `*filter\n:INPUT ${one} [0:0]\n:FORWARD ${two} [0:0]\n:sub - [0:0]\n${sub}${input}${forward}COMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n:sub - [0:0]\n${earlySub}${early.replaceAll("-j REJECT", "-j DROP")}COMMIT\n`;
      return family === 4
        ? text.replaceAll("ICMP", "icmp").replaceAll("ECHO", "8")
        : text
            .replaceAll("--icmp-type", "--icmpv6-type")
            .replaceAll("ICMP", "ipv6-icmp")
            .replaceAll("ECHO", "128");
    });
}

function savedRules(isPlain: boolean, hook: Hook): fc.Arbitrary<string> {
  const tests = [
    ...IPTABLES_TESTS,
    ...(hook === "prerouting" ? [] : IPTABLES_STATES),
    ...(hook === "forward" ? ["-o wg0", "! -o wg0"] : []),
    ...(isPlain ? [] : IPTABLES_UNKNOWN),
  ];
  const ends = [
    "-j ACCEPT",
    "-j DROP",
    "-j RETURN",
    "-j LOG",
    "-j sub",
    "-g sub",
    ...(hook === "prerouting" ? [] : ["-j REJECT"]),
    "",
  ];
  const drawn = fc.uniqueArray(fc.constantFrom(...tests), {
    maxLength: 2,
    selector: (test) => /-[pim]|-o/.exec(test)?.[0],
  });
  return fc
    .tuple(drawn, fc.constantFrom(...ends))
    .map(([all, end]) => [...all, end].join(" ").trim());
}

function lines(rules: readonly string[]): string {
  return rules.map((rule) => `${rule}\n`).join("");
}
