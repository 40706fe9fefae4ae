/** The parts of the language that this repository leaves alone, and the shell. */
import type { Repository, Source, Violation } from "./repository.ts";
import { isConfig, violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { nameOf, nodeAt, nodesAt, propertyOf, textAt } from "./syntax.ts";

export function language({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) =>
    source.nodes.flatMap((node) => {
      const wrong = judge(node);
      if (wrong === undefined || (isConfig(source) && wrong === defaultExport)) return [];
      return [violation(source, node, ...wrong)];
    }),
  );
}

export function noShell({ sources }: Repository): readonly Violation[] {
  return sources.flatMap((source) => source.nodes.flatMap((node) => judgeShell(source, node)));
}

type Wrong = readonly [what: string, instead: string];

const defaultExport: Wrong = ["a default export", "export it by its name"];

const leftAlone: ReadonlyMap<string, Wrong> = new Map([
  ["TSEnumDeclaration", ["an enum", "write a union of string literals"]],
  ["Decorator", ["a decorator", "call the function"]],
  ["TSParameterProperty", ["a parameter property", "declare the field and assign it"]],
  ["ExportDefaultDeclaration", defaultExport],
  ["TSAnyKeyword", ["any", "write unknown and parse it"]],
  ["TSNonNullExpression", ["a non-null !", "branch on undefined"]],
]);

function judge(node: Node): Wrong | undefined {
  if (node.type === "TSModuleDeclaration" && textAt(node, "kind") === "namespace") {
    return ["a namespace", "write a file"];
  }
  if (node["definite"] === true) return ["a non-null !", "assign it where it is declared"];
  // A constructor has no #name: only the keyword keeps it to the class.
  if (textAt(node, "accessibility") !== undefined && textAt(node, "kind") !== "constructor") {
    return [`the keyword ${textAt(node, "accessibility")}`, "write #name, or nothing"];
  }
  if (/^Class(Declaration|Expression)$/.test(node.type)) {
    const parent = nodeAt(node, "superClass");
    if (parent !== undefined && nameOf(parent) !== "Error") {
      return ["inheritance", "hold the other object, or take it as an argument"];
    }
  }
  return leftAlone.get(node.type);
}

const starters: ReadonlySet<string> = new Set(
  "spawn spawnSync execFile execFileSync fork".split(" "),
);

const argumentArrays = "start the program itself, with an array of arguments";

function judgeShell(source: Source, node: Node): readonly Violation[] {
  if (node.type === "ImportDeclaration" || node.type === "ImportExpression") {
    return judgeChildProcess(source, node);
  }
  if (node.type === "Property" && nameOf(nodeAt(node, "key")) === "shell") {
    const isOn = nodeAt(node, "value")?.["value"] === true;
    return isOn ? [violation(source, node, "a shell", argumentArrays)] : [];
  }
  if (node.type !== "CallExpression" || !isStart(node)) return [];
  const found = startsShell(nodesAt(node, "arguments"));
  return found ? [violation(source, node, "a shell", argumentArrays)] : [];
}

function judgeChildProcess(source: Source, node: Node): readonly Violation[] {
  if (!/^(node:)?child_process$/.test(nameOf(nodeAt(node, "source")) ?? "")) return [];
  if (node.type === "ImportExpression") {
    return [violation(source, node, "child_process as a whole", "import its functions by name")];
  }
  return nodesAt(node, "specifiers").flatMap((part) => {
    if (part.type !== "ImportSpecifier") {
      return [violation(source, part, "child_process as a whole", "import its functions by name")];
    }
    const name = nameOf(nodeAt(part, "imported")) ?? "";
    return /^exec(Sync)?$/.test(name)
      ? [violation(source, part, `${name}() runs a shell`, argumentArrays)]
      : [];
  });
}

function isStart(call: Node): boolean {
  const callee = nodeAt(call, "callee");
  return starters.has(nameOf(callee) ?? propertyOf(callee) ?? "");
}

/** `("sh", ["-c", …])`, or an option `shell` that is not a plain false. */
function startsShell([program, list, ...rest]: readonly Node[]): boolean {
  const isShell = /^(.*\/)?(sh|bash|dash|zsh|ash|cmd|powershell)(\.exe)?$/.test(
    nameOf(program) ?? "",
  );
  const flag = nameOf(nodesAt(list, "elements")[0]) ?? "";
  if (isShell && /^(-\w*c|\/c)$/i.test(flag)) return true;
  const options = [list, ...rest].flatMap((value) => nodesAt(value, "properties"));
  return options.some(
    (part) =>
      nameOf(nodeAt(part, "key")) === "shell" &&
      typeof nodeAt(part, "value")?.["value"] !== "boolean",
  );
}
