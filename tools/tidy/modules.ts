/** Files inside a package: no cycles, and one public list, which is nothing else. */
import type { Repository, Source, Violation } from "./repository.ts";
import { packageOf, resolveImport, violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { nameOf, nodeAt, nodesAt } from "./syntax.ts";

export function cycles({ sources }: Repository): readonly Violation[] {
  const known = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  return sources.flatMap((source) => {
    const cycle = findCycle([source.path], known, done);
    if (cycle === undefined) return [];
    const what = `import cycle ${cycle.join(" → ")}`;
    const first = known.get(cycle[0] ?? "") ?? source;
    return [violation(first, undefined, what, "move what both need into a third file")];
  });
}

/** The first cycle below the last path of a trail; no file is searched twice, so each is told once. */
function findCycle(
  trail: readonly string[],
  known: ReadonlyMap<string, Source>,
  done: Set<string>,
): readonly string[] | undefined {
  const path = trail.at(-1) ?? "";
  const start = trail.indexOf(path);
  if (start < trail.length - 1) return trail.slice(start);
  const source = known.get(path);
  if (source === undefined || done.has(path)) return undefined;
  done.add(path);
  for (const { specifier } of source.imports) {
    const target = resolveImport(source, specifier);
    const cycle = target === undefined ? undefined : findCycle([...trail, target], known, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

export function publicLists({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    isPublicList(source.path)
      ? source.statements
          .filter((statement) => !isReexport(statement))
          .map((statement) =>
            violation(
              source,
              statement,
              "a mod.ts only passes on",
              "move this into a file of its own",
            ),
          )
      : [
          ...secondList(source),
          ...passedOn(source).map((node) =>
            violation(
              source,
              node,
              "only a package's mod.ts passes on what it imports",
              "let the reader import it from where it is made",
            ),
          ),
        ],
  );
}

function isPublicList(path: string): boolean {
  return /^packages\/[^/]+\/src\/mod\.ts$/.test(path);
}

function isReexport(statement: Node): boolean {
  if (statement.type === "ExportAllDeclaration") return true;
  if (statement.type !== "ExportNamedDeclaration") return false;
  const isEmpty = nodesAt(statement, "specifiers").length === 0;
  return (
    nodeAt(statement, "declaration") === undefined &&
    (isEmpty || nodeAt(statement, "source") !== undefined)
  );
}

function secondList(source: Source): readonly Violation[] {
  if (packageOf(source.path) === undefined || !source.path.endsWith("/mod.ts")) return [];
  return [violation(source, undefined, "a second mod.ts", "a package has one, at src/mod.ts")];
}

/** `export … from`, or an export of an imported name. */
function passedOn(source: Source): readonly Node[] {
  const imported = new Set(
    source.statements
      .filter(({ type }) => type === "ImportDeclaration")
      .flatMap((statement) => nodesAt(statement, "specifiers"))
      .map((specifier) => nameOf(nodeAt(specifier, "local"))),
  );
  return source.statements.filter((statement) => {
    if (!statement.type.startsWith("Export")) return false;
    if (nodeAt(statement, "source") !== undefined) return true;
    return nodesAt(statement, "specifiers").some((part) =>
      imported.has(nameOf(nodeAt(part, "local"))),
    );
  });
}
