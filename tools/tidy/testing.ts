/** Tests that run: none left out in silence, none alone, none that sleeps, none that expects what it is yet to be told. */
import type { Repository, Source, Violation } from "./repository.ts";
import { isTest, packageOf, violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { nameOf, nodeAt, nodesAt, propertyOf } from "./syntax.ts";

export function honestTests({ sources }: Repository): readonly Violation[] {
  return sources
    .filter(isTest)
    .flatMap((source) => source.nodes.flatMap((node) => judge(source, node)));
}

export function noSleeps({ sources }: Repository): readonly Violation[] {
  const instead = "wait for the event itself, or give the code a clock of your own";
  return sources
    .filter((source) => isTest(source) && packageOf(source.path) !== undefined)
    .flatMap((source) =>
      source.nodes
        .filter(isSleep)
        .map((node) => violation(source, node, "a test that sleeps", instead)),
    );
}

/** One that was never recorded is written down by the next run, whatever that finds. */
export function recordedSnapshots({ sources }: Repository): readonly Violation[] {
  const instead = "run the test once, and read what it wrote";
  return sources
    .filter(isTest)
    .flatMap((source) =>
      source.nodes
        .filter(isEmptySnapshot)
        .map((node) => violation(source, node, "a snapshot of nothing", instead)),
    );
}

const starters: ReadonlySet<string> = new Set("test it describe suite bench".split(" "));

const reason = "call context.skip(condition, reason) in the test";

function judge(source: Source, node: Node): readonly Violation[] {
  if (node.type === "MemberExpression") {
    const name = propertyOf(node) ?? "";
    const isStarter = starters.has(rootOf(node));
    if (name === "only" && isStarter) return [violation(source, node, "only", "run all tests")];
    const isLeftOut = isStarter && /^(skip|todo|skipIf|runIf)$/.test(name);
    return isLeftOut ? [violation(source, node, `${name} without a reason`, reason)] : [];
  }
  if (node.type !== "CallExpression") return [];
  const list = nodesAt(node, "arguments");
  if (isSkip(nodeAt(node, "callee")) && !hasReason(list)) {
    return [violation(source, node, "skip without a reason", reason)];
  }
  return starters.has(rootOf(nodeAt(node, "callee"))) ? judgeOptions(source, list) : [];
}

/** `test.concurrent.only`, `test.each(…)` → test. */
function rootOf(node: Node | undefined): string {
  let root = node;
  while (root !== undefined && root.type !== "Identifier") {
    root = nodeAt(root, "object") ?? nodeAt(root, "callee") ?? nodeAt(root, "tag");
  }
  return nameOf(root) ?? "";
}

/** `context.skip`, or a plain `skip` taken out of the context. */
function isSkip(callee: Node | undefined): boolean {
  if (starters.has(rootOf(callee))) return false;
  return (propertyOf(callee) ?? nameOf(callee)) === "skip";
}

/** The last argument is the reason; a lone condition is none, and neither is a function. */
function hasReason(list: readonly Node[]): boolean {
  const last = list.at(-1);
  if (last === undefined || /Function|^(Unary|Binary|Logical)Expression$/.test(last.type))
    return false;
  return last.type !== "Literal" || (nameOf(last) ?? "") !== "";
}

function judgeOptions(source: Source, list: readonly Node[]): readonly Violation[] {
  return list
    .flatMap((value) => nodesAt(value, "properties"))
    .filter((part) => /^(only|skip|todo)$/.test(nameOf(nodeAt(part, "key")) ?? ""))
    .map((part) => violation(source, part, `the option ${nameOf(nodeAt(part, "key"))}`, reason));
}

function isEmptySnapshot(node: Node): boolean {
  const name = propertyOf(nodeAt(node, "callee")) ?? "";
  if (
    node.type !== "CallExpression" ||
    !/^to(Match|ThrowErrorMatching)InlineSnapshot$/.test(name)
  ) {
    return false;
  }
  const [first] = nodesAt(node, "arguments");
  return first === undefined || first.type === "ObjectExpression";
}

function isSleep(node: Node): boolean {
  if (node.type === "Identifier") return nameOf(node) === "setTimeout";
  if (node.type !== "ImportDeclaration") return false;
  return (nameOf(nodeAt(node, "source")) ?? "").startsWith("node:timers");
}
