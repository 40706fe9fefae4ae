/** Reads what iptables-save and ip6tables-save print; a test that it does not understand may hold or not. */
import { addRules, unknownTest } from "./walk.ts";
import type { Draft, Table, Test, Value, Verdict } from "./walk.ts";

interface Option {
  readonly name: string;
  readonly values: readonly string[];
  readonly isNot: boolean;
}

/** The tests of these modules are understood, or they only say what a rule says anyway. */
const MODULES = /^(tcp|udp|icmp|icmp6|multiport|conntrack|state|comment|addrtype)$/;
/** Targets behind which a packet goes on. */
const PASSING =
  /^(LOG|NFLOG|ULOG|AUDIT|TRACE|MARK|CONNMARK|CLASSIFY|CHECKSUM|CT|NOTRACK|DSCP|TOS|TTL|HL|TCPMSS|TCPOPTSTRIP|SECMARK|CONNSECMARK|SET|TEE)$/;

export function parseIptablesSave(
  text: string,
  program: "iptables" | "ip6tables",
): readonly Table[] {
  const family = program === "iptables" ? "ip" : "ip6";
  const tables: { name: string; chains: Map<string, Draft> }[] = [];
  for (const line of text.split("\n")) {
    const chains = tables.at(-1)?.chains;
    if (line.startsWith("*")) tables.push({ name: line.slice(1).trim(), chains: new Map() });
    else if (line.startsWith(":")) addChain(chains, line);
    else if (line.startsWith("-A ")) addRule(chains, line);
  }
  return tables.map(({ name, chains }) => ({ program, family, name, chains }));
}

function addChain(chains: Map<string, Draft> | undefined, line: string): void {
  const [name = "", word] = line.slice(1).split(" ");
  const policy = { hook: name.toLowerCase(), isDropping: word === "DROP" };
  chains?.set(name, { count: 0, rules: [], ...(word === "-" ? {} : { policy }) });
}

function addRule(chains: Map<string, Draft> | undefined, line: string): void {
  const options = readOptions(line);
  const [first] = options;
  const name = first?.values[0] ?? "";
  const chain = chains?.get(name);
  if (chain === undefined) return;
  const verdict = readVerdict(options.at(-1));
  const tests = options.slice(1).flatMap(readTest);
  const [comment] = options.find(({ name }) => name === "--comment")?.values ?? [];
  const said = comment === undefined ? {} : { comment: comment.replaceAll(/^"|"$/g, "") };
  addRules(chain, verdict === undefined ? [] : [{ tests, verdict, ...said }]);
}

/** Up to the target, whose own options decide nothing. What is quoted is a value, whatever it says. */
function readOptions(line: string): readonly Option[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const options: { name: string; values: string[]; isNot: boolean }[] = [];
  let isNot = false;
  for (const word of words) {
    const last = options.at(-1);
    const isComment = last?.name === "--comment" && last.values.length === 0;
    if (word.startsWith("-") && !isComment) {
      if (last?.name === "-j" || last?.name === "-g") break;
      options.push({ name: word, values: [], isNot });
      isNot = false;
    } else if (word === "!" && !isComment) isNot = true;
    else last?.values.push(word);
  }
  return options;
}

function readVerdict(option: Option | undefined): Verdict | undefined {
  const [target = ""] = option?.values ?? [];
  if (option?.name === "-g") return { kind: "goto", chain: target };
  if (option?.name !== "-j" || PASSING.test(target)) return undefined;
  if (target === "ACCEPT") return "accept";
  if (target === "RETURN") return "return";
  if (target === "DROP" || target === "REJECT") return "drop";
  // A target that is no chain of the table has an end that nobody knows.
  return { kind: "jump", chain: target };
}

function readTest({ name, values, isNot }: Option): readonly Test[] {
  const [value = ""] = values;
  const list = value.split(",");
  const lower = value.toLowerCase().split(",");
  switch (name) {
    case "-j":
    case "-g":
    case "--comment":
      return [];
    case "-m":
      return MODULES.test(value) ? [] : [unknownTest()];
    case "-i":
      return [{ field: "incoming", values: [value.replace(/\+$/, "*")], isNot }];
    case "-o":
      return [{ field: "outgoing", values: [value.replace(/\+$/, "*")], isNot }];
    case "-p":
      return value === "all" ? [] : [{ field: "protocol", values: [protocolName(value)], isNot }];
    case "--dport":
    case "--dports":
      return [{ field: "port", values: list.map(readPorts), isNot }];
    case "--icmp-type":
    case "--icmpv6-type":
      return [{ field: "icmp", values: [readIcmpType(name, value)], isNot }];
    case "--ctstate":
    case "--state": {
      const count = lower.filter((word) => word === "dnat" || word === "snat").length;
      if (count === 0) return [{ field: "state", values: lower, isNot }];
      return count < lower.length
        ? [unknownTest()]
        : [{ field: "translation", values: lower, isNot }];
    }
    case "--dst-type":
      return [{ field: "target", values: lower, isNot }];
    default:
      return [unknownTest()];
  }
}

/** As nft names it; some programs write its number. */
export function protocolName(value: string | number): string {
  const names: Readonly<Record<string, string>> = {
    "1": "icmp",
    "6": "tcp",
    "17": "udp",
    "58": "ipv6-icmp",
    icmpv6: "ipv6-icmp",
  };
  return names[value] ?? String(value);
}

function readPorts(text: string): Value {
  const [first = "", last = first] = text.split(":");
  return /^\d+$/.test(first) && /^\d+$/.test(last) ? [Number(first), Number(last)] : undefined;
}

/** A type, or a type and a code, which nobody can know. */
function readIcmpType(option: string, value: string): Value {
  if (value === "any") return "*";
  if (value.includes("/")) return undefined;
  return value === (option === "--icmp-type" ? "8" : "128") ? "echo-request" : value;
}
