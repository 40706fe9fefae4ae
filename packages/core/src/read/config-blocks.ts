/** Groups the lines that wg is given into sections of keys and values; judges no value. */
import type { Finding, Place } from "../finding.ts";
import * as messages from "../messages/foreign-wg.ts";
import { say } from "../phrase.ts";
import { nearest } from "../wording.ts";
import { createLocator, findKey, foldCase, placeIn } from "./config-lines.ts";
import type { ConfigLine } from "./config-lines.ts";
import type { Field } from "./wg-fields.ts";

export interface Entry extends Field {
  readonly line: ConfigLine;
}

export interface Block {
  readonly kind: "interface" | "peer";
  readonly place: Place;
  readonly entries: readonly Entry[];
  /** In and right above it, without their #. */
  readonly comments: readonly string[];
  /** Keys of wg-quick which only it could have read, had it seen the section. */
  readonly hidden: readonly Entry[];
}

export interface BlockContext {
  readonly file: string;
  readonly findings: Finding[];
  /** wg-quick has taken its own keys out where it saw them. */
  readonly isQuick: boolean;
}

export const QUICK_KEYS = [
  "Address",
  "DNS",
  "MTU",
  "Table",
  "PreUp",
  "PostUp",
  "PreDown",
  "PostDown",
  "SaveConfig",
] as const;

const WG_KEYS = {
  interface: ["PrivateKey", "ListenPort", "FwMark"],
  peer: ["PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"],
} as const;

/** All keys of both. */
export const KEYS = [...QUICK_KEYS, ...WG_KEYS.interface, ...WG_KEYS.peer] as const;

interface Draft extends Block {
  readonly entries: Entry[];
  readonly comments: string[];
  readonly hidden: Entry[];
}

export function readBlocks(lines: readonly ConfigLine[], context: BlockContext): readonly Block[] {
  const blocks: Draft[] = [];
  let block: Draft | undefined;
  let isLost = false;
  let comments: string[] = [];
  for (const line of lines) {
    const comment = commentOf(line);
    if (comment !== undefined) comments.push(comment);
    if (line.text.includes("\0")) {
      context.findings.push(messages.nulCharacter(startOf(line, context)));
    }
    if (line.cleaned === "") {
      if (comment === undefined) comments = [];
      continue;
    }
    if (line.cleaned.startsWith("[")) {
      block = openBlock(line, comments, context);
      isLost = block === undefined;
      if (block !== undefined) blocks.push(block);
    } else {
      // What stands below a section that nobody knows has been told with it.
      if (!isLost) addEntry(block, line, context);
      block?.comments.push(...comments);
    }
    comments = [];
  }
  return blocks;
}

function startOf(line: ConfigLine, { file }: BlockContext): Place {
  return placeIn(file, line, 0);
}

function commentOf({ text }: ConfigLine): string | undefined {
  const hash = text.indexOf("#");
  return hash === -1 ? undefined : text.slice(hash).replace(/^#+/, "").trim();
}

function openBlock(
  line: ConfigLine,
  comments: readonly string[],
  context: BlockContext,
): Draft | undefined {
  const place = startOf(line, context);
  const head = foldCase(line.cleaned);
  if (head !== "[interface]" && head !== "[peer]") {
    context.findings.push(messages.unknownSection(place, line.cleaned));
    return undefined;
  }
  const kind = head === "[peer]" ? "peer" : "interface";
  if (kind === "peer" && hasInnerSpace(line.text)) {
    context.findings.push(messages.innerSpace(place, "[Peer]"));
  }
  return { kind, place, entries: [], comments: [...comments], hidden: [] };
}

function addEntry(block: Draft | undefined, line: ConfigLine, context: BlockContext): void {
  const place = startOf(line, context);
  if (line.cleaned.startsWith(";")) {
    context.findings.push(messages.commentMark(place));
    return;
  }
  if (block === undefined) {
    context.findings.push(messages.strayLine(place));
    return;
  }
  const equals = line.cleaned.indexOf("=");
  const written = equals === -1 ? line.cleaned : line.cleaned.slice(0, equals);
  const key = findKey(WG_KEYS[block.kind], written);
  const value = equals === -1 ? "" : line.cleaned.slice(equals + 1);
  const locate = createLocator(context.file, line);
  const at = (offset: number) => locate(equals + 1 + offset);
  const entry = { line, key: key ?? "", value, place, valuePlace: at(0), at };
  if (key === undefined) addUnknown(block, { ...entry, key: written }, context);
  else if (value === "") context.findings.push(messages.valueMissing(place, key));
  else {
    checkSpelling(entry, context);
    block.entries.push(entry);
  }
}

function addUnknown(block: Draft, entry: Entry, { findings, isQuick }: BlockContext): void {
  const { place, key: written } = entry;
  const other = block.kind === "peer" ? "interface" : "peer";
  const misplaced = findKey(WG_KEYS[other], written);
  const quick = findKey(QUICK_KEYS, written);
  if (misplaced !== undefined) {
    findings.push(messages.misplacedKey(place, misplaced, printHead(other)));
  } else if (quick === undefined) {
    const known = isQuick ? [...QUICK_KEYS, ...WG_KEYS[block.kind]] : WG_KEYS[block.kind];
    findings.push(messages.unknownKey(place, written, nearest(written, known)));
  } else if (!isQuick) findings.push(messages.quickKeyForWg(place, quick));
  else if (block.kind === "peer") {
    findings.push(messages.misplacedKey(place, quick, printHead("interface")));
  } else {
    findings.push(messages.hiddenKey(place, quick));
    block.hidden.push({ ...entry, key: quick });
  }
}

function checkSpelling(entry: Entry, { findings }: BlockContext): void {
  const { line, key, place, valuePlace } = entry;
  // As the manuals write it: nearly all of a large mesh's million lines.
  if (line.text === `${key} = ${entry.value}`) return;
  const [written = ""] = line.text.split("=", 1);
  const value = line.text.slice(written.length + 1);
  const hash = value.indexOf("#");
  if (hash > 0 && !/\s/.test(value.charAt(hash - 1))) {
    findings.push(messages.cuttingComment(valuePlace, key));
  }
  if (hasInnerSpace(written)) findings.push(messages.innerSpace(place, key));
  // A list has blanks behind its commas.
  else if (hasInnerSpace(value.replaceAll(/\s*,\s*/g, ","))) {
    findings.push(messages.innerSpace(valuePlace, say`the value of ${key}`));
  }
}

function hasInnerSpace(text: string): boolean {
  return /\S[ \t\v\f\r]+\S/.test(text.replace(/[#\0].*$/s, ""));
}

function printHead(kind: Block["kind"]): string {
  return kind === "peer" ? "[Peer]" : "[Interface]";
}
