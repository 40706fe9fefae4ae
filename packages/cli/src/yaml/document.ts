/** Reads a YAML document into a value, and knows where in the file each part of the value stands. */
import { say } from "@warren/core";
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter } from "yaml";
import type { Document as YamlDocument } from "yaml";
import type { Path } from "@warren/core";
import { readTokens } from "./bounds.ts";
import { faultAt, findFaults, placeAt, shortenFaults, unknownAlias } from "./faults.ts";
import type { Place, SyntaxFault } from "./faults.ts";
import { offsetsOf } from "./layout.ts";
import { readValue } from "./value.ts";

export interface Document {
  readonly value: unknown;
  /** What the YAML itself has wrong, before anybody asks what it means. */
  readonly faults: readonly SyntaxFault[];
  /** The deepest part of a path that is there; for the last step its key or its value. */
  locate(path: Path, part: "key" | "value"): Place;
}

/** In bytes. A mesh of 10,000 nodes takes 2 MB; what is larger is some other file. */
export const LARGEST_FILE = 16 * 1024 * 1024;

const TOP: Place = { line: 1, column: 1 };

/** Never throws for what the text holds. */
export function readDocument(text: string): Document {
  if (Buffer.byteLength(text) > LARGEST_FILE) {
    const fix = say`name a mesh file: those are far smaller`;
    return refused({ place: TOP, message: say`the file is larger than 16 MiB`, fix });
  }
  if (text.includes("\u0000")) {
    const fix = say`name a mesh file, written in UTF-8`;
    return refused({ place: TOP, message: say`the file is not text`, fix });
  }
  const conflict = /^<{7} /m.exec(text);
  if (conflict !== null) {
    const place = { line: text.slice(0, conflict.index).split("\n").length, column: 1 };
    const fix = say`keep what holds of the two sides, and remove the lines of <<<<<<<, ======= and >>>>>>>`;
    return refused({ place, message: say`a merge has left its conflict here`, fix });
  }
  return readYaml(text);
}

function readYaml(text: string): Document {
  const lines = new LineCounter();
  const composer = new Composer({
    prettyErrors: false,
    // findFaults looks for duplicates, and faster.
    uniqueKeys: false,
    stringKeys: true,
    // Tags such as !!binary make values that JSON has not.
    resolveKnownTags: false,
  });
  const stops: SyntaxFault[] = [];
  const tokens = readTokens(text, lines, stops);
  const [yaml, second] = composer.compose(tokens, true, text.length);
  if (yaml === undefined) throw new Error("the YAML reader gave no document");
  const faults = [...stops, ...findFaults(yaml, lines)];
  if (second !== undefined) {
    const fix = say`keep one document: remove the line ---, or what follows it`;
    faults.push(faultAt(lines, second.range[0], say`a second document begins here`, fix));
  }
  const { value, unresolved, isTooLarge } = readValue(yaml);
  for (const alias of unresolved) faults.push(unknownAlias(alias, lines));
  if (faults.length > 0) return refused(...shortenFaults(faults));
  if (isTooLarge) {
    const fix = say`write out what is meant, or use fewer of them`;
    return refused({ place: TOP, message: say`its aliases stand for too many copies`, fix });
  }
  return { value, faults, locate: (path, part) => placeAt(lines, offsetOf(yaml, path, part)) };
}

function refused(...faults: readonly SyntaxFault[]): Document {
  return { value: undefined, faults, locate: () => TOP };
}

function offsetOf(yaml: YamlDocument, path: Path, part: "key" | "value"): number {
  let node: unknown = yaml.contents;
  let offset = offsetsOf(node)?.start ?? 0;
  for (const step of path) {
    const parent = isAlias(node) ? node.resolve(yaml) : node;
    if (isMap(parent)) {
      const found = parent.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (found === undefined) return offset;
      node = found.value;
      // A mapping or list is shown by its name. What is asked for inside a scalar is the scalar.
      const isValueShown = part === "value" && isScalar(node);
      offset = offsetsOf(isValueShown ? node : found.key)?.start ?? offset;
    } else if (isSeq(parent) && typeof step === "number") {
      node = parent.items[step];
      offset = offsetsOf(node)?.start ?? offset;
    } else return offset;
  }
  return offset;
}
