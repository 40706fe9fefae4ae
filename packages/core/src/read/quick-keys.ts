/** The keys that wg-quick keeps for itself: where it sees them, and what it and ip make of their values. */
import type { Place } from "../finding.ts";
import { addressWidth, parseAddress, printAddress } from "../ip/address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import * as messages from "../messages/foreign-quick.ts";
import { keyTwice } from "../messages/foreign-wg.ts";
import { Problem } from "../problem.ts";
import { findEarlier } from "../remember.ts";
import { QUICK_KEYS } from "./config-blocks.ts";
import type { BlockContext } from "./config-blocks.ts";
import { findKey, foldCase, trimSpace, withoutComment } from "./config-lines.ts";
import type { ConfigLine } from "./config-lines.ts";
import type { ForeignDevice, ForeignHooks, Placed } from "./foreign.ts";
import type { Field, Findings } from "./wg-fields.ts";
import { readAllowedIp } from "./wg-values.ts";

const HOOKS: ReadonlyMap<string, keyof ForeignHooks> = new Map([
  ["PreUp", "preUp"],
  ["PostUp", "postUp"],
  ["PreDown", "preDown"],
  ["PostDown", "postDown"],
]);

/** What a device has of them. */
export type QuickKeys = Pick<
  ForeignDevice,
  "addresses" | "mtu" | "table" | "dns" | "saveConfig" | "hooks"
>;

type Draft = { -readonly [Key in keyof QuickKeys]: QuickKeys[Key] } & {
  readonly addresses: Placed<InterfaceAddress>[];
  readonly dns: Placed<string>[];
  readonly hooks: { readonly [Key in keyof ForeignHooks]: Placed<string>[] };
};

/** Parts what wg-quick takes for itself from what it passes on to wg, as its parse_options does. */
export function splitQuickKeys(
  lines: readonly ConfigLine[],
  context: BlockContext,
): { readonly own: readonly Field[]; readonly rest: readonly ConfigLine[] } {
  const own: Field[] = [];
  const rest: ConfigLine[] = [];
  let isInterface = false;
  for (const line of lines) {
    // Nearly all lines are those of peers: only a head could make one wg-quick's.
    if (!isInterface && !line.text.includes("[")) {
      rest.push(line);
      continue;
    }
    const stripped = withoutComment(line.text);
    const written = trimSpace(stripped.split("=", 1)[0] ?? "");
    if (written.startsWith("[")) isInterface = foldCase(written) === "[interface]";
    checkHead(line, isInterface, context);
    const key = isInterface ? findKey(QUICK_KEYS, written) : undefined;
    if (key === undefined) rest.push(line);
    else own.push(readQuickLine(line, key, context.file));
  }
  return { own, rest };
}

/** Its value as written, comment included: it is for hooks alone that this differs between versions. */
export function readQuickLine(line: ConfigLine, key: string, file: string): Field {
  const text = HOOKS.has(key) ? line.text : withoutComment(line.text);
  // A line without = has its key for its value, too.
  const equals = text.indexOf("=");
  const behind = text.slice(equals + 1);
  const value = trimSpace(behind);
  const start = equals + 1 + behind.indexOf(value);
  const placeAt = (column: number): Place => ({ file, line: line.number, column: column + 1 });
  const place = placeAt(text.search(/[^ \t\v\f\r]/));
  const at = (offset: number) => placeAt(start + offset);
  return { key, value, place, valuePlace: at(0), at };
}

/** Reads each key, the last one where only one counts; context gets what is wrong. */
export function readQuickKeys(entries: readonly Field[], context: Findings): QuickKeys {
  const draft: Draft = {
    addresses: [],
    dns: [],
    hooks: { preUp: [], postUp: [], preDown: [], postDown: [] },
  };
  const firsts = new Map<string, Place>();
  for (const entry of entries) {
    const { key, value, place } = entry;
    const first = findEarlier(firsts, key, place);
    if (first !== undefined && /^(MTU|Table|SaveConfig)$/.test(key)) {
      context.findings.push(keyTwice(place, key, first));
    }
    if (value !== "" || key === "SaveConfig") readQuickKey(draft, entry, context);
    else context.findings.push(messages.emptyKey(place, key));
  }
  checkDns(draft.dns, context);
  return draft;
}

