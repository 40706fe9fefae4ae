/** warren render: writes a folder a node, ready for /etc/wireguard, with the lock and the keys. */
import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { entrancesOf, listSome, listTexts, printCount, say } from "@warren/core";
import type { Entrance, Format, Phrase } from "@warren/core";
import { AppError } from "@warren/api";
import { printFindings } from "../findings.ts";
import { isForeign, listNodeFolders, listRendered } from "../files/output-folder.ts";
import { isRendered, rendered } from "../rendering.ts";
import { staged } from "../files/staging.ts";
import type { Staging, Written } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf } from "../terminal/words.ts";
import { placesOf } from "../workspace.ts";
import type { Judge, Plan, Places } from "../workspace.ts";
import { stageKeys, writeBeside } from "../writing.ts";

export interface RenderOptions {
  readonly file: string;
  readonly output: string;
  readonly format: Format;
  readonly json: boolean;
  readonly strict: boolean;
  readonly judge?: Judge;
}

export function render(terminal: Terminal, options: RenderOptions): number {
  const wish = { ...options, isStrict: options.strict, keys: "make" } as const;
  return writeBeside(terminal, wish, (plan, { findings, places }) => {
    refuseUnfit(options);
    printFindings(terminal, findings, options);
    sayWithheld(terminal, plan);
    const written = staged((staging) => writePlan(terminal, plan, places, { options, staging }));
    if (!options.json) terminal.print(summary(options.output, written));
  });
}

/** An output folder holds what is rendered of one mesh, and nothing that is worth more. */
function refuseUnfit({ file, output }: RenderOptions): void {
  const { lockFile, keysFolder } = placesOf(file);
  const isAbove = isInside(file, output);
  if (isAbove || isInside(output, keysFolder)) {
    const why = isAbove ? say`the mesh file lies in it` : say`it is for keys`;
    const fix = say`choose a folder of its own with -o: git is told to ignore all that is in it`;
    throw new AppError("cannot-write", say`cannot render here: ${why}`, { fix, file: output });
  }
  if (existsSync(lockFile) || listRendered(output).length === 0) return;
  const fix = say`restore ${lockFile}, which says who has which address; or choose another folder with -o`;
  const message = say`this holds what was rendered of a mesh, but ${lockFile} is not there`;
  throw new AppError("cannot-write", message, { fix, file: output });
}

function isInside(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}

interface RenderJob {
  readonly options: RenderOptions;
  readonly staging: Staging;
}

/** Keys and lock first, then what is made of both. */
function writePlan(
  terminal: Terminal,
  plan: Plan,
  places: Places,
  { options, staging }: RenderJob,
): void {
  const { output, format } = options;
  stageKeys(staging, plan, places);
  staging.ignoreAll(output);
  const kept = new Set<string>();
  const foreign: string[] = [];
  const total = plan.index.members.length + plan.index.entries.length;
  for (const { device, path, text, audience } of rendered(plan, format)) {
    if (isForeign(join(output, path))) foreign.push(path);
    else if (foreign.length === 0) staging.put(join(output, path), text, audience);
    kept.add(path);
    terminal.progress(say`rendering ${device} of ${total}`);
  }
  if (foreign.length > 0) throw foreignFiles(output, foreign);
  // Files of ours that this mesh no longer has, and leftovers of killed runs; never anybody else's.
  const isOld = (node: string): boolean => !staging.isNew(join(output, node));
  for (const file of listRendered(output, kept, isOld)) staging.remove(join(output, file));
  for (const node of ["", ...listNodeFolders(output)]) staging.sweep(join(output, node));
  staging.sweep(places.keysFolder);
}

/** Somebody's own /etc/hosts, say: nothing would bring it back. */
export function foreignFiles(output: string, foreign: readonly string[]): AppError {
  const fix = say`move away what is not Warren's; or choose another folder with -o`;
  const message = say`not made by Warren, and would be overwritten: ${listSome(foreign)}`;
  return new AppError("cannot-write", message, { fix, file: output });
}

/** Clients that are given no file: none of them stops the others. */
function sayWithheld(terminal: Terminal, { mesh, keys }: Plan): void {
  const without = entrancesOf(mesh).filter((each) => !isRendered(keys, each));
  const isMade = ({ id }: Entrance): boolean => keys.entryKeys.has(id);
  const note = (those: readonly Entrance[], why: Phrase): void => {
    if (those.length === 0) return;
    terminal.say(say`no file for ${listTexts(those.map(({ name }) => name))}: ${why}`);
  };
  note(without.filter(isMade), say`the private key is on the device alone`);
  const unmade = without.filter((each) => !isMade(each));
  note(unmade, say`not in the mesh before it has a key, which warren qr makes and shows`);
}

export function summary(output: string, { changed, unchanged, removed }: Written): Phrase {
  const counts = [
    say`${countOf(changed.length, "file")} written`,
    say`${printCount(unchanged)} unchanged`,
    ...(removed.length === 0 ? [] : [say`${printCount(removed.length)} removed`]),
  ];
  return say`${output}: ${listTexts(counts)}`;
}
