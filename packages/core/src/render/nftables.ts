/** Prints a device's rules for `nft -f`: one table of our own, loaded and removed as a whole. */
import type { Family } from "../ip/address.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PortRange } from "../model/mesh.ts";
import type { Device } from "../plan/device.ts";
import { chainsOf, disguisesOf, familiesOf, mergePorts } from "./chains.ts";
import type { Chain, ChainRule, Disguise, Verdict } from "./chains.ts";
import type { Pieces, Printed } from "./printed.ts";
import { HEADER } from "./wg-setconf.ts";

const POSTROUTING =
  "\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n";

/** The name of our table. nft takes all of an interface name's characters in it but = and +. */
export function ruleTable(device: Pick<Device, "interface">): string {
  return `warren-${device.interface.replaceAll(/[=+]/g, "_")}`;
}

/** How a host loads and removes a device's rules out of the file that is called so, but for its ending. */
export function ruleLoading(
  device: Device,
  file: string,
): { readonly load: string; readonly unload: (quote: string) => string } {
  if (device.firewall === "iptables") {
    return { load: `sh ${file}.iptables up`, unload: () => `sh ${file}.iptables down` };
  }
  const table = `table inet ${ruleTable(device)}`;
  // Added first, because somebody may have flushed it: a hook that fails would leave the tunnel down.
  const unload = (quote: string): string => `nft ${quote}${table}; delete ${table}${quote}`;
  return { load: `nft -f ${file}.nft`, unload };
}

/** The file /etc/wireguard/INTERFACE.nft. Loading it again replaces what was loaded before. */
export function renderNftables(device: Device, printed: Printed): Pieces {
  const table = ruleTable(device);
  const sets = new Sets(printed);
  const chains = chainsOf(device).map((chain) => printChain(device, chain, sets));
  const masquerades = disguisesOf(device).map((each) => `\t\t${masqueradeRule(device, each)}\n`);
  return [
    HEADER,
    // Adding an empty table first makes deleting it safe when there is none yet.
    `table inet ${table}\ndelete table inet ${table}\n`,
    `table inet ${table} {\n`,
    ...sets.text,
    ...chains,
    ...(masquerades.length === 0 ? [] : [POSTROUTING, ...masquerades, `\t}\n`]),
    `}\n`,
  ];
}

/** The lists of addresses in one table, each a named set, however many rules use it. */
class Sets {
  readonly #printed: Printed;
  readonly #names = new Map<string, string>();
  readonly #pieces: string[] = [];

  constructor(printed: Printed) {
    this.#printed = printed;
  }

  get text(): Pieces {
    return this.#pieces;
  }

  /** What to compare an address with: a single prefix, or the name of a set. */
  of(prefixes: readonly Prefix[], family: Family): string {
    const elements = this.#printed.prefixes(prefixes)[family];
    if (!elements.includes(",")) return elements;
    const known = this.#names.get(elements);
    if (known !== undefined) return known;
    const name = `list${this.#names.size + 1}`;
    this.#names.set(elements, `@${name}`);
    const type = `\t\ttype ipv${family}_addr; flags interval;\n`;
    this.#pieces.push(`\tset ${name} {\n${type}\t\telements = { ${elements} }\n\t}\n`);
    return `@${name}`;
  }
}

function printChain(device: Device, { name, rules }: Chain, sets: Sets): string {
  const lines = rules.flatMap((rule) => printRule(device, rule, sets));
  const head = name === "input" || name === "forward" ? headLines(device, name) : [];
  return `\tchain ${name} {\n${[...head, ...lines].map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}

function headLines(device: Device, hook: "input" | "forward"): readonly string[] {
  // Machines behind the host know nothing of the tunnel's smaller packets.
  const clamp = `oifname "${device.interface}" tcp flags syn tcp option maxseg size set rt mtu`;
  return [
    `type filter hook ${hook} priority filter; policy accept;`,
    ...(hook === "forward" ? [clamp] : []),
    `iifname != "${device.interface}" accept`,
    `ct state established,related accept`,
  ];
}

function printRule(device: Device, rule: ChainRule, sets: Sets): readonly string[] {
  const { isBack, from, to, ports, verdict } = rule;
  const out = isBack === true ? [`oifname "${device.interface}"`] : [];
  const end = printVerdict(verdict);
  if (from === undefined && to === undefined) return [[...out, end].join(" ")];
  return familiesOf(rule).flatMap((family) => {
    const ends = [
      ...(from === undefined ? [] : printEnd("saddr", sets.of(from, family), family)),
      ...(to === undefined ? [] : printEnd("daddr", sets.of(to, family), family)),
    ];
    const matches = [...out, ...(ends.length > 0 ? ends : [`meta nfproto ipv${family}`])];
    return printPorts(ports, family).map((port) => [...matches, ...port, end].join(" "));
  });
}

/** A whole family is no condition. */
function printEnd(end: "saddr" | "daddr", value: string, family: Family): readonly string[] {
  if (value.endsWith("/0")) return [];
  return [`${family === 4 ? "ip" : "ip6"} ${end} ${value}`];
}

/** One line a protocol; one with no condition when every protocol is meant. */
function printPorts(
  ports: readonly PortRange[] | undefined,
  family: Family,
): readonly (readonly string[])[] {
  if (ports === undefined) return [[]];
  const merged = mergePorts(ports);
  const icmp = family === 4 ? "icmp" : "ipv6-icmp";
  return (["icmp", "tcp", "udp"] as const).flatMap((protocol) => {
    const ranges = merged
      .filter((range) => range.protocol === protocol)
      .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
    if (ranges.length === 0) return [];
    if (protocol === "icmp") return [[`meta l4proto ${icmp}`]];
    const all = ranges.length === 1 ? ranges.join() : `{ ${ranges.join(", ")} }`;
    return [[`${protocol} dport ${all}`]];
  });
}

function printVerdict(verdict: Verdict): string {
  if (typeof verdict === "string") return verdict;
  return "jump" in verdict ? `jump ${verdict.jump}` : `goto ${verdict.goto}`;
}

/** What came out of the tunnel answers to the host's address, so that machines need no route back. */
function masqueradeRule(device: Device, { prefix, towards, isMasked }: Disguise): string {
  const out = towards === undefined ? `oifname != "${device.interface}"` : `oifname "${towards}"`;
  const family = prefix.family === 4 ? "ip" : "ip6";
  return `iifname "${device.interface}" ${out} ${family} daddr ${printPrefix(prefix)} ${isMasked ? "masquerade" : "return"}`;
}
