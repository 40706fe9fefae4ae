/** The tree: which folders and packages there are, that none is empty, and that ARCHITECTURE.md knows them. */
import type { Repository, Violation } from "./repository.ts";
import { isTest, packageOf } from "./repository.ts";

export function layout(repository: Repository): readonly Violation[] {
  const paths = [...repository.files.keys()];
  const folders = firstPaths(paths, (path) => /^([^/]+)\//.exec(path)?.[1]);
  const packages = firstPaths(paths, packageOf);
  return [
    ...unknownNames(folders, topFolders, "top-level folder"),
    ...unknownNames(packages, packageNames, "package"),
    ...unmentioned(repository, [
      ...[...folders.keys()].map((name) => `${name}/`),
      ...[...packages.keys()].map((name) => `packages/${name}`),
    ]),
    ...[...packages].flatMap(([name, path]) => emptiness(repository, name, path)),
  ];
}

const packageNames: ReadonlySet<string> = new Set(
  "core api crypto relay server agent cli web operator".split(" "),
);

const topFolders: ReadonlySet<string> = new Set(
  "packages docs examples lab sim e2e bench tools .ci .github".split(" "),
);

/** Each name with the first path that has it. */
function firstPaths(
  paths: readonly string[],
  nameOfPath: (path: string) => string | undefined,
): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const path of paths) {
    const name = nameOfPath(path);
    if (name !== undefined && !first.has(name)) first.set(name, path);
  }
  return first;
}

function unknownNames(
  found: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
  kind: string,
): readonly Violation[] {
  const instead = `put it into one of ${[...known].join(", ")}`;
  return [...found]
    .filter(([name]) => !known.has(name))
    .map(([name, path]) => ({ path, line: 1, what: `"${name}" is no known ${kind}`, instead }));
}

function unmentioned(repository: Repository, places: readonly string[]): readonly Violation[] {
  const map = repository.files.get("ARCHITECTURE.md");
  if (map === undefined) return [];
  return places
    .filter((place) => !isMentioned(map.text, place))
    .map((place) => {
      const what = `"${place}" is not mentioned`;
      return { path: map.path, line: 1, what, instead: "say in the codemap what it is for" };
    });
}

/** The name of a place, not as a part of a longer one. */
function isMentioned(text: string, place: string): boolean {
  const end = place.endsWith("/") ? "" : "(?![\\w-])";
  return new RegExp(`(?<![\\w./-])${RegExp.escape(place)}${end}`).test(text);
}

function emptiness(repository: Repository, name: string, path: string): readonly Violation[] {
  const folder = `packages/${name}`;
  const missing = [`${folder}/package.json`, `${folder}/src/mod.ts`]
    .filter((needed) => !repository.files.has(needed))
    .map((needed) => {
      const instead = "give the package a manifest and a public list";
      return { path, line: 1, what: `"${needed}" is missing`, instead };
    });
  const hasCode = repository.sources.some(
    (source) =>
      source.path.startsWith(`${folder}/src/`) &&
      source.path !== `${folder}/src/mod.ts` &&
      !isTest(source),
  );
  if (hasCode) return missing;
  const what = `the package "${name}" has no code`;
  return [
    ...missing,
    { path, line: 1, what, instead: "make a package when its first file is written" },
  ];
}
