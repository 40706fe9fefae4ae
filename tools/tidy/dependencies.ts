/** What is imported is declared, and what is declared is imported. */
import { isBuiltin } from "node:module";
import type { File, Repository, Source, Violation } from "./repository.ts";
import { isConfig, isTest, lineAt, packageName, packageOf, violation } from "./repository.ts";

export function dependencies(repository: Repository): readonly Violation[] {
  const root = parseManifest(repository.files.get("package.json"));
  const manifests = [...repository.files.values()]
    .filter(({ path }) => /^packages\/[^/]+\/package\.json$/.test(path))
    .map(parseManifest);
  const declaredBy = new Map(
    manifests.map((manifest) => [packageOf(manifest.file.path), manifest]),
  );
  return [
    ...repository.sources.flatMap((source) =>
      undeclared(source, declaredBy.get(packageOf(source.path)), root),
    ),
    ...manifests.flatMap((manifest) => unusedByPackage(repository, manifest)),
    ...unusedByRoot(repository, root),
  ];
}

interface Manifest {
  readonly file: File;
  /** Needed to run. */
  readonly run: readonly string[];
  /** Needed to work on it. */
  readonly work: readonly string[];
}

/** Run as commands, or read by the type check: imported by nothing. */
const commands: ReadonlySet<string> = new Set([
  "@types/node",
  "oxfmt",
  "oxlint",
  "oxlint-tsgolint",
  "typescript",
  "@vitest/coverage-v8",
]);

function parseManifest(file: File | undefined): Manifest {
  const known = file ?? { path: "package.json", text: "{}" };
  const manifest = JSON.parse(known.text) as Record<string, Record<string, string> | undefined>;
  const names = (fields: readonly string[]): string[] =>
    fields.flatMap((field) => Object.keys(manifest[field] ?? {}));
  return {
    file: known,
    run: names(["dependencies", "peerDependencies"]),
    work: names(["devDependencies"]),
  };
}

function undeclared(
  source: Source,
  own: Manifest | undefined,
  root: Manifest,
): readonly Violation[] {
  const isWork = own === undefined || isTest(source) || isConfig(source);
  const declared = new Set(isWork ? [...namesIn(own), ...namesIn(root)] : own.run);
  const where = own === undefined || isWork ? root.file.path : own.file.path;
  return source.imports.flatMap(({ specifier, node }) => {
    const name = importedPackage(specifier);
    if (name === undefined || declared.has(name)) return [];
    // What is no package lies in the root, where the workspace links all of ours.
    if (own === undefined && name.startsWith("@warren/")) return [];
    return [violation(source, node, `"${name}" is not declared`, `declare it in ${where}`)];
  });
}

function namesIn(manifest: Manifest | undefined): readonly string[] {
  return manifest === undefined ? [] : [...manifest.run, ...manifest.work];
}

function importedPackage(specifier: string): string | undefined {
  return isBuiltin(specifier) ? undefined : packageName(specifier);
}

function unusedByPackage(repository: Repository, manifest: Manifest): readonly Violation[] {
  const own = packageOf(manifest.file.path);
  const sources = repository.sources.filter(({ path }) => packageOf(path) === own);
  const shipped = sources.filter((source) => !isTest(source) && !isConfig(source));
  return [...unused(manifest, manifest.run, shipped), ...unused(manifest, manifest.work, sources)];
}

function unusedByRoot({ sources }: Repository, root: Manifest): readonly Violation[] {
  const working = sources.filter(
    (source) => packageOf(source.path) === undefined || isTest(source) || isConfig(source),
  );
  const names = [...root.run, ...root.work].filter((name) => !commands.has(name));
  return unused(root, names, working);
}

function unused(
  { file }: Manifest,
  names: readonly string[],
  sources: readonly Source[],
): readonly Violation[] {
  const used = new Set(
    sources.flatMap(({ imports }) => imports.map(({ specifier }) => packageName(specifier))),
  );
  return names
    .filter((name) => !used.has(name) && !name.startsWith("@types/"))
    .map((name) => ({
      path: file.path,
      line: lineAt(file.text, file.text.indexOf(`"${name}":`)),
      what: `nothing imports "${name}"`,
      instead: "remove it",
    }));
}
