/** The rules of the repository, and the reading of it. A rule sees paths and texts, and nothing else. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { budget, lintCaps, lintSwitches } from "./tidy/caps.ts";
import { dependencies } from "./tidy/dependencies.ts";
import { direction } from "./tidy/direction.ts";
import { headers, importWork, surroundings, testPlaces, topLevel } from "./tidy/form.ts";
import { independence } from "./tidy/independence.ts";
import { language, noShell } from "./tidy/language.ts";
import { layout } from "./tidy/layout.ts";
import { links, translations } from "./tidy/markdown.ts";
import { cycles, publicLists } from "./tidy/modules.ts";
import { fileNames, functionNames, typeNames } from "./tidy/names.ts";
import { purity } from "./tidy/purity.ts";
import type { File, Rule } from "./tidy/repository.ts";
import { plainSentences, translatedSentences } from "./tidy/sentences.ts";
import { honestTests, noSleeps, recordedSnapshots } from "./tidy/testing.ts";

/** Each rule by the sentence it keeps. */
export const rules: Readonly<Record<string, Rule>> = {
  "the tree holds the folders and packages that ARCHITECTURE.md names": layout,
  "packages import along the arrows, by the name of the package": direction,
  "the oracle shares nothing with the compiler": independence,
  "dependencies are declared and used": dependencies,
  "pure code touches no world": purity,
  "imports make no cycle": cycles,
  "mod.ts is the public list and nothing else": publicLists,
  "files are named in kebab-case, for what they are": fileNames,
  "types are named for what they are": typeNames,
  "exported functions are named for what they do": functionNames,
  "a file begins with what it owns": headers,
  "a test is named after what it tests": testPlaces,
  "the top level holds declarations and constants": topLevel,
  "an import does no work": importWork,
  "only main.ts reads the surroundings": surroundings,
  "the language is TypeScript without its extras": language,
  "nothing runs through a shell": noShell,
  "no test is left out in silence": honestTests,
  "no test sleeps": noSleeps,
  "no snapshot is left to the next run": recordedSnapshots,
  "a sentence is said, not written as a plain string": plainSentences,
  "each language has every sentence": translatedSentences,
  "the lint holds the caps": lintCaps,
  "a rule switched off says why": lintSwitches,
  "the source stays in its budget": budget,
  "links in documents lead somewhere": links,
  "a translation has the chapters of its original": translations,
};

/** The files git has or would take; without git, all but what .gitignore names. */
export function readFiles(root: string): readonly File[] {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const git = spawnSync("git", ["-C", root, ...list], { encoding: "utf8", maxBuffer: 2 ** 26 });
  const paths = git.status === 0 ? git.stdout.split("\0") : listFolder(root);
  return [...new Set(paths)]
    .filter((path) => path !== "" && isFile(join(root, path)))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function listFolder(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) => !/(^|\/)(node_modules|\.git)(\/|$)|^(dev|out)\/|\.log$/.test(path),
  );
}

/** A file that git still lists may be gone from the folder. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
