/** What a file looks like: its header, its top level, what it may do when imported, and its test. */
import type { Repository, Source, Violation } from "./repository.ts";
import { isConfig, isTest, packageOf, resolveImport, violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { declarationOf, nameOf, nodeAt, nodesAt, propertyOf, textAt } from "./syntax.ts";

export function headers({ sources }: Repository): readonly Violation[] {
  return sources
    .filter(({ text }) => !/^(#![^\n]*\n)?\/\*\*[\s*]+[^\s*/]/.test(text))
    .map((source) =>
      violation(
        source,
        undefined,
        "no header",
        "begin with /** what the file owns and must not know */",
      ),
    );
}

/** A test stands beside the file or the folder it is named after, or in that folder. */
export function testPlaces({ files, sources }: Repository): readonly Violation[] {
  const folders = new Set([...files.keys()].flatMap(foldersOf));
  return sources
    .filter(({ path }) => /\.test\.tsx?$/.test(path) && !/^(e2e|sim)\//.test(path))
    .filter(({ path }) => {
      const stem = path.replace(/\.test\.tsx?$/, "");
      const isInside = /([^/]+)\/\1$/.test(stem);
      return (
        !isInside && ![".ts", ".tsx"].some((end) => files.has(stem + end)) && !folders.has(stem)
      );
    })
    .map((source) =>
      violation(
        source,
        undefined,
        "nothing beside it has this name",
        "name a test after what it tests",
      ),
    );
}

export function topLevel({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    source.statements
      .map(declarationOf)
      .filter(({ type }) => type === "VariableDeclaration")
      .flatMap((declaration) => {
        const found: Violation[] = [];
        // What a hook sets up for the tests of a slow file has no other place.
        const isHeld = /^e2e\/.*\.test\.ts$/.test(source.path);
        const kind = textAt(declaration, "kind");
        if (kind !== "const" && !(kind === "let" && isHeld)) {
          const instead = "pass the value on, or keep it in an object that somebody creates";
          found.push(
            violation(source, declaration, "a variable that lives as long as the program", instead),
          );
        }
        if (nodesAt(declaration, "declarations").some(isFunctionValue)) {
          found.push(
            violation(source, declaration, "a function as a constant", "write function f() {}"),
          );
        }
        return found;
      }),
  );
}

export function importWork({ sources }: Repository): readonly Violation[] {
  const imported = importedPaths(sources);
  return sources
    .filter((source) => !mayWork(source, imported))
    .flatMap((source) =>
      source.statements
        .filter((statement) => !isQuiet(statement))
        .map((statement) =>
          violation(
            source,
            statement,
            "work at import",
            "put it into a function that main.ts calls",
          ),
        ),
    );
}

export function surroundings({ sources }: Repository): readonly Violation[] {
  const imported = importedPaths(sources);
  return sources
    .filter((source) => !mayReadSurroundings(source, imported))
    .flatMap((source) =>
      source.nodes
        .flatMap((node) => surroundingsAt(node).map((name) => [node, name] as const))
        .map(([node, name]) =>
          violation(
            source,
            node,
            `process.${name} outside main.ts`,
            "take the value as an argument",
          ),
        ),
    );
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function isFunctionValue(declarator: Node): boolean {
  let value = nodeAt(declarator, "init");
  while (value !== undefined && /^(TS\w+|Parenthesized)Expression$/.test(value.type)) {
    value = nodeAt(value, "expression");
  }
  return value !== undefined && /^(Arrow)?FunctionExpression$/.test(value.type);
}

const quietStatements: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ExportAllDeclaration",
  "ExportNamedDeclaration",
  "ExportDefaultDeclaration",
  "FunctionDeclaration",
  "ClassDeclaration",
  "VariableDeclaration",
  "EmptyStatement",
]);

/** A declaration; but not one that waits for its value. */
function isQuiet(statement: Node): boolean {
  if (statement.type.startsWith("TS")) return true;
  const values = nodesAt(declarationOf(statement), "declarations").map((part) =>
    nodeAt(part, "init"),
  );
  const waits = values.some((value) => value?.type === "AwaitExpression");
  return quietStatements.has(statement.type) && !waits;
}

function importedPaths(sources: readonly Source[]): ReadonlySet<string | undefined> {
  return new Set(
    sources.flatMap((source) =>
      source.imports.map(({ specifier }) => resolveImport(source, specifier)),
    ),
  );
}

function mayWork(source: Source, imported: ReadonlySet<string | undefined>): boolean {
  if (isTest(source) || isConfig(source) || isMain(source.path)) return true;
  return isOutsidePackages(source) && !imported.has(source.path);
}

function mayReadSurroundings(source: Source, imported: ReadonlySet<string | undefined>): boolean {
  return mayWork(source, imported) || /^(tools|bench|e2e)\//.test(source.path);
}

function isMain(path: string): boolean {
  return /^(packages\/[^/]+\/src(\/page)?|lab|bench|sim)\/main\.ts$/.test(path);
}

/** What lies there and is imported by nothing is an entry: somebody runs it. */
function isOutsidePackages({ path }: Source): boolean {
  return packageOf(path) === undefined;
}

const surroundingNames: ReadonlySet<string> = new Set(["env", "exit", "argv"]);

/** The names a node reads of the process's surroundings. */
function surroundingsAt(node: Node): readonly string[] {
  if (node.type === "MemberExpression") {
    const name = propertyOf(node) ?? "";
    return nameOf(nodeAt(node, "object")) === "process" && surroundingNames.has(name) ? [name] : [];
  }
  if (node.type !== "ImportDeclaration") return [];
  if (!/^(node:)?process$/.test(nameOf(nodeAt(node, "source")) ?? "")) return [];
  return nodesAt(node, "specifiers")
    .map((part) => nameOf(nodeAt(part, "imported")) ?? "")
    .filter((name) => surroundingNames.has(name));
}
