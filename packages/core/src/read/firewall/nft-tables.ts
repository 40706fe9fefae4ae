/** Reads what `nft -j list ruleset` prints; a test that it does not understand may hold or not. */
import { parseJson } from "../../json.ts";
import { protocolName } from "./iptables-tables.ts";
import { addRules, unknownTest } from "./walk.ts";
import type { Draft, Field, Rule, Table, Test, Value, Verdict } from "./walk.ts";

/** What a rule compares: a field, and what must hold that a packet has it. */
interface Operand {
  readonly field: Field;
  readonly needs: readonly Test[];
}

/** The elements of a named set or map; undefined where they come and go. */
type Named = ReadonlyMap<string, readonly unknown[] | undefined>;

/** Statements behind which a packet goes on. */
const PASSING = /^(continue|counter|log|mangle|notrack|ct helper|ct timeout|last)$/;
/** Statements behind which it goes on, or it is as if the rule were not there. */
const TESTING = /^(limit|quota|ct count|set|meter|flow)$/;
/** A set holds lists, which hold elements, which hold values. */
const DEEPEST = 8;

export function parseNftRuleset(text: string): readonly Table[] {
  const objects = listOf(read(parseJson(text), "nftables"));
  const named: Named = new Map(objects.flatMap(namedElements));
  const tables = new Map<string, { table: Table; chains: Map<string, Draft> }>();
  for (const object of objects) {
    const [kind = "", value] = only(object);
    const key = textsOf(value, "family", kind === "table" ? "name" : "table").join(" ");
    const chains = tables.get(key)?.chains;
    if (kind === "table" && isAtWork(value)) {
      const fresh = new Map<string, Draft>();
      const [family = "", name = ""] = textsOf(value, "family", "name");
      tables.set(key, { table: { program: "nft", family, name, chains: fresh }, chains: fresh });
    } else if (kind === "chain") addChain(chains, value);
    else if (kind === "rule") addRule(chains, value, scopeOf(named, key));
  }
  return [...tables.values()].map(({ table }) => table);
}

function namedElements(object: unknown): [string, readonly unknown[] | undefined][] {
  const [kind = "", value] = only(object);
  if (kind !== "set" && kind !== "map") return [];
  const isFleeting = /dynamic|timeout/.test(flagsOf(value).join(" "));
  const name = textsOf(value, "family", "table", "name").join(" ");
  return [[name, isFleeting ? undefined : listOf(read(value, "elem"))]];
}

type Scope = (name: string) => readonly unknown[] | undefined;

function scopeOf(named: Named, table: string): Scope {
  return (name) => named.get(`${table} ${name}`);
}

/** A dormant table is not; some versions have another word for it. */
function isAtWork(table: unknown): boolean {
  return flagsOf(table).every((flag) => flag === "owner" || flag === "persist");
}

function addChain(chains: Map<string, Draft> | undefined, value: unknown): void {
  const [name = "", hook = "", type = ""] = textsOf(value, "name", "hook", "type");
  const policy = { hook, isDropping: read(value, "policy") === "drop" };
  const isMet = hook !== "" && type !== "nat";
  chains?.set(name, { count: 0, rules: [], ...(isMet ? { policy } : {}) });
}

function addRule(chains: Map<string, Draft> | undefined, value: unknown, scope: Scope): void {
  const [name = ""] = textsOf(value, "chain");
  const chain = chains?.get(name);
  if (chain === undefined) return;
  const comment = read(value, "comment");
  const said = typeof comment === "string" ? { comment } : {};
  const rules = readRules(listOf(read(value, "expr")), scope);
  addRules(
    chain,
    rules.map((rule) => ({ ...rule, ...said })),
  );
}

/** One rule, or one for each verdict that it may come to. */
function readRules(statements: readonly unknown[], scope: Scope): Omit<Rule, "position">[] {
  const tests: Test[] = [];
  const rules: Omit<Rule, "position">[] = [];
  for (const statement of statements) {
    const [name = "", value] = only(statement);
    const verdict = readVerdict(statement);
    if (verdict !== undefined) rules.push({ tests: [...tests], verdict });
    else if (name === "match") tests.push(...readMatch(value, scope));
    else if (name === "vmap") {
      rules.push(
        ...readMap(value, scope).map((rule) => ({ ...rule, tests: [...tests, ...rule.tests] })),
      );
    } else if (TESTING.test(name)) tests.push(unknownTest());
    else if (!PASSING.test(name)) {
      tests.push(unknownTest());
      rules.push({ tests: [...tests], verdict: "unknown" });
    }
  }
  return rules;
}

function readVerdict(statement: unknown): Verdict | undefined {
  const [name, value] = only(statement);
  if (name === "accept" || name === "drop" || name === "return") return name;
  if (name === "reject") return "drop";
  if (name !== "jump" && name !== "goto") return undefined;
  const [chain = ""] = textsOf(value, "target");
  return { kind: name, chain };
}

