/** Prints the document of a mesh as people write it: a line a node, and quotes only where YAML wants them. */
import { parse } from "yaml";
import type { MeshDocument } from "@warren/core";
import { printNested } from "./print.ts";

/** Names up to this length put what follows them in one column. */
const LONGEST_ALIGNED = 20;

/** `comments` stand above it, a line each. */
export function printMesh(
  { network, sites, nodes, links, clients }: MeshDocument,
  comments: readonly string[],
): string {
  return [
    ...comments.map((line) => `# ${line}\n`),
    `network: ${printValue(network)}\n`,
    ...printNamed("sites", sites),
    ...(Object.keys(nodes).length === 0 ? ["nodes: {}\n"] : printNamed("nodes", nodes)),
    ...(links.length === 0
      ? []
      : ["links:\n", ...links.map((link) => `  - ${printValue(link)}\n`)]),
    ...printNamed("clients", clients),
  ].join("");
}

function printNamed(part: string, named: MeshDocument["nodes"]): readonly string[] {
  const entries = Object.entries(named).sort(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return [];
  const lengths = entries.map(([name]) => printScalar(name).length);
  const width = Math.max(...lengths.filter((length) => length <= LONGEST_ALIGNED), 0);
  const lines = entries.map(([name, fields]) => {
    return `  ${`${printScalar(name)}:`.padEnd(width + 1)} ${printValue(fields)}\n`;
  });
  return [`${part}:\n`, ...lines];
}

function printValue(value: unknown): string {
  return printNested(value, (each) =>
    typeof each === "string" ? printScalar(each) : String(each),
  );
}

/** Plain where every reader of YAML takes it for this text and nothing else. */
function printScalar(text: string): string {
  const isPlain = /^[A-Za-z0-9_./][A-Za-z0-9_./@+=-]*$/.test(text) && parse(text) === text;
  return isPlain ? text : JSON.stringify(text);
}
