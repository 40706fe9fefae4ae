/** Plain data as YAML, as people write it in a mesh file: `{ endpoint: a.example, tags: [web] }`. */
import { stringify } from "yaml";

export interface Printing {
  /** The document is JSON, and is to stay that. */
  readonly isJson: boolean;
  readonly lineBreak: string;
}

/** On one line, and right inside brackets, too. */
export function printFlow(value: unknown, printing: Printing): string {
  if (Array.isArray(value)) {
    return `[${value.map((each) => printFlow(each, printing)).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, each]) => {
      return `${printFlow(name, printing)}: ${printFlow(each, printing)}`;
    });
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
  }
  if (printing.isJson) return JSON.stringify(value);
  // In a list, where commas and brackets need quotes.
  const list = stringify([value], { collectionStyle: "flow", lineWidth: 0 }).trim();
  return list.slice(1, -1).trim();
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
