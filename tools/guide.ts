/**
 * The pages of docs/guide as what they tell a reader to do: files to write, commands to type, and
 * what these print. A page becomes one bash script, so that its commands share a folder as they do
 * for the reader.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export interface Page {
  readonly name: string;
  readonly steps: readonly Step[];
}

export type Step = FileStep | CommandStep;

/** A fenced block whose info string names a file, ```yaml warren.yaml; >>warren.yaml adds to it. */
export interface FileStep {
  readonly kind: "file";
  readonly line: number;
  readonly path: string;
  readonly isAdded: boolean;
  readonly text: string;
}

/** `$ command` on the reader's own machine, `aws# command` as root on the host aws; what it prints follows. */
export interface CommandStep {
  readonly kind: "command";
  readonly line: number;
  readonly host: string | undefined;
  readonly command: string;
  readonly expected: readonly string[];
}

/** Where a page runs. */
export interface Stage {
  /** For the reader's files and the results; fresh. */
  readonly folder: string;
  /** Whether there are hosts; without them, what is done on hosts is left out. Machines are reached by the real ssh. */
  readonly hosts: "none" | "namespaces" | "machines";
}

const GUIDE = join(import.meta.dirname, "../docs/guide");
const ROOT = join(import.meta.dirname, "..");
/** ssh and systemctl, for a network in namespaces; without one they refuse. */
const STAND_INS = join(ROOT, "e2e/stand-ins");
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const FILE_LANGUAGES = new Set(["yaml", "ini", "csv", "json", "sh"]);
/** What shows that a command may fail. */
const FAILURE = /\b(error|warning)\b|^✗/;
/** Any text in a line; alone in a line, any lines. */
const ANYTHING = "…";

/** Of the originals; each has its translation beside it. */
export function pageNames(): readonly string[] {
  return readdirSync(GUIDE).filter((name) => /^[^.]+\.md$/.test(name));
}

export function readText(name: string): string {
  return readFileSync(join(GUIDE, name), "utf8");
}

export function readPage(name: string): Page {
  return parsePage(name, readText(name));
}

/** Throws where a block is neither a file nor commands: it would be a promise that nobody keeps. */
export function parsePage(name: string, text: string): Page {
  const blocks = fencedBlocks(text);
  const steps = blocks.flatMap(({ info, line, lines }): readonly Step[] => {
    const [language = "", path, ...rest] = info.split(" ");
    if (language === "console" && path === undefined) return commandsOf(name, lines, line);
    if (!FILE_LANGUAGES.has(language) || path === undefined || rest.length > 0)
      throw new Error(`${name}:${line}: a block "${info}" is not run by any test`);
    const target = path.replace(/^>>/, "");
    const content = lines.map((each) => `${each}\n`).join("");
    return [{ kind: "file", line, path: target, isAdded: path !== target, text: content }];
  });
  return { name, steps };
}

/** What is in fences, to the letter: a translation has the same. */
export function blocksOf(text: string): readonly string[] {
  return fencedBlocks(text).map(({ info, lines }) => [info, ...lines].join("\n"));
}

/** The commands that need other machines than the reader's, also by way of a script of the page. */
export function findHostSteps({ steps }: Page): ReadonlySet<Step> {
  const scripts = steps.flatMap((step) =>
    step.kind === "file" && /\bssh\b/.test(step.text) ? [`sh ${step.path} `] : [],
  );
  const isForHosts = ({ host, command }: CommandStep): boolean =>
    host !== undefined ||
    /\bssh\b|\bwarren (push|probe|status|pull|apply)\b/.test(command) ||
    scripts.some((script) => `${command} `.includes(script));
  return new Set(steps.filter((step) => step.kind === "command" && isForHosts(step)));
}

/** Writes the script that does all of a page, and answers its path. */
export function writeScript(page: Page, stage: Stage): string {
  const home = join(stage.folder, "home");
  const work = join(stage.folder, "work");
  const results = join(stage.folder, "results");
  const bin = join(home, ".local/bin");
  for (const each of [work, results, bin]) mkdirSync(each, { recursive: true });
  symlinkSync(ROOT, join(home, "warren"));
  // The index tells how to make this link.
  if (page.name !== "README.md") symlinkSync(join(ROOT, "warren"), join(bin, "warren"));
  const standIns = stage.hosts === "machines" ? [] : [STAND_INS];
  const path = [...standIns, bin, dirname(process.execPath), PATH].join(":");
  const left = stage.hosts !== "none" ? new Set() : findHostSteps(page);
  const lines = page.steps.flatMap((step, at) => {
    const result = join(results, String(at));
    if (step.kind === "file") return fileLines(step, { result, work });
    return left.has(step) ? [] : commandLines(step, result);
  });
  const script = join(stage.folder, "page.sh");
  const head = [`export HOME=${home} PATH=${path} LC_ALL=C.UTF-8 LANG=C.UTF-8`, `cd ${work}`];
  writeFileSync(script, [...head, ...lines, ""].join("\n"));
  return script;
}

