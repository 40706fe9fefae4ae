/** A repository as the rules see it: paths and texts, each source file parsed once; and what a rule finds. */
import { posix } from "node:path";
import type { Import, Node } from "./syntax.ts";
import { flatten, importsOf, parseStatements } from "./syntax.ts";

export interface File {
  readonly path: string;
  readonly text: string;
}

/** A TypeScript file. */
export interface Source extends File {
  readonly statements: readonly Node[];
  readonly nodes: readonly Node[];
  readonly imports: readonly Import[];
}

export interface Repository {
  readonly files: ReadonlyMap<string, File>;
  readonly sources: readonly Source[];
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  /** What to do instead. */
  readonly instead: string;
}

export type Rule = (repository: Repository) => readonly Violation[];

export function parseRepository(files: readonly File[]): Repository {
  const sources = files.filter(({ path }) => /\.tsx?$/.test(path)).map(parseSource);
  return { files: new Map(files.map((file) => [file.path, file])), sources };
}

export function printViolation({ path, line, what, instead }: Violation): string {
  return `${path}:${line}: ${what}; ${instead}`;
}

/** A violation at a node of a source, or at its first line. */
export function violation(
  source: File,
  node: Node | undefined,
  what: string,
  instead: string,
): Violation {
  return { path: source.path, line: lineAt(source.text, node?.start ?? 0), what, instead };
}

/** The line, from 1, of an offset into a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

export function isTest({ path }: { readonly path: string }): boolean {
  return /\.(test|contract)\.tsx?$/.test(path);
}

export function isConfig({ path }: { readonly path: string }): boolean {
  return path.endsWith(".config.ts");
}

/** "packages/core/src/mod.ts" → "core". */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

/** The path a relative import names; undefined for the name of a package. */
export function resolveImport(from: File, specifier: string): string | undefined {
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return posix.join(posix.dirname(from.path), specifier);
}

/** "@hono/node-server/conninfo" → "@hono/node-server"; undefined for a path or one of Node's own. */
export function packageName(specifier: string): string | undefined {
  return /^(?![./]|node:)((?:@[^/]+\/)?[^/]+)/.exec(specifier)?.[1];
}

function parseSource(file: File): Source {
  const statements = parseStatements(file.path, file.text);
  const nodes = flatten(statements);
  return { ...file, statements, nodes, imports: importsOf(nodes) };
}
