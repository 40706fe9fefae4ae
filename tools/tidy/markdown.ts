/** Documents whose links lead somewhere, and translations with the same chapters. */
import { posix } from "node:path";
import type { File, Repository, Violation } from "./repository.ts";
import { violation } from "./repository.ts";

export function links({ files }: Repository): readonly Violation[] {
  const paths = placesIn(files);
  return documentsIn(files).flatMap((file) =>
    linksOf(file).flatMap(({ target, start }) => {
      const what = judgeLink(file, target, { files, paths });
      const at = { type: "Link", start };
      return what === undefined ? [] : [violation(file, at, what, "correct the link")];
    }),
  );
}

/** X.zh-CN.md has the headings of X.md: the same levels in the same order. */
export function translations({ files }: Repository): readonly Violation[] {
  return documentsIn(files).flatMap((file) => {
    const original = files.get(file.path.replace(/\.zh-CN\.md$/, ".md"));
    if (original === undefined || original === file) return [];
    const [there, here] = [headingsOf(original.text), headingsOf(file.text)];
    const odd = Array.from({ length: Math.max(there.length, here.length) }).findIndex(
      (_, index) => there[index]?.level !== here[index]?.level,
    );
    if (odd === -1) return [];
    const what = `${quoted(here[odd])} stands where ${original.path} has ${quoted(there[odd])}`;
    const at = { type: "Heading", start: (here[odd] ?? here.at(-1))?.start ?? 0 };
    return [violation(file, at, what, "give both the same headings")];
  });
}

interface Heading {
  readonly level: number;
  readonly text: string;
  readonly start: number;
}

interface Places {
  readonly files: ReadonlyMap<string, File>;
  /** Files and folders. */
  readonly paths: ReadonlySet<string>;
}

function quoted(heading: Heading | undefined): string {
  return heading === undefined ? "nothing" : `"${heading.text}"`;
}

function documentsIn(files: ReadonlyMap<string, File>): readonly File[] {
  return [...files.values()].filter(({ path }) => path.endsWith(".md"));
}

function placesIn(files: ReadonlyMap<string, File>): ReadonlySet<string> {
  const paths = new Set(["."]);
  for (const path of files.keys()) {
    for (let place = path; place !== "."; place = posix.dirname(place)) paths.add(place);
  }
  return paths;
}

/** Code blanked out, so that offsets stay and nothing in it is taken for a link or a heading. */
function withoutCode(text: string): string {
  return text
    .replaceAll(
      /^( {0,3})(`{3,}|~{3,})[^\n]*\n[\s\S]*?(^ {0,3}\2[`~]*[ \t]*$|$(?![\s\S]))/gm,
      blank,
    )
    .replaceAll(/<!--[\s\S]*?-->/g, blank)
    .replaceAll(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, blank);
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

function linksOf({ text }: File): readonly { readonly target: string; readonly start: number }[] {
  const patterns = [
    // [words](target "title"), ![picture](target)
    /\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'][^\n]*?["'])?\s*\)/g,
    // [words]: target
    /^ {0,3}\[[^\]\n]+\]:\s*<?([^\s>]+)/gm,
    /<(?:a|img)\s[^>]*?(?:href|src)="([^"]*)"/g,
  ];
  const prose = withoutCode(text);
  return patterns.flatMap((pattern) =>
    [...prose.matchAll(pattern)].map((match) => ({ target: match[1] ?? "", start: match.index })),
  );
}

function judgeLink(file: File, target: string, places: Places): string | undefined {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) return undefined;
  const [path = "", anchor] = target.split("#").map(decodeURIComponent);
  const place = placeOf(file, path);
  if (!places.paths.has(place)) return `"${target}" leads to no file`;
  const document = places.files.get(place);
  if (anchor === undefined || document === undefined || !place.endsWith(".md")) return undefined;
  return anchorsOf(document.text).has(anchor) ? undefined : `"${target}" leads to no heading`;
}

function placeOf(file: File, path: string): string {
  if (path === "") return file.path;
  const base = path.startsWith("/") ? "." : posix.dirname(file.path);
  return posix.join(base, path).replace(/(?<=.)\/$/, "");
}

function headingsOf(text: string): readonly Heading[] {
  const prose = withoutCode(text);
  return [...prose.matchAll(/^ {0,3}(#{1,6})[ \t]+\S/gm)].map(({ 1: marks = "", index }) => {
    const line = text.slice(index).split("\n", 1)[0] ?? "";
    return { level: marks.length, text: line.replaceAll(/^\s*#+\s+|\s+#*\s*$/g, ""), start: index };
  });
}

/** The anchors GitHub makes of the headings, and those written as HTML. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const heading of headingsOf(text)) {
    const plain = anchorOf(heading.text);
    let anchor = plain;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${plain}-${copy}`;
    anchors.add(anchor);
  }
  for (const match of text.matchAll(/<a\s[^>]*?(?:id|name)="([^"]*)"/g))
    anchors.add(match[1] ?? "");
  return anchors;
}

function anchorOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/<[^>]*>/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
