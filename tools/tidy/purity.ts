/** Pure code stays pure: it imports nothing that touches the world, and uses no global of it. */
import type { Repository, Source, Violation } from "./repository.ts";
import { isTest, packageName, resolveImport, violation } from "./repository.ts";
import { freeReferences } from "./scope.ts";
import type { Import, Node } from "./syntax.ts";
import { nodeAt, propertyOf, textAt } from "./syntax.ts";

export function purity({ sources }: Repository): readonly Violation[] {
  const pure = sources.filter((source) => isPure(source.path) && !isTest(source));
  return [...pure.flatMap(impureImports), ...pure.flatMap(impureGlobals)];
}

/** Folders end in a slash. */
const purePlaces: readonly string[] = [
  "packages/core/src/",
  "packages/server/src/auth/",
  "packages/server/src/commands/",
  "packages/server/src/state.ts",
  "packages/server/src/plan.ts",
  "packages/server/src/deltas.ts",
  "packages/agent/src/reconcile.ts",
  "packages/agent/src/endpoints.ts",
  "packages/agent/src/backoff.ts",
  "packages/agent/src/kernel/kernel.ts",
  "packages/agent/src/path/",
  "packages/operator/src/translate.ts",
  "packages/web/src/graph/layout.ts",
];

/** Packages without a side effect, which pure code outside the core may build on. */
const purePackages: ReadonlySet<string> = new Set(["@warren/core", "@warren/api"]);

const worldGlobals: ReadonlySet<string> = new Set(
  `fetch Date performance crypto console process Buffer setTimeout setInterval setImmediate
   queueMicrotask globalThis global WebSocket EventSource XMLHttpRequest navigator window document
   localStorage require eval`.split(/\s+/),
);

const instead = "take it as an argument from the caller who may touch the world";

function isPure(path: string): boolean {
  return purePlaces.some((place) =>
    place.endsWith("/") ? path.startsWith(place) : path === place,
  );
}

function impureImports(source: Source): readonly Violation[] {
  return source.imports
    .filter((found) => !isPureImport(source, found))
    .map(({ specifier, node }) =>
      violation(source, node, `pure code imports "${specifier}"`, instead),
    );
}

function isPureImport(source: Source, { specifier, isType }: Import): boolean {
  const target = resolveImport(source, specifier);
  // A type is erased: the pure part of a package may speak of its impure part.
  if (target !== undefined) return isType || isPure(target);
  const name = packageName(specifier);
  return !source.path.startsWith("packages/core/") && name !== undefined && purePackages.has(name);
}

function impureGlobals(source: Source): readonly Violation[] {
  const references = freeReferences(source.statements);
  const globals = references.filter((node) => worldGlobals.has(textAt(node, "name") ?? ""));
  const chance = chanceUses(source, references);
  const meta = source.nodes.filter((node) => node.type === "MetaProperty" && isImportMeta(node));
  return [
    ...globals.map((node) => [node, textAt(node, "name")] as const),
    ...chance.map((node) => [node, "Math.random"] as const),
    ...meta.map((node) => [node, "import.meta"] as const),
  ].map(([node, name]) => violation(source, node, `pure code uses the global "${name}"`, instead));
}

/** `Math.random`, and every use of `Math` as a value, behind which it could hide. */
function chanceUses(source: Source, references: readonly Node[]): readonly Node[] {
  const allowed = new Set(
    source.nodes
      .filter((node) => node.type === "MemberExpression")
      .filter((node) => !["random", undefined].includes(propertyOf(node)))
      .map((node) => nodeAt(node, "object")),
  );
  return references.filter((node) => textAt(node, "name") === "Math" && !allowed.has(node));
}

function isImportMeta(node: Node): boolean {
  return textAt(nodeAt(node, "meta"), "name") === "import";
}
