/** Reads a YAML document into a value, and knows where in the file each part of the value stands. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document as YamlDocument } from "yaml";
import type { Path } from "@warren/core";

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What the YAML itself has wrong, before anybody asks what it means. */
export interface SyntaxFault {
  readonly place: Place;
  readonly message: string;
  readonly fix: string;
}

export interface Document {
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
  /** The deepest part of a path that is there; for the last step its key or its value. */
  locate(path: Path, part: "key" | "value"): Place;
}

/** A mesh of 10,000 nodes takes 2 MB; what is larger is some other file. */
const LARGEST = 16 * 1024 * 1024;
/** Aliases may stand for many copies of themselves ("billion laughs"): more than this is refused. */
const MOST_ALIASES = 100;

const TOP: Place = { line: 1, column: 1 };

/** Never throws for what the text holds. */
export function readDocument(text: string): Document {
  if (text.length > LARGEST) {
    return refused(
      `the file has ${text.length} characters`,
      "a mesh file is far smaller: check -f",
    );
  }
  if (text.includes("\u0000")) return refused("the file is not text", "check -f");
  const lines = new LineCounter();
  try {
    const yaml = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      stringKeys: true,
      version: "1.2",
    });
    const faults = [...yaml.errors, ...yaml.warnings].map((error) => ({
      place: placeAt(lines, error.pos[0]),
      message: sentence(error.message),
      fix: fixFor(error.code),
    }));
    const value: unknown =
      faults.length > 0 ? undefined : yaml.toJS({ maxAliasCount: MOST_ALIASES });
    const locate = (path: Path, part: "key" | "value"): Place =>
      placeAt(lines, offsetOf(yaml, path, part));
    return { value, faults, locate };
  } catch (error) {
    // The reader throws for two things: too many aliases, and nesting beyond the stack.
    if (error instanceof ReferenceError) {
      return refused("its aliases stand for too many copies", "write the values out");
    }
    if (error instanceof RangeError) return refused("it is nested too deeply", "check the file");
    throw error;
  }
}

function refused(message: string, fix: string): Document {
  return { value: undefined, faults: [{ place: TOP, message, fix }], locate: () => TOP };
}

function offsetOf(yaml: YamlDocument, path: Path, part: "key" | "value"): number {
  let node: unknown = yaml.contents;
  let offset = startOf(node) ?? 0;
  for (const [at, step] of path.entries()) {
    const parent = isAlias(node) ? node.resolve(yaml) : node;
    const isLast = at === path.length - 1;
    if (isMap(parent)) {
      const found = parent.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (found === undefined) return offset;
      node = found.value;
      const isValueShown = isLast && part === "value" && isScalar(node);
      offset = (isValueShown ? startOf(node) : startOf(found.key)) ?? offset;
    } else if (isSeq(parent) && typeof step === "number") {
      node = parent.items[step];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const range: unknown = node.range;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === "number" ? start : undefined;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The library's sentence in the form of ours, on one line. */
function sentence(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").replace(/[.:]?\s*$/, "");
  return `${line.slice(0, 1).toLowerCase()}${line.slice(1)}`;
}

function fixFor(code: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "each name may stand once: merge the two, or rename one";
    case "TAB_AS_INDENT":
      return "indent with blanks";
    case "MULTIPLE_DOCS":
      return "keep one document: remove the line ---";
    case "MULTILINE_IMPLICIT_KEY":
    case "MISSING_CHAR":
      return "look for a missing colon, quote or bracket here or just before";
    default:
      return "look for a missing colon, quote or bracket, or an uneven indent, here or just before";
  }
}