/** What the script did that the page does not say; empty when the page is right. */
export function judge(page: Page, stage: Stage): readonly string[] {
  const left = stage.hosts !== "none" ? new Set() : findHostSteps(page);
  return page.steps.flatMap((step, at) => {
    if (step.kind === "file" || left.has(step)) return [];
    const result = join(stage.folder, "results", String(at));
    return judgeCommand(step, readResult(result)).map(
      (complaint) => `${page.name}:${step.line}: ${step.command}\n${complaint}`,
    );
  });
}

/** Does what needs no host, and says what is not as the page says. */
export async function runAtDesk(page: Page): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "warren-guide-"));
  try {
    const stage: Stage = { folder, hosts: "none" };
    const script = writeScript(page, stage);
    // A command that does not even parse ends the script; judge() sees what is missing.
    await promisify(execFile)("bash", [script], { env: {} }).catch(() => undefined);
    return judge(page, stage);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Result {
  readonly status: number;
  readonly output: readonly string[];
}

interface Block {
  readonly info: string;
  readonly line: number;
  readonly lines: readonly string[];
}

function fencedBlocks(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of text.split("\n").entries()) {
    const fence = /^\s*(?:```|~~~)(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { info: fence[1] ?? "", line: at + 1, lines: [] };
    else {
      blocks.push(open);
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the block does not end`);
  return blocks;
}

function commandsOf(name: string, lines: readonly string[], start: number): readonly CommandStep[] {
  const steps: { host: string | undefined; line: number; command: string; expected: string[] }[] =
    [];
  for (const [at, line] of lines.entries()) {
    const [, host, command] = /^(?:\$|([a-z0-9-]+)#) (.*)$/.exec(line) ?? [];
    const last = steps.at(-1);
    if (command !== undefined) steps.push({ host, line: start + at + 1, command, expected: [] });
    else if (last === undefined) throw new Error(`${name}:${start}: output without a command`);
    else if (line.startsWith("> ") && last.expected.length === 0)
      last.command += `\n${line.slice(2)}`;
    else last.expected.push(line);
  }
  return steps.map((step) => ({ kind: "command", ...step }));
}

function fileLines(
  { path, text, isAdded }: FileStep,
  { result, work }: { readonly result: string; readonly work: string },
): readonly string[] {
  writeFileSync(result, text);
  const target = quoted(join(work, path));
  return [
    `mkdir -p ${quoted(join(work, dirname(path)))}`,
    `cat ${result} ${isAdded ? ">>" : ">"}${target}`,
    // Keys may be in it.
    `chmod 600 ${target}`,
  ];
}

/** In braces it changes the script's own folder and variables, as it does for the reader. */
function commandLines({ command, host }: CommandStep, result: string): readonly string[] {
  const typed = host === undefined ? command : `ssh root@${host} ${quoted(command)}`;
  return ["{", typed, `} >${result} 2>&1 </dev/null`, `echo $? >${result}.status`];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Nothing, when the script did not come so far. */
function readResult(file: string): Result | undefined {
  try {
    const output = readFileSync(file, "utf8").replace(/\n$/, "");
    const lines = output === "" ? [] : output.split("\n").map((line) => line.trimEnd());
    return { status: Number(readFileSync(`${file}.status`, "utf8")), output: lines };
  } catch {
    return undefined;
  }
}

function judgeCommand({ expected }: CommandStep, result: Result | undefined): readonly string[] {
  if (result === undefined) return ["it was not run to its end"];
  const { status, output } = result;
  const complaints: string[] = [];
  if (!patternOf(expected).test(output.map((line) => `${line}\n`).join("")))
    complaints.push(["the page says:", ...expected, "it prints:", ...output].join("\n"));
  if (status !== 0 && !expected.some((line) => FAILURE.test(line)))
    complaints.push([`it ends with ${status}, and the page shows no error`, ...output].join("\n"));
  return complaints;
}

function patternOf(expected: readonly string[]): RegExp {
  const lines = expected.map((line) => {
    if (line === ANYTHING) return "(?:.*\\n)*?";
    return `${RegExp.escape(line).replaceAll(ANYTHING, ".*")}\\n`;
  });
  return new RegExp(`^${lines.join("")}$`);
}