function checkHead(line: ConfigLine, isInterface: boolean, { file, findings }: BlockContext): void {
  if (isInterface || !line.cleaned.startsWith("[")) return;
  if (foldCase(line.cleaned) !== "[interface]") return;
  const column = line.text.indexOf("[") + 1;
  findings.push(messages.hiddenInterface({ file, line: line.number, column }));
}

function readQuickKey(draft: Draft, entry: Field, context: Findings): void {
  const { key, value, valuePlace: place } = entry;
  switch (key) {
    case "Address":
      draft.addresses.push(...readAddresses(entry, context));
      break;
    case "DNS":
      draft.dns.push(...splitList(entry));
      break;
    case "MTU": {
      const mtu = readMtu(entry, context);
      if (mtu !== undefined) draft.mtu = { value: mtu, place };
      break;
    }
    case "Table":
      checkTable(entry, context);
      draft.table = { value, place };
      break;
    case "SaveConfig": {
      const isSaved = /^true$/i.test(value);
      if (isSaved) context.findings.push(messages.saveConfig(place));
      else if (!/^false$/i.test(value)) context.findings.push(messages.badSaveConfig(place, value));
      draft.saveConfig = { value: isSaved, place };
      break;
    }
    default: {
      // What else a format knows is none of wg-quick's, and may be a secret.
      const hook = HOOKS.get(key);
      if (hook === undefined) return;
      checkHook(entry, context);
      draft.hooks[hook].push({ value, place });
    }
  }
}

function readAddresses(entry: Field, { findings }: Findings): Placed<InterfaceAddress>[] {
  return splitList(entry).flatMap(({ value: text, place }) => {
    const value = readAllowedIp(text);
    if (value === undefined) {
      findings.push(messages.badAddress(place, text));
      return [];
    }
    if (!text.includes("/")) {
      const { address } = value;
      findings.push(messages.noMask(place, printAddress(address), addressWidth(address.family)));
    }
    return [{ value, place }];
  });
}

/** Items between commas and the blanks at which bash splits words, each with its column. */
function splitList({ value, at }: Field): Placed<string>[] {
  return [...value.matchAll(/[^ \t\n,]+/g)].map((match) => {
    return { value: match[0], place: at(match.index) };
  });
}

/** The kernel's WireGuard takes up to 2^31 less what it adds, and ip no less than IPv4's 68 (RFC 791). */
function readMtu({ value, valuePlace }: Field, { findings }: Findings): number | undefined {
  const mtu = Number(value);
  if (!/^\d{1,9}$/.test(value) || mtu < 68) {
    findings.push(messages.badMtu(valuePlace, value));
    return undefined;
  }
  if (mtu < 576 || mtu > 9000) findings.push(messages.oddMtu(valuePlace, mtu));
  return mtu;
}

function checkTable({ value, valuePlace }: Field, { findings }: Findings): void {
  if (value === "auto" || value === "off") return;
  if (/^(0|[1-9]\d{0,9})$/.test(value)) {
    if (Number(value) === 0 || Number(value) > 0xffff_ffff) {
      findings.push(messages.badTable(valuePlace, value));
    }
  } else if (/^(auto|off)$/i.test(value)) {
    findings.push(messages.tableCase(valuePlace, value, foldCase(value)));
  } else if (/^(main|local|default)$/.test(value)) {
    // Each host has these three.
  } else if (/^[\w.-]+$/.test(value)) findings.push(messages.namedTable(valuePlace, value));
  else findings.push(messages.badTable(valuePlace, value));
}

function checkHook({ key, value, valuePlace, at }: Field, { findings }: Findings): void {
  const hash = value.indexOf("#");
  if (hash !== -1) {
    findings.push(messages.hookComment(at(hash), key));
  }
  if (key === "PreUp" && /\bwg\s+(set|setconf|addconf|syncconf)\b/.test(value)) {
    findings.push(messages.earlyHook(valuePlace));
  }
}

/** wg-quick takes for a server what is all digits and dots or has a colon, and the rest for domains. */
function checkDns(dns: readonly Placed<string>[], { findings }: Findings): void {
  const servers = dns.filter(({ value }) => /^[0-9.]+$/.test(value) || value.includes(":"));
  const [first] = dns;
  if (first !== undefined && servers.length === 0) findings.push(messages.dnsIgnored(first.place));
  for (const { value, place } of servers) {
    if (parseAddress(value) instanceof Problem) findings.push(messages.oddDns(place, value));
  }
}
