/** Where the parts of a YAML document begin and end in its text, and the lines that they stand on. */
import { isCollection, isPair } from "yaml";

export interface Offsets {
  readonly start: number;
  readonly end: number;
}

/** What the YAML library says of a node, without what follows it. */
export function offsetsOf(node: unknown): Offsets | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const range = node.range as readonly number[] | null | undefined;
  const [start, end] = range ?? [];
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** The end of a node or pair: for what is written over many lines, that of its last part. */
export function endOf(node: unknown): number {
  if (isPair(node)) return endOf(node.value ?? node.key);
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    return endOf(node.items.at(-1));
  }
  return offsetsOf(node)?.end ?? 0;
}

/** Where the line of an offset begins. */
export function lineOf(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Where the line of an offset ends, before its line break. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

/** Where the next line begins; after a text that has ended its line, there. */
export function lineAfter(text: string, offset: number): number {
  if (text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

/** The blanks that the line of an offset begins with. */
export function indentAt(text: string, offset: number): string {
  return /^ */.exec(text.slice(lineOf(text, offset), offset))?.[0] ?? "";
}
