/** Starts labs as people do, as processes of their own, with a temporary folder of their own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { constants as osConstants, tmpdir } from "node:os";
import { join } from "node:path";

const NOBODY = 65534;
export const MAIN = join(import.meta.dirname, "../lab/main.ts");

/** Why no lab can be built here; undefined when one can. */
export function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  try {
    accessSync("/dev/net/tun", constants.W_OK);
    return undefined;
  } catch {
    return "needs root and /dev/net/tun";
  }
}

/** In front of a command: it runs as a user without any right; undefined when that user cannot even read the lab. */
export function unprivileged(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return [];
  const words = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
  const { status } = spawnSync("setpriv", [...words.slice(1), process.execPath, MAIN, "--help"]);
  return status === 0 ? words : undefined;
}

/** A folder that os.tmpdir() answers in the labs started with it; its path marks all their processes. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), "warren-e2e-"));

  get content(): readonly string[] {
    return readdirSync(this.path);
  }

  /** Lets every user write into it, as in the system's own. */
  open(): void {
    chmodSync(this.path, 0o1777);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** One lab: what it printed so far, and how it ends. */
export class LabRun {
  readonly process: ChildProcess;
  readonly #ended: Promise<number>;
  output = "";
  errors = "";

  constructor(words: readonly string[], folder: TemporaryFolder) {
    const [command = "", ...rest] = words;
    const path = `${process.env["PATH"] ?? ""}:${folder.path}`;
    const env = { ...process.env, PATH: path, TMPDIR: folder.path };
    // A process group of its own, as a terminal gives to what it runs.
    this.process = spawn(command, rest, {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    this.#ended = once(this.process, "close").then(([code, signal]) => code ?? statusOf(signal));
  }

  /** The exit status as a shell shows it. */
  get status(): Promise<number> {
    return this.#ended;
  }

  get lastLine(): string | undefined {
    return this.output.trimEnd().split("\n").at(-1);
  }

  /** As a terminal does it for Ctrl-C and when it is closed: the signal goes to the whole group. */
  killGroup(signal: NodeJS.Signals): void {
    if (this.process.pid !== undefined) process.kill(-this.process.pid, signal);
  }

  /** Waits until the output has this text; fails when the lab ends before. */
  async until(text: string): Promise<void> {
    const ended = this.#ended.then((status) => {
      throw new Error(`ended with ${status} before "${text}": ${this.output}${this.errors}`);
    });
    ended.catch(() => undefined);
    while (!this.output.includes(text)) {
      await Promise.race([once(this.process.stdout ?? this.process, "data"), ended]);
    }
  }
}

function statusOf(signal: NodeJS.Signals): number {
  return 128 + osConstants.signals[signal];
}

export function startLab(folder: TemporaryFolder, ...words: readonly string[]): LabRun {
  return new LabRun([process.execPath, MAIN, ...words], folder);
}
