/** For the tests of the rules: what a rule finds in a repository of a few lines. */
import type { Rule } from "./repository.ts";
import { parseRepository } from "./repository.ts";

/** Each violation as `path:line: what`. */
export function check(rule: Rule, texts: Readonly<Record<string, string>>): readonly string[] {
  const files = Object.entries(texts).map(([path, text]) => ({ path, text }));
  return rule(parseRepository(files)).map(({ path, line, what }) => `${path}:${line}: ${what}`);
}

/** What a rule finds in one file of the core, without the path. */
export function checkText(
  rule: Rule,
  text: string,
  path = "packages/core/src/a.ts",
): readonly string[] {
  return check(rule, { [path]: text }).map((found) => found.slice(path.length + 1));
}
