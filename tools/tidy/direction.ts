/** Which package may import which: the arrows of ARCHITECTURE.md. */
import type { Repository, Source, Violation } from "./repository.ts";
import { isTest, packageOf, resolveImport, violation } from "./repository.ts";

export function direction({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) => {
    const own = packageOf(source.path);
    if (own === undefined) return [];
    return source.imports.flatMap(({ specifier, node }) => {
      const wrong = judgePath(source, own, specifier) ?? judgeName(source, own, specifier);
      return wrong === undefined ? [] : [violation(source, node, ...wrong)];
    });
  });
}

const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  relay: ["core"],
  crypto: ["core", "api"],
  api: ["core"],
  server: ["core", "api", "crypto", "relay"],
  agent: ["core", "api", "crypto", "relay"],
  web: ["core", "api"],
  operator: ["core", "api"],
  // The multicall binary: it starts every app.
  cli: ["core", "api", "crypto", "server", "agent", "web", "operator"],
};

/** The written exceptions: the demo is the real server, in the browser's tab. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  "packages/web/src/demo.ts": ["server"],
};

type Wrong = readonly [what: string, instead: string];

/** What is wrong with a relative path. */
function judgePath(source: Source, own: string, specifier: string): Wrong | undefined {
  const target = resolveImport(source, specifier);
  if (target === undefined || packageOf(target) === own) return undefined;
  if (isTest(source) && target.startsWith("tools/")) return undefined;
  const other = packageOf(target);
  const what = `"${specifier}" leaves the package`;
  if (other !== undefined) return [what, `import "@warren/${other}"`];
  return [what, "packages import only packages: move there what both need"];
}

/** What is wrong with the name of one of our packages. */
function judgeName(source: Source, own: string, specifier: string): Wrong | undefined {
  const [, name, rest] = /^@warren\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  if (name === own) return [`"${specifier}" is the package itself`, "import the file by its path"];
  const allowed = [...(arrows[own] ?? []), ...(exceptions[source.path] ?? [])];
  if (!allowed.includes(name)) {
    const list = allowed.length === 0 ? "none of our packages" : allowed.join(", ");
    return [`${own} may not import ${name}`, `it may import ${list}: take the rest as an argument`];
  }
  if (rest === undefined) return undefined;
  return [`"${specifier}" reaches into ${name}`, `import "@warren/${name}", and export it there`];
}
