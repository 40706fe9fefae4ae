/** TypeScript as a tree: one parse a file, and the few questions the rules ask about a node. */
import { parseAst } from "vitest/node";

/** A node of the syntax tree (ESTree with TypeScript's additions), whatever its type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

export interface Import {
  readonly specifier: string;
  /** Erased before the program runs. */
  readonly isType: boolean;
  readonly node: Node;
}

/** The statements of a file; none where it does not parse, which the type check says better. */
export function parseStatements(path: string, text: string): readonly Node[] {
  try {
    const program: unknown = parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" });
    return isNode(program) ? nodesAt(program, "body") : [];
  } catch {
    // Half a file, such as an editor leaves it.
    return [];
  }
}

/** All nodes at and below these, parents before children, in the order of the text. */
export function flatten(nodes: readonly Node[]): readonly Node[] {
  const found: Node[] = [];
  const rest = nodes.toReversed();
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    found.push(node);
    for (const child of childrenOf(node).toReversed()) rest.push(child);
  }
  return found;
}

export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    if (Array.isArray(value)) children.push(...value.filter(isNode));
  }
  return children;
}

/** The node in a field, if there is one. */
export function nodeAt(node: Node | undefined, field: string): Node | undefined {
  const value = node?.[field];
  return isNode(value) ? value : undefined;
}

/** The nodes in a field that holds a list. */
export function nodesAt(node: Node | undefined, field: string): readonly Node[] {
  const value = node?.[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The string in a field: a kind, an operator, an identifier's name. */
export function textAt(node: Node | undefined, field: string): string | undefined {
  const value = node?.[field];
  return typeof value === "string" ? value : undefined;
}

/** The name of an identifier, or the text of a string literal. */
export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === "Literal" ? textAt(node, "value") : textAt(node, "name");
}

/** `a.b`, `a["b"]` → "b". */
export function propertyOf(node: Node | undefined): string | undefined {
  if (node?.type !== "MemberExpression") return undefined;
  const property = nodeAt(node, "property");
  return node["computed"] === true && property?.type !== "Literal" ? undefined : nameOf(property);
}

/** The declaration a statement makes, exported or not. */
export function declarationOf(statement: Node): Node {
  return statement.type === "ExportNamedDeclaration"
    ? (nodeAt(statement, "declaration") ?? statement)
    : statement;
}

export function importsOf(nodes: readonly Node[]): readonly Import[] {
  return nodes.flatMap((node) => {
    const source = importSources.has(node.type) ? nodeAt(node, "source") : undefined;
    const specifier = source?.type === "Literal" ? nameOf(source) : undefined;
    return specifier === undefined ? [] : [{ specifier, isType: isErased(node), node }];
  });
}

const importSources: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "TSImportType",
]);

function isErased(node: Node): boolean {
  const kinds = [node, ...nodesAt(node, "specifiers")].map(
    (part) => textAt(part, "importKind") ?? textAt(part, "exportKind"),
  );
  if (node.type === "TSImportType" || kinds[0] === "type") return true;
  return kinds.length > 1 && kinds.slice(1).every((kind) => kind === "type");
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
