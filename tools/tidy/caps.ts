/** The tail is capped: the lint holds the caps, nobody switches them off, and the whole stays small. */
import type { File, Repository, Violation } from "./repository.ts";
import { isTest, lineAt, packageOf, violation } from "./repository.ts";

export const caps: Readonly<Record<string, number>> = {
  "max-lines-per-function": 70,
  "max-lines": 400,
  "max-params": 4,
  "max-depth": 3,
};

/**
 * Lines of code, also of the shell's, without tests and catalogues of messages. Blank lines and comments
 * are free: a reason must not cost anything. A peer that does half of it has 80,000.
 */
const BUDGETS: Readonly<Record<string, number>> = { packages: 37_352, console: 8000 };

export function lintCaps({ files }: Repository): readonly Violation[] {
  const file = files.get(".oxlintrc.json");
  if (file === undefined) return [];
  const config = JSON.parse(file.text) as LintConfig;
  const loose = Object.entries(caps).filter(([name, max]) => !isCapped(config.rules?.[name], max));
  const lifted = (config.overrides ?? []).flatMap(liftedCaps);
  return [
    ...loose.map(([name, max]) => setting(file, name, `is not an error at ${max}`)),
    ...lifted.map((name) => setting(file, name, "is lifted for some files")),
  ];
}

/** A rule switched off on the spot says why, and a cap is not switched off. */
export function lintSwitches({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    [...source.text.matchAll(/^[^"'`\n]*(?:\/\/|\/\*)\s*(?:ox|es)lint-disable([^\n]*)/gm)].flatMap(
      (match) => {
        const [, rest = ""] = match;
        const line = { start: match.index + match[0].length };
        const at = { type: "Comment", ...line };
        const cap = Object.keys(caps).find((name) => rest.includes(name));
        if (cap !== undefined)
          return [violation(source, at, `${cap} switched off`, "cut it in two")];
        return / -- \S/.test(rest)
          ? []
          : [violation(source, at, "a rule switched off without a reason", "add -- and why")];
      },
    ),
  );
}

export function budget({ files }: Repository, budgets = BUDGETS): readonly Violation[] {
  const lines: Record<string, number> = { packages: 0, console: 0 };
  for (const file of files.values()) {
    const name = packageOf(file.path);
    if (name === undefined || !/\.(tsx?|sh)$/.test(file.path)) continue;
    if (isTest(file) || file.path.includes("/src/messages/")) continue;
    // The server's first page is where the console begins.
    const isConsole = name === "web" || file.path.startsWith("packages/server/src/page/");
    const part = isConsole ? "console" : "packages";
    lines[part] = (lines[part] ?? 0) + countCode(file);
  }
  return Object.entries(budgets)
    .filter(([part, most]) => (lines[part] ?? 0) > most)
    .map(([part, most]) => ({
      path: part === "console" ? "packages/web" : "packages",
      line: 1,
      what: `${lines[part]} lines of code, of ${most}`,
      instead: "remove what is not needed",
    }));
}

/** By how a line begins: our formatter gives a block comment a star a line. */
function countCode({ path, text }: File): number {
  const isComment = path.endsWith(".sh") ? /^\s*#/ : /^\s*(?:\/[/*]|\*)/;
  return text.split("\n").filter((line) => line.trim() !== "" && !isComment.test(line)).length;
}

interface LintConfig {
  readonly rules?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly {
    readonly files: readonly string[];
    readonly rules?: Readonly<Record<string, unknown>>;
  }[];
}

function isCapped(value: unknown, most: number): boolean {
  if (!Array.isArray(value)) return false;
  const [severity, options]: readonly unknown[] = value;
  const max = (options as { readonly max?: unknown } | undefined)?.max;
  return severity === "error" && typeof max === "number" && max <= most;
}

/** A test may have long functions: a describe is one. */
function liftedCaps({ files, rules }: NonNullable<LintConfig["overrides"]>[number]): string[] {
  const areTests = files.every((pattern) => /\.(test|contract)\.tsx?$/.test(pattern));
  return Object.keys(rules ?? {})
    .filter((name) => name in caps)
    .filter((name) => !(areTests && name === "max-lines-per-function"))
    .filter((name) => !isCapped(rules?.[name], caps[name] ?? 0));
}

function setting(file: File, name: string, what: string): Violation {
  const line = lineAt(file.text, Math.max(0, file.text.indexOf(`"${name}"`)));
  return {
    path: file.path,
    line,
    what: `${name} ${what}`,
    instead: "restore it, and cut the code in two",
  };
}
