/** Which names a file takes from outside itself. Blocks are not told apart, only functions. */
import type { Node } from "./syntax.ts";
import { childrenOf, nameOf, nodeAt, nodesAt, textAt } from "./syntax.ts";

/** The identifiers, outside types, that nothing in the file declares. */
export function freeReferences(statements: readonly Node[]): readonly Node[] {
  const bound = new Set(statements.flatMap(declaredNames));
  return statements.flatMap((statement) => referencesIn(statement, bound));
}

function referencesIn(node: Node, bound: ReadonlySet<string>): readonly Node[] {
  if (node.type === "Identifier") return bound.has(textAt(node, "name") ?? "") ? [] : [node];
  const parts = readParts(node);
  const inner = isFunction(node) ? bound.union(namesInFunction(node)) : bound;
  return parts.flatMap((part) => referencesIn(part, inner));
}

/** The children in which an identifier stands for a value. */
function readParts(node: Node): readonly Node[] {
  if (isTypeOnly(node)) return [];
  const skipped = node["computed"] === true ? undefined : namingFields.get(node.type);
  if (skipped === undefined) return childrenOf(node);
  return childrenOf(Object.fromEntries(without(node, skipped)) as Node);
}

/** The field of a node that holds a name, not a reference. */
const namingFields: ReadonlyMap<string, string> = new Map([
  ["MemberExpression", "property"],
  ["Property", "key"],
  ["MethodDefinition", "key"],
  ["PropertyDefinition", "key"],
  ["AccessorProperty", "key"],
  ["LabeledStatement", "label"],
  ["BreakStatement", "label"],
  ["ContinueStatement", "label"],
  ["ExportNamedDeclaration", "specifiers"],
]);

const erasedTypes: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "MetaProperty",
]);

const typedExpressions: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSInstantiationExpression",
  "TSTypeAssertion",
  "TSParameterProperty",
]);

function isTypeOnly(node: Node): boolean {
  return (
    erasedTypes.has(node.type) || (node.type.startsWith("TS") && !typedExpressions.has(node.type))
  );
}

function without(node: Node, field: string): readonly (readonly [string, unknown])[] {
  return Object.entries(node).filter(([name]) => name !== field);
}

function isFunction(node: Node): boolean {
  return /Function(Declaration|Expression)$/.test(node.type);
}

function namesInFunction(node: Node): ReadonlySet<string> {
  const own = node.type === "FunctionExpression" ? boundNames(nodeAt(node, "id")) : [];
  const body = nodeAt(node, "body");
  return new Set([
    "arguments",
    ...own,
    ...nodesAt(node, "params").flatMap(boundNames),
    ...(body === undefined ? [] : declaredNames(body)),
  ]);
}

/** What the declarations at and below a node declare, functions inside not entered. */
function declaredNames(node: Node): readonly string[] {
  if (node.type === "FunctionDeclaration") return boundNames(nodeAt(node, "id"));
  if (isFunction(node)) return [];
  const own = declaringFields.get(node.type);
  const names = own === undefined ? [] : boundNames(nodeAt(node, own));
  return [...names, ...childrenOf(node).flatMap(declaredNames)];
}

const declaringFields: ReadonlyMap<string, string> = new Map([
  ["VariableDeclarator", "id"],
  ["ClassDeclaration", "id"],
  ["ClassExpression", "id"],
  ["CatchClause", "param"],
  ["ImportSpecifier", "local"],
  ["ImportDefaultSpecifier", "local"],
  ["ImportNamespaceSpecifier", "local"],
]);

/** The names a pattern binds: `{ a, b: [c = 1], ...d }` → a, c, d. */
function boundNames(pattern: Node | undefined): readonly string[] {
  if (pattern === undefined) return [];
  if (pattern.type === "Identifier") return [nameOf(pattern) ?? ""];
  const single = patternFields.get(pattern.type);
  if (single !== undefined) return boundNames(nodeAt(pattern, single));
  return [...nodesAt(pattern, "properties"), ...nodesAt(pattern, "elements")].flatMap(boundNames);
}

const patternFields: ReadonlyMap<string, string> = new Map([
  ["Property", "value"],
  ["AssignmentPattern", "left"],
  ["RestElement", "argument"],
  ["TSParameterProperty", "parameter"],
]);