/** A map of verdicts: as many rules, of which at most one holds. */
function readMap(value: unknown, scope: Scope): Omit<Rule, "position">[] {
  const operand = readOperand(read(value, "key"));
  const entries = alternatives(read(value, "data"), scope, 0);
  return entries.flatMap((entry) => {
    const [key, statement] = listOf(entry);
    if (only(statement)[0] === "continue") return [];
    const tests = compare(operand, [key], false);
    return [{ tests, verdict: readVerdict(statement) ?? "unknown" }];
  });
}

function readMatch(value: unknown, scope: Scope): readonly Test[] {
  const right = read(value, "right");
  const [operator = ""] = textsOf(value, "op");
  // Flags that must all be there, and no others.
  const isExact = operator === "==" && (Array.isArray(right) || read(right, "|") !== undefined);
  const isKnown = ["==", "!=", "!", "in"].includes(operator) && !isExact;
  const listed = Array.isArray(right) ? right : alternatives(right, scope, 0);
  const items = isKnown ? listed : [undefined];
  const isNot = operator === "!=" || operator === "!";
  return compare(readOperand(read(value, "left")), items, isNot);
}

/** Without what it needs, a packet fits no comparison, not even one that says what it must not be. */
function compare({ field, needs }: Operand, items: readonly unknown[], isNot: boolean): Test[] {
  return [...needs, { field, values: items.map((item) => readValue(item, field)), isNot }];
}

function readOperand(left: unknown): Operand {
  const [kind, value] = only(left);
  const other: Operand = { field: "other", needs: [] };
  if (kind === "&") return { ...other, needs: readOperand(listOf(value)[0]).needs };
  if (kind === "payload") return readPayload(value);
  const [key = "", result = ""] = textsOf(value, "key", "result");
  const fields: Readonly<Record<string, Field>> = {
    "meta iif": "incoming",
    "meta iifname": "incoming",
    "meta oif": "outgoing",
    "meta oifname": "outgoing",
    "meta l4proto": "protocol",
    "meta nfproto": "family",
    "meta protocol": "family",
    "ct state": "state",
    "ct status": "translation",
    "fib type daddr": "target",
  };
  const name = kind === "fib" ? `fib ${result} ${flagsOf(value).join(" ")}` : `${kind} ${key}`;
  return { field: fields[name] ?? "other", needs: [] };
}

function readPayload(value: unknown): Operand {
  const [protocol = "", name = ""] = textsOf(value, "protocol", "field");
  switch (protocol) {
    case "ip":
    case "ip6": {
      const isProtocol = name === "protocol" || name === "nexthdr";
      const needs = [is("family", protocol === "ip" ? "ipv4" : "ipv6")];
      return { field: isProtocol ? "protocol" : "other", needs };
    }
    case "icmp":
    case "icmpv6":
      return { field: name === "type" ? "icmp" : "other", needs: [isOf(protocol)] };
    // It looks at whatever stands where a port would.
    case "th":
      return { field: name === "dport" ? "port" : "other", needs: [] };
    case "tcp":
    case "udp":
    case "sctp":
    case "dccp":
    case "udplite":
      return { field: name === "dport" ? "port" : "other", needs: [isOf(protocol)] };
    // Of a link, or of bytes that have no name.
    default:
      return { field: "other", needs: [] };
  }
}

function isOf(...protocols: readonly string[]): Test {
  return is("protocol", ...protocols.map(protocolName));
}

function is(field: Field, ...values: readonly string[]): Test {
  return { field, values, isNot: false };
}

/** What stands on the right, one by one; undefined for what may be anything. */
function alternatives(right: unknown, scope: Scope, depth: number): readonly unknown[] {
  if (depth > DEEPEST) return [undefined];
  if (typeof right === "string" && right.startsWith("@")) {
    return scope(right.slice(1)) ?? [undefined];
  }
  const [kind, value] = only(right);
  if (kind !== "set" && kind !== "|") return [right];
  return listOf(value).flatMap((item) => alternatives(item, scope, depth + 1));
}

function readValue(item: unknown, field: Field): Value {
  // With a counter or a comment, an element is wrapped.
  const value = read(read(item, "elem"), "val") ?? item;
  const [first, last] = listOf(read(value, "range"));
  if (typeof first === "number" && typeof last === "number") return [first, last];
  if (field === "protocol" && (typeof value === "string" || typeof value === "number")) {
    return protocolName(value);
  }
  if (typeof value === "number") return [value, value];
  if (typeof value !== "string") return undefined;
  return field === "family" ? value.replace(/^ip$/, "ipv4").replace(/^ip6$/, "ipv6") : value;
}

function read(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The name and the value of an object's only field. */
function only(value: unknown): readonly [string?, unknown?] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value)[0] ?? [];
}

function textsOf(value: unknown, ...keys: readonly string[]): readonly string[] {
  return keys.map((key) => read(value, key)).map((text) => (typeof text === "string" ? text : ""));
}

/** One word, or a list of them. */
function flagsOf(value: unknown): readonly string[] {
  const flags = read(value, "flags");
  return (Array.isArray(flags) ? flags : [flags]).filter((flag) => typeof flag === "string");
}
