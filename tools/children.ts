/** Programs that a tool starts: signals go on to them, and none outlives the tool. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

export const root = join(import.meta.dirname, "..");

export interface Start {
  /** A command of node_modules/.bin, or of the machine. */
  readonly command: string;
  readonly list: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the reader sees the output as it comes; else it is kept. */
  readonly isLive?: boolean;
}

export interface End {
  readonly isGood: boolean;
  /** How it ended, when not well. */
  readonly how: string;
  readonly output: string;
  /** The last message it sent. */
  readonly message: unknown;
}

export class Children {
  readonly #running = new Set<ChildProcess>();
  #signal: NodeJS.Signals | undefined;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => this.#pass(signal));
    }
  }

  async run({ command, list, environment = {}, isLive = false }: Start): Promise<End> {
    const output = isLive ? "inherit" : "pipe";
    const child = spawn(command, list, {
      cwd: root,
      env: { ...toolEnvironment(), ...environment },
      stdio: ["ignore", output, output, "ipc"],
    });
    this.#running.add(child);
    const end = await ended(child);
    this.#running.delete(child);
    if (this.#signal !== undefined && this.#running.size === 0) interrupt(this.#signal);
    return end;
  }

  /** The second time, it is meant. */
  #pass(signal: NodeJS.Signals): void {
    const sent = this.#signal === undefined ? signal : "SIGKILL";
    this.#signal = signal;
    if (this.#running.size === 0) interrupt(signal);
    for (const child of this.#running) child.kill(sent);
  }
}

/** Our own commands first; colour only for a reader at a terminal. */
function toolEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...environment } = process.env;
  const path = [join(root, "node_modules", ".bin"), environment["PATH"]].join(delimiter);
  const colour = process.stdout.isTTY ? {} : { NO_COLOR: "1" };
  return { ...environment, ...colour, PATH: path };
}

async function ended(child: ChildProcess): Promise<End> {
  const pieces: string[] = [];
  let message: unknown;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (piece: string) => pieces.push(piece));
  }
  child.on("message", (value) => {
    message = value;
  });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      resolve({ isGood: false, how: error.message, output: "", message });
    });
    child.on("close", (code, signal) => {
      const how = signal === null ? `exited with ${code}` : `ended by ${signal}`;
      resolve({ isGood: code === 0, how, output: pieces.join(""), message });
    });
  });
}

function interrupt(signal: NodeJS.Signals): never {
  console.error(`interrupted by ${signal}`);
  process.exit(128 + constants.signals[signal]);
}
