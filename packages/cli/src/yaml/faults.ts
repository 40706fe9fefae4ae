/** What a YAML document has wrong as YAML, in our words and with its place; nothing of what it means. */
import { isScalar, visit } from "yaml";
import type { Alias, Document as YamlDocument, LineCounter, YAMLMap } from "yaml";
import { quote, say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { offsetsOf } from "./layout.ts";
import { sayYaml } from "./sentences.ts";

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SyntaxFault {
  readonly place: Place;
  readonly message: Phrase;
  readonly fix: Phrase;
}

/** One missing quote breaks every line after it: what follows is not listed. */
export const MOST_FAULTS = 10;
/** The library's sentences may repeat the text they are about. */
const LONGEST_SENTENCE = 200;

/** What the library found, and what it does not look for. */
export function findFaults(yaml: YamlDocument, lines: LineCounter): readonly SyntaxFault[] {
  const found = [...yaml.errors, ...yaml.warnings].map(({ pos, message, code }) => {
    const said =
      code === "NON_STRING_KEY" ? say`a name must be plain text` : sayYaml(sentence(message));
    return faultAt(lines, pos[0], said, fixFor(code));
  });
  const maps: YAMLMap[] = [];
  visit(yaml, {
    Map(_, map) {
      maps.push(map);
    },
  });
  return [
    ...found,
    ...maps.flatMap((map) => [...findMerges(map, lines), ...findDuplicates(map, lines)]),
  ];
}

/** YAML 1.1 has it, and 1.2 not: some readers would take over the fields, and others have a field that is called so. */
function findMerges({ items }: YAMLMap, lines: LineCounter): readonly SyntaxFault[] {
  const merges = items.filter(({ key }) => isScalar(key) && key.value === "<<");
  return merges.map(({ key }) => {
    const fix = say`write the fields out here`;
    return faultAt(lines, offsetsOf(key)?.start ?? 0, say`merge keys (<<) are not supported`, fix);
  });
}

export function unknownAlias(alias: Alias, lines: LineCounter): SyntaxFault {
  const message = say`${quote(`*${alias.source}`)} stands for nothing before it`;
  const fix = say`define it first with &; text that begins with * or & needs quotes`;
  return faultAt(lines, offsetsOf(alias)?.start ?? 0, message, fix);
}

export function shortenFaults(faults: readonly SyntaxFault[]): readonly SyntaxFault[] {
  const last = faults[MOST_FAULTS - 1];
  if (last === undefined || faults.length <= MOST_FAULTS) return faults;
  const fix = say`mend the first one: the others often follow from it`;
  const rest: SyntaxFault = { place: last.place, message: say`and more like this`, fix };
  return [...faults.slice(0, MOST_FAULTS), rest];
}

export function faultAt(
  lines: LineCounter,
  offset: number,
  message: Phrase,
  fix: Phrase,
): SyntaxFault {
  return { place: placeAt(lines, offset), message, fix };
}

export function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The library's own search compares each key with each: 36 s for 40,000 nodes. */
function findDuplicates({ items }: YAMLMap, lines: LineCounter): readonly SyntaxFault[] {
  const first = new Map<string, number>();
  return items.flatMap(({ key }) => {
    const offset = offsetsOf(key)?.start ?? 0;
    const name = isScalar(key) ? String(key.value) : "";
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, offset);
      return [];
    }
    const message = say`${quote(name)} stands here again, after line ${placeAt(lines, before).line}`;
    return [
      faultAt(lines, offset, message, say`a name may stand once: merge the two, or rename one`),
    ];
  });
}

/** The library's sentence in the form of ours: on one line, without what a terminal would obey. */
function sentence(message: string): string {
  const line = message
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "\uFFFD")
    .replace(/[.:]?\s*$/, "");
  const shown = line.length > LONGEST_SENTENCE ? `${line.slice(0, LONGEST_SENTENCE)}…` : line;
  return `${shown.slice(0, 1).toLowerCase()}${shown.slice(1)}`;
}

function fixFor(code: string): Phrase {
  switch (code) {
    case "TAB_AS_INDENT":
      return say`indent with blanks`;
    case "TAG_RESOLVE_FAILED":
      return say`remove the tag: the word that begins with !`;
    case "MULTILINE_IMPLICIT_KEY":
    case "MISSING_CHAR":
      return say`look for a missing colon, quote or bracket here or just before`;
    default:
      return say`look for a missing colon, quote or bracket, or an uneven indent, here or just before`;
  }
}
