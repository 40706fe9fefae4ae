/** Runs commands in a folder of their own, and holds what every command must hold: no secret is ever said. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, onTestFinished } from "vitest";
import { reportFailure } from "./exit.ts";
import { findLanguage, loadCatalogue } from "./terminal/language.ts";
import { run } from "./program.ts";
import { createTerminal } from "./terminal/terminal.ts";

/** What a command said, with the folder's name taken out, and its exit status. */
export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Path → mode, time of change and text; folders with a slash at their end. */
export type Listing = Readonly<Record<string, string>>;

export interface SpawnOptions {
  /** What runs in the process first. */
  readonly preload?: string;
  /** Where Node keeps what it has compiled. */
  readonly cache: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** In memory where there is such a place: these tests write ten thousand files. */
export const TEMPORARY = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export const MAIN = join(import.meta.dirname, "main.ts");

/** A temporary folder with a mesh in it, until the end of the test. */
export class MeshFolder {
  readonly path: string;

  constructor(mesh?: string) {
    this.path = fs.mkdtempSync(join(TEMPORARY, "warren-cli-"));
    onTestFinished(() => fs.rmSync(this.path, { recursive: true, force: true }));
    if (mesh !== undefined) this.write("warren.yaml", mesh);
  }

  at(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  read(...names: readonly string[]): string {
    return fs.readFileSync(this.at(...names), "utf8");
  }

  write(name: string, text: string | Uint8Array): void {
    fs.writeFileSync(this.at(name), text);
  }

  /** The address, keys and epochs that were given out. */
  lock(): Record<"nodes" | "clients", Record<string, { addresses: string[]; publicKey: string }>> {
    return JSON.parse(this.read("warren.lock")) as ReturnType<MeshFolder["lock"]>;
  }

  /** A command on this folder's warren.yaml and out, in this process. */
  async run(...words: readonly string[]): Promise<Said> {
    let out = "";
    let err = "";
    const catalogue = await loadCatalogue(findLanguage(words, {}));
    const terminal = createTerminal(
      { write: (text) => (out += text) },
      { write: (text) => (err += text) },
      { isColourWanted: true, catalogue },
    );
    // Only these commands can make a secret disappear.
    const secrets = words[0] === "keys" ? this.secrets() : [];
    let status: number;
    try {
      status = await run(terminal, "0.0.0", this.#complete(words));
    } catch (error) {
      status = reportFailure(terminal, error);
    }
    const said = [...secrets, ...this.secrets()].filter((secret) => (out + err).includes(secret));
    const isAsked = words.some((word) => /^(--private|--text|meshconf)$/.test(word));
    if (said.length > 0 && !isAsked) throw new Error("a secret was said");
    return { status, out: this.#shorten(out), err: this.#shorten(err) };
  }

  /** The same in a process of its own, after `preload` has run in it. */
  async spawn(
    { preload, cache, environment }: SpawnOptions,
    ...words: readonly string[]
  ): Promise<Said & { readonly signal: unknown }> {
    const hook = `data:text/javascript,${encodeURIComponent(preload ?? "")}`;
    const child = spawn(
      process.execPath,
      ["--import", hook, MAIN, ...this.#complete(words)],
      // Most of the time that a process takes is that for compiling.
      { env: { ...process.env, LC_ALL: "C", ...environment, NODE_COMPILE_CACHE: cache } },
    );
    let out = "";
    let err = "";
    child.stdout.on("data", (text) => (out += String(text)));
    child.stderr.on("data", (text) => (err += String(text)));
    const [status, signal] = await new Promise<[number, unknown]>((resolve) => {
      child.on("close", (code, signal) => resolve([code ?? -1, signal]));
    });
    return { status, signal, out: this.#shorten(out), err: this.#shorten(err) };
  }

  /** Every private key, preshared key and network secret in the folder. */
  secrets(): readonly string[] {
    return Object.entries(this.listing()).flatMap(([path, text]) => {
      // The names of the pair stand before each key.
      if (path.endsWith("preshared.secret")) return text.match(/\S{40,}/g) ?? [];
      if (/\.(key|secret)$/.test(path)) return text.trim().split("\n").slice(1);
      return [...text.matchAll(/^(?:Private|Preshared)Key = (\S+)$/gm)].map(([, key]) => key ?? "");
    });
  }

  listing(): Listing {
    const entries = fs.readdirSync(this.path, { withFileTypes: true, recursive: true });
    const pairs = entries.map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      const stat = fs.lstatSync(path, { bigint: true });
      const head = `${(stat.mode & 0o777n).toString(8)} ${stat.mtimeNs}`;
      const name = relative(this.path, path);
      if (entry.isSymbolicLink()) return [name, `${head}\n→ ${fs.readlinkSync(path)}`];
      if (entry.isDirectory()) return [`${name}/`, head];
      return [name, `${head}\n${fs.readFileSync(path, "latin1")}`];
    });
    return Object.fromEntries(pairs.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The texts of the rendered files alone. */
  rendered(): Readonly<Record<string, string>> {
    return textsOf(this.listing(), /^out\/.*\.(conf|nft|iptables)$/);
  }

  /** The words with this folder's places, where none are named. */
  #complete([command, ...rest]: readonly string[]): readonly string[] {
    if (command === undefined) return [];
    const file = ["-f", this.at("warren.yaml")];
    const output = ["-o", this.at("out")];
    const isGiven = (flag: string): boolean => rest.includes(flag);
    const words = [command, ...rest];
    const takesFile =
      /^(init|import|check|render|diff|trace|keys|qr|graph|add|set|remove|show|export|probe|status)$/.test(
        command,
      );
    if (takesFile && !isGiven("-f")) words.push(...file);
    if (/^(render|diff)$/.test(command) && !isGiven("-o")) words.push(...output);
    return words;
  }

  /** As it is said where the folder is the present one. */
  #shorten(text: string): string {
    return text.replaceAll(`${this.path}/`, "").replaceAll(" -f warren.yaml", "").trimEnd();
  }
}

/** The texts of a listing's files, without modes and times. */
export function textsOf(listing: Listing, wanted = /[^/]$/): Readonly<Record<string, string>> {
  const files = Object.entries(listing).filter(([path]) => wanted.test(path));
  return Object.fromEntries(
    files.map(([path, text]) => [path, text.slice(text.indexOf("\n") + 1)]),
  );
}

/** A listing without the times of folders, which change when something in them is made and taken back. */
export function lastingOf(listing: Listing): Listing {
  const entries = Object.entries(listing).map(([path, text]): [string, string] => {
    return [path, path.endsWith("/") ? text.slice(0, 3) : text];
  });
  return Object.fromEntries(entries);
}

/** The first line of a mesh whose network does not matter. */
export const NETWORK = "network: { name: clouds, addresses: [10.0.0.0/24] }\n";

/**
 * `line:column code: message → way out` of all that a mesh is refused for. A text that does
 * not end its last line holds the nodes alone, from the third line of the file on.
 */
export async function findingsOf(text: string): Promise<readonly string[]> {
  const nodes = `${NETWORK}nodes:\n  ${text.replaceAll("\n", "\n  ")}\n`;
  const lines = (await refusalOf(text === "" || text.endsWith("\n") ? text : nodes)).split("\n");
  return lines.flatMap((line, at) => {
    const match = /^warren\.yaml:(\d+:\d+): error (.*)$/.exec(line);
    return match === null ? [] : [`${match[1]} ${match[2]} → ${lines[at + 1]?.trim()}`];
  });
}

/** Ends the process as `kill -9` does, at the nth call that changes the disk; a text is half written by then. */
export function killAt(call: number): string {
  return `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    let left = ${call};
    for (const name of ["writeFileSync", "renameSync", "mkdirSync", "rmSync"]) {
      const real = fs[name];
      fs[name] = (...list) => {
        left -= 1;
        if (left === 0 && name === "writeFileSync") real(list[0], list[1].slice(0, list[1].length / 2), list[2]);
        if (left === 0) process.kill(process.pid, "SIGKILL");
        return real(...list);
      };
    }
    syncBuiltinESMExports();
  `;
}

/** Every command that reads a mesh, with what it needs. */
export const READING_COMMANDS = [
  "check",
  "render",
  "diff",
  "trace a b",
  "graph",
  "show",
  "keys show",
  "keys rotate a",
  "qr phone",
  "probe",
  "status a",
] as const;

/**
 * Every command says the same about bad input, in words and as JSON, ends with 2 and touches nothing,
 * neither in a fresh folder nor in one that was rendered before.
 */
export async function refusalOf(text: string | Uint8Array): Promise<string> {
  const folder = new MeshFolder();
  folder.write("warren.yaml", text);
  const said = await refusedBy(folder, ...READING_COMMANDS);
  folder.write("warren.yaml", GOOD);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  folder.write("warren.yaml", text);
  expect(await refusedBy(folder, "check", "render")).toBe(said);
  return said;
}

/** What the commands say, which must be one and the same. */
export async function refusedBy(
  folder: MeshFolder,
  ...commands: readonly string[]
): Promise<string> {
  const before = folder.listing();
  const said = new Set<string>();
  for (const command of commands) {
    const words = await folder.run(...command.split(" "));
    expect({ command, ...words }).toMatchObject({ status: 2, out: "" });
    expect(words.err).toMatch(/^\S+:\d+:\d+: (error|warning) [a-z0-9-]+: .+\n {2}\S/);
    said.add(words.err);
    if (/^(keys rotate|qr|graph)/.test(command)) continue;
    const json = await folder.run(...command.split(" "), "--json");
    expect({ command, ...json }).toMatchObject({ status: 2, err: "" });
    expect(printJson(json.out)).toBe(words.err);
  }
  expect(folder.listing()).toEqual(before);
  expect([...said]).toHaveLength(1);
  return [...said][0] ?? "";
}

const GOOD = `${NETWORK}nodes:
  a: { endpoint: a.example.com }
  b: { endpoint: b.example.com }
`;

/** JSON's findings as they are printed for people. */
function printJson(text: string): string {
  const list = JSON.parse(text) as Record<string, string>[];
  return list
    .map(({ file, line, column, severity, code, message, fix }) => {
      return `${file}:${line}:${column}: ${severity} ${code}: ${message}\n  ${fix}`;
    })
    .join("\n");
}
