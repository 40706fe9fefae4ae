/**
 * Changes single values in the text of a YAML document and leaves every other byte as it was: comments,
 * blank lines, aligned columns. Knows nothing of what the document means.
 */
import { isDeepStrictEqual } from "node:util";
import { isCollection, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Pair, YAMLMap, YAMLSeq } from "yaml";
import { readDocument } from "./document.ts";
import { endOf, indentAt, lineAfter, lineEnd, lineOf, offsetsOf } from "./layout.ts";
import { isMapping } from "./mappings.ts";
import { printBlock, printFlow } from "./print.ts";
import type { Printing } from "./print.ts";

/** A value to be set at a path of names; undefined: what is there is removed. */
export interface Change {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * The text after a change. Undefined where it would change more, or something else: where an anchor
 * shares the text with other places, or the layout is one that this does not know.
 */
export function editYaml(text: string, { path, value }: Change): string | undefined {
  const before = readDocument(text).value;
  const wanted = changed(before, path, value);
  if (isDeepStrictEqual(before, wanted)) return text;
  const edited = editText(text, { path, value });
  const after = edited === undefined ? undefined : readDocument(edited);
  const isRight = after?.faults.length === 0 && isDeepStrictEqual(after.value, wanted);
  return isRight ? edited : undefined;
}

/** A copy of a document's value with the change in it. */
function changed(before: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const entries = isMapping(before) ? Object.entries(before) : [];
  const old = entries.find(([key]) => key === name)?.[1];
  const now = changed(old, rest, value);
  const others = entries.map(([key, each]) => [key, key === name ? now : each] as const);
  const all = old === undefined && now !== undefined ? [...others, [name, now] as const] : others;
  // A name that is taken out of what is not there makes nothing.
  if (now === undefined && !isMapping(before)) return before;
  return Object.fromEntries(all.filter(([, each]) => each !== undefined));
}

/** The place in a text where an edit is made, and how things are written there. */
interface Scene {
  readonly text: string;
  readonly printing: Printing;
  /** Inside brackets, where lines and indents mean nothing. */
  readonly isFlow: boolean;
}

function editText(text: string, { path, value }: Change): string | undefined {
  const printing: Printing = {
    isJson: text.trimStart().startsWith("{"),
    lineBreak: text.includes("\r\n") ? "\r\n" : "\n",
  };
  let map: unknown = parseDocument(text, { uniqueKeys: false, stringKeys: true }).contents;
  let holder: Pair | undefined;
  let isFlow = false;
  for (const [at, name] of path.entries()) {
    if (!isMap(map)) return undefined;
    isFlow ||= map.flow === true;
    const scene = { text, printing, isFlow };
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
    const rest = path.slice(at + 1);
    if (pair === undefined) {
      return value === undefined ? text : insertPair(scene, map, name, nested(rest, value));
    }
    if (rest.length === 0 && value === undefined) {
      if (map.items.length === 1) return emptied(text, map, holder);
      return removeItem(scene, map, map.items.indexOf(pair));
    }
    if (rest.length === 0 || isEmpty(pair.value)) {
      return replaceValue(scene, pair, nested(rest, value));
    }
    map = pair.value;
    holder = pair;
  }
  return undefined;
}

/** `a: ` and nothing behind it, or null. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

function replaceValue({ text, printing, isFlow }: Scene, pair: Pair, value: unknown): string {
  const old = pair.value;
  const written = printFlow(value, printing);
  const range = offsetsOf(old);
  // `{ a }`: a name without a colon.
  if (range === undefined) return spliced(text, endOf(pair), endOf(pair), `: ${written}`);
  // Nothing stands there; and what follows may be a comment.
  const colon = colonOf(text, pair);
  if (range.start === range.end) return spliced(text, colon, colon, ` ${written}`);
  if (isSeq(old) && Array.isArray(value)) {
    const items = replaceItems({ text, printing, isFlow: isFlow || old.flow === true }, old, value);
    if (items !== undefined) return items;
  }
  // A text of several lines ends with a line break.
  const isWhole = text.slice(range.start, endOf(pair)).endsWith("\n");
  const isBlock = isCollection(old) && old.flow !== true;
  const start = isBlock ? colon : range.start;
  const line = `${isBlock ? " " : ""}${written}${isWhole ? printing.lineBreak : ""}`;
  return spliced(text, start, endOf(pair), line);
}

/** Takes out what is not wanted and adds the rest at the end; undefined where the order changes. */
function replaceItems(scene: Scene, seq: YAMLSeq, wanted: readonly unknown[]): string | undefined {
  const old = seq.items.map((item) => (isScalar(item) ? item.value : item));
  const kept = old.filter((each) => wanted.includes(each));
  const fresh = wanted.filter((each) => !old.includes(each));
  if (kept.length === 0 || !isDeepStrictEqual([...kept, ...fresh], wanted)) return undefined;
  let { text } = scene;
  const last = seq.items.length - 1;
  for (const each of fresh.toReversed()) {
    text = insertItem({ ...scene, text }, seq, last, printFlow(each, scene.printing));
  }
  for (const at of [...old.keys()].toReversed()) {
    if (!wanted.includes(old[at])) text = removeItem({ ...scene, text }, seq, at);
  }
  return text;
}

function insertPair(scene: Scene, map: YAMLMap, name: string, value: unknown): string {
  const { text, printing } = scene;
  const last = map.items.length - 1;
  const key = printFlow(name, printing);
  const range = offsetsOf(map);
  if (last < 0 && range !== undefined) {
    return spliced(text, range.start, range.end, printFlow({ [name]: value }, printing));
  }
  const isSpread = !scene.isFlow && isMapping(value) && isWrittenAsBlock(map, value);
  if (!isSpread) return insertItem(scene, map, last, `${key}: ${printFlow(value, printing)}`);
  const indent = indentAt(text, startOf(text, map.items[last]));
  const lines = printBlock(value, { ...printing, indent: `${indent}  ` });
  return insertItem(scene, map, last, `${key}:${lines}`);
}

/** As its neighbours are: the last that says anything. A new section has its names on lines of their own. */
function isWrittenAsBlock(map: YAMLMap, value: object): boolean {
  const like = map.items
    .map((item) => item.value)
    .findLast((each): each is YAMLMap => isMap(each) && each.items.length > 0);
  const isSection = Object.values(value).every(isMapping);
  return isSection || (like !== undefined && like.flow !== true);
}

/** After the item at a place of a collection, which has one there. */
function insertItem(scene: Scene, collection: YAMLMap | YAMLSeq, at: number, item: string): string {
  const { text, printing, isFlow } = scene;
  const last = collection.items[at];
  const start = startOf(text, last);
  const end = endOf(last);
  const isOwnLine = text.slice(lineOf(text, start), start).trim() === "";
  const indent = indentAt(text, start);
  if (isFlow) {
    const between = isOwnLine ? `${printing.lineBreak}${indent}` : " ";
    return spliced(text, end, end, `,${between}${item}`);
  }
  const dash = isSeq(collection) ? "- " : "";
  const place = lineEnd(text, end);
  const line = `${indent}${dash}${item}`;
  // A text of several lines has ended its own.
  return text[end - 1] === "\n"
    ? spliced(text, end, end, `${line}${printing.lineBreak}`)
    : spliced(text, place, place, `${printing.lineBreak}${line}`);
}

/** One of several. Comments on lines of their own stay. */
function removeItem(scene: Scene, { items }: YAMLMap | YAMLSeq, at: number): string {
  const { text, printing, isFlow } = scene;
  const start = startOf(text, items[at]);
  const end = endOf(items[at]);
  const [before, after] = [items[at - 1], items[at + 1]];
  const isOwnLine = text.slice(lineOf(text, start), start).trim() === "";
  const isAlone = isOwnLine && /^\s*,?\s*(?:#|$)/.test(text.slice(end, lineEnd(text, end)));
  // The comma before it may stay, but not in JSON.
  if (!isFlow || (isAlone && after === undefined && !printing.isJson)) {
    return spliced(text, lineOf(text, start), lineAfter(text, end), "");
  }
  if (after !== undefined) return spliced(text, start, startOf(text, after), "");
  return spliced(text, endOf(before), end, "");
}

/** Without the only item of a mapping, which is the value of `holder` unless it is the whole document. */
function emptied(text: string, map: YAMLMap, holder: Pair | undefined): string {
  const { start, end } = offsetsOf(map) ?? { start: 0, end: 0 };
  if (map.flow === true) return spliced(text, start, end, "{}");
  if (holder === undefined) return spliced(text, start, endOf(map), "{}");
  // Comments above what goes stay, behind the brackets.
  const colon = colonOf(text, holder);
  const without = spliced(text, lineOf(text, start), lineAfter(text, endOf(map)), "");
  return spliced(without, colon, colon, " {}");
}

/** Behind the colon of a pair: the first after its name. */
function colonOf(text: string, { key }: Pair): number {
  return text.indexOf(":", offsetsOf(key)?.end) + 1;
}

/** Where an item begins: at its name, or at the dash before it. */
function startOf(text: string, item: unknown): number {
  const { key } = (item ?? {}) as Partial<Pair>;
  const start = offsetsOf(key ?? item)?.start ?? 0;
  const dash = /-\s+$/.exec(text.slice(lineOf(text, start), start));
  return key === undefined && dash !== null ? lineOf(text, start) + dash.index : start;
}

function spliced(text: string, start: number, end: number, middle: string): string {
  return `${text.slice(0, start)}${middle}${text.slice(end)}`;
}
