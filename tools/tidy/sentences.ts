/** Every sentence for people is made with `say`, and each language has all of them, with the same places. */
import { templateOf } from "@warren/core";
import type { File, Repository, Source, Violation } from "./repository.ts";
import { isTest, packageOf, violation } from "./repository.ts";
import type { Node } from "./syntax.ts";
import { nameOf, nodeAt, nodesAt, propertyOf } from "./syntax.ts";

/** What prints a text of any kind: an address, JSON, a sentence. What takes sentences alone has a type for it. */
const PRINTERS: ReadonlySet<string> = new Set(["print", "paint", "read"]);

/** A sentence in a plain string would be printed in English only, be it a part of another or not. */
export function plainSentences({ sources }: Repository): readonly Violation[] {
  return sources.filter(isSpeaking).flatMap((source) =>
    source.nodes
      .flatMap((node) => valuesSaid(node).flatMap(textsOf).filter(isPlainSentence))
      .map((node) => {
        return violation(source, node, "a sentence in a plain string", "make it with say`…`");
      }),
  );
}

export function translatedSentences({ files, sources }: Repository): readonly Violation[] {
  const said = new Map<string, { readonly source: Source; readonly node: Node }>();
  for (const source of sources.filter(isSpeaking)) {
    for (const node of source.nodes.filter(isSaid)) said.set(readTemplate(node), { source, node });
  }
  const catalogues = [...files.values()].filter(({ path }) => CATALOGUE.test(path));
  return catalogues.flatMap((file) => {
    const sentences = new Map(Object.entries(JSON.parse(file.text) as Record<string, string>));
    const missing = [...said]
      .filter(([template]) => /\p{L}{2}/u.test(words(template)) && !sentences.has(template))
      .map(([template, { source, node }]) => {
        const line = `${JSON.stringify(template)}: ""`;
        return violation(source, node, `not in ${file.path}: ${line}`, "translate it there");
      });
    return [...missing, ...judgeTranslations(file, sentences, new Set(said.keys()))];
  });
}

/** `zh-cn.json` among the sources of a package. */
export const CATALOGUE = /^packages\/[^/]+\/src\/(?:.*\/)?[a-z]{2}-[a-z]{2}\.json$/;

function judgeTranslations(
  file: File,
  sentences: ReadonlyMap<string, string>,
  said: ReadonlySet<string>,
): readonly Violation[] {
  const at = (template: string): Node => {
    return { type: "Literal", start: file.text.indexOf(JSON.stringify(template)) };
  };
  // What is read and written again is the same, unless a key stood there twice.
  const isWhole = `${JSON.stringify(Object.fromEntries(sentences), undefined, 2)}\n` === file.text;
  const twice = isWhole ? [] : [violation(file, undefined, "a sentence twice", "keep one")];
  const judged = [...sentences].flatMap(([template, translation]) => {
    if (!said.has(template)) {
      return [violation(file, at(template), `nobody says ${template}`, "remove it")];
    }
    if (places(template) === places(translation)) return [];
    return [violation(file, at(template), `other places than ${template}`, "use each once")];
  });
  return [...twice, ...judged];
}

function isSpeaking(source: Source): boolean {
  return packageOf(source.path) !== undefined && !isTest(source);
}

/** What a call prints, and what stands in the places of a sentence. */
function valuesSaid(node: Node): readonly Node[] {
  if (isSaid(node)) return nodesAt(nodeAt(node, "quasi"), "expressions");
  const isPrinting = node.type === "CallExpression" && isPrinter(nodeAt(node, "callee"));
  return isPrinting ? nodesAt(node, "arguments") : [];
}

/** The ends of what may be a choice: `a ? b : c`, `a ?? b`. */
function textsOf(node: Node): readonly Node[] {
  const branches = ["consequent", "alternate", "left", "right"];
  if (!/^(Conditional|Logical)Expression$/.test(node.type)) return [node];
  return branches.flatMap((field) => nodeAt(node, field) ?? []).flatMap(textsOf);
}

/** `terminal.print`, or a plain `print` taken out of the terminal. */
function isPrinter(callee: Node | undefined): boolean {
  return PRINTERS.has(propertyOf(callee) ?? nameOf(callee) ?? "");
}

/** Two words side by side, or one long word with a blank at its edge. */
function isPlainSentence(node: Node): boolean {
  const text =
    node.type === "TemplateLiteral"
      ? readQuasis(node).join("\0")
      : node.type === "Literal"
        ? (nameOf(node) ?? "")
        : "";
  return /\p{L}{2,}[,:;]? +\p{L}{2,}|\p{L}{3,}[,:;]? \0|\0 \p{L}{3,}/u.test(text);
}

/** say`…`, core.say`…` */
function isSaid(node: Node): boolean {
  const tag = node.type === "TaggedTemplateExpression" ? nodeAt(node, "tag") : undefined;
  return (propertyOf(tag) ?? nameOf(tag)) === "say";
}

function readTemplate(node: Node): string {
  return templateOf({ words: readQuasis(nodeAt(node, "quasi")), values: [] });
}

/** The pieces as the program sees them: escapes read. */
function readQuasis(template: Node | undefined): readonly string[] {
  return nodesAt(template, "quasis").map(({ value }) => {
    const cooked: unknown =
      typeof value === "object" && value !== null && "cooked" in value ? value.cooked : "";
    return typeof cooked === "string" ? cooked : "";
  });
}

function words(template: string): string {
  return template.replaceAll(/\{\d+\}/g, " ");
}

function places(template: string): string {
  return [...template.matchAll(/\{\d+\}/g)]
    .map(([place]) => place)
    .sort()
    .join();
}
