/** Names that say what a thing is: files, types, exported functions. */
import { posix } from "node:path";
import type { Repository, Source, Violation } from "./repository.ts";
import { violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { declarationOf, nameOf, nodeAt, nodesAt } from "./syntax.ts";

export function fileNames({ files, sources }: Repository): readonly Violation[] {
  const odd = [...files.values()].filter(({ path }) => !path.split("/").every(isPlainName));
  const empty = sources.filter(({ path }) => wordsOfPath(path).some(isEmptyWord));
  return [
    ...odd.map((file) =>
      violation(file, undefined, "the name is not kebab-case", "rename it a-b.ts"),
    ),
    ...empty.map((file) => violation(file, undefined, "the name says nothing", sayWhat)),
  ];
}

export function typeNames({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    source.nodes
      .filter((node) => typeDeclarations.has(node.type))
      .filter((node) => isEmptyType(nameOf(nodeAt(node, "id")) ?? ""))
      .map((node) =>
        violation(source, node, `the name "${nameOf(nodeAt(node, "id"))}" says nothing`, sayWhat),
      ),
  );
}

export function functionNames({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    exportedFunctions(source)
      .map((node) => [node, nameOf(nodeAt(node, "id")) ?? ""] as const)
      .filter(([, name]) => /^(get|handle|process|do)(?![a-z])/.test(name))
      .map(([node, name]) =>
        violation(source, node, `the verb of "${name}" says nothing`, sayVerb),
      ),
  );
}

const sayWhat = "say what it is, not what kind of thing";
const sayVerb = "say what it does: parse, print, render, read, create, find, list …";

/** The last word of a name. A type may be an index, and so may a function or a variable. */
const emptyWords: ReadonlySet<string> = new Set(
  `util utils helper helpers common types misc manager managers service services base index`.split(
    " ",
  ),
);

const typeDeclarations: ReadonlySet<string> = new Set([
  "ClassDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
]);

/** kebab-case with endings, also a translation's (a-b.zh-CN.md); what convention writes in capitals; a dot file. */
function isPlainName(name: string): boolean {
  return (
    /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*(\.zh-CN\.md)?$/.test(name) ||
    /^[A-Z]+([-_][A-Z]+)*(\.[\w-]+)*$/.test(name) ||
    /^Dockerfile$/.test(name)
  );
}

/** The last word of each part of a path: "a/b-c.test.ts" → a, c. */
function wordsOfPath(path: string): readonly string[] {
  const parts = posix.dirname(path).split("/");
  const stem = posix.basename(path).split(".")[0] ?? "";
  return [...parts, stem].map((part) => part.split("-").at(-1) ?? "");
}

function isEmptyWord(word: string): boolean {
  return emptyWords.has(word);
}

function isEmptyType(name: string): boolean {
  const word = /[A-Z][a-z]*$/.exec(name)?.[0].toLowerCase() ?? "";
  return word !== "index" && isEmptyWord(word);
}

function exportedFunctions(source: Source): readonly Node[] {
  const listed = new Set(
    source.statements
      .filter(({ type }) => type === "ExportNamedDeclaration")
      .flatMap((statement) => nodesAt(statement, "specifiers"))
      .map((part) => nameOf(nodeAt(part, "local"))),
  );
  return source.statements
    .filter(
      (statement) =>
        statement.type === "ExportNamedDeclaration" || listed.has(nameOf(nodeAt(statement, "id"))),
    )
    .map(declarationOf)
    .filter(({ type }) => type === "FunctionDeclaration");
}
