/** Plain data as YAML, as people write it in a mesh file: `{ endpoint: a.example, tags: [web] }`. */
import { stringify } from "yaml";
import { isMapping } from "./mappings.ts";

export interface Printing {
  /** The document is JSON, and is to stay that. */
  readonly isJson: boolean;
  readonly lineBreak: string;
}

/** On one line, and right inside brackets, too. */
export function printFlow(value: unknown, { isJson }: Printing): string {
  return printNested(value, (each) => {
    if (isJson) return JSON.stringify(each);
    // In a list, where commas and brackets need quotes.
    const list = stringify([each], { collectionStyle: "flow", lineWidth: 0 }).trim();
    return list.slice(1, -1).trim();
  });
}

/** Lists in brackets and mappings in braces; `print` prints names and all else. */
export function printNested(value: unknown, print: (value: unknown) => string): string {
  if (Array.isArray(value)) return `[${value.map((each) => printNested(each, print)).join(", ")}]`;
  if (!isMapping(value)) return print(value);
  const fields = Object.entries(value).map(([name, each]) => {
    return `${print(name)}: ${printNested(each, print)}`;
  });
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** A field a line, each behind a line break. */
export function printBlock(
  value: object,
  { indent, ...printing }: Printing & { readonly indent: string },
): string {
  const fields = Object.entries(value).map(([name, each]) => {
    return `${printing.lineBreak}${indent}${printFlow(name, printing)}: ${printFlow(each, printing)}`;
  });
  return fields.length === 0 ? " {}" : fields.join("");
}
