/** Runs the system's programs for the kernel: an array of arguments, standard input, one kind of failure. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import type { Text } from "@warren/core";
import { isRunning } from "../process-start.ts";

export interface Call {
  readonly words: readonly [program: string, ...rest: string[]];
  readonly input?: string;
  /** What is on standard input must not come out again in a message. */
  readonly isSecret?: boolean;
  /** What it starts must not hear of our terminal's signals. */
  readonly isDetached?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/** As far as a status can say that there is no such program. */
export const MISSING = 127;
/** Nor that somebody has killed it. */
const ENDED = 128;

/** Thousands of peers take a second: what takes longer hangs, and nothing else would be put right meanwhile. */
const LONGEST_MS = 60_000;

/** Then the number of the process, and chance. */
const INPUT = ".input-";

export class Programs {
  readonly #folder: string;
  readonly #path: string;
  readonly #longestMs: number;

  /** `folder`: root's own, in memory, for what a program reads; `path`: where programs are. */
  constructor(folder: string, path: string, longestMs = LONGEST_MS) {
    this.#folder = folder;
    this.#path = path;
    this.#longestMs = longestMs;
    sweep(folder);
  }

  /** What it prints; that it fails is an AppError. */
  async run(call: Call): Promise<string> {
    const answer = await this.attempt(call);
    if (answer.status === 0) return answer.output;
    throw refusalOf(call, answer);
  }

  async attempt({ words, input, isDetached = false }: Call): Promise<Answer> {
    const [program, ...rest] = words;
    const file = input === undefined ? undefined : await this.#fileOf(input);
    try {
      const stdin = file?.fd ?? "ignore";
      // Words of programs differ from language to language, and who waits for a copy of the output
      // waits for the daemon that a program leaves behind.
      const child = spawn(program, rest, {
        cwd: "/",
        detached: isDetached,
        stdio: [stdin, isDetached ? "ignore" : "pipe", isDetached ? "ignore" : "pipe"],
        env: { PATH: this.#path, LC_ALL: "C" },
        timeout: this.#longestMs,
        killSignal: "SIGKILL",
      });
      const closed = once(child, "close");
      const [output, errors, [code]] = await Promise.all([
        child.stdout === null ? "" : text(child.stdout),
        child.stderr === null ? "" : text(child.stderr),
        closed,
      ]);
      return { status: typeof code === "number" ? code : ENDED, output, errors };
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        return { status: MISSING, output: "", errors: "" };
      }
      throw error;
    } finally {
      await file?.close();
    }
  }

  /**
   * Programs open /dev/stdin again by its name, which a file bears and Node's pipes do not: they are
   * sockets. It has no name any more when the program starts.
   */
  async #fileOf(input: string) {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${INPUT}${process.pid}-${randomBytes(8).toString("hex")}`);
    const written = await open(path, "wx", 0o600);
    try {
      await written.writeFile(input);
      return await open(path, "r");
    } finally {
      await written.close();
      await rm(path);
    }
  }
}

/** Secrets of those that were killed before they could remove them; of this number it was one before us. */
function sweep(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!name.startsWith(INPUT)) continue;
    const pid = Number.parseInt(name.slice(INPUT.length), 10);
    if (pid === process.pid || !isRunning(pid)) rmSync(join(folder, name), { force: true });
  }
}

/** That it failed, or is not there. */
export function refusalOf(call: Call, answer: Answer): AppError {
  const [program] = call.words;
  if (answer.status === MISSING) {
    return new AppError("kernel", say`cannot find program ${program}`, {
      fix: say`install ${PACKAGES[program] ?? program}`,
    });
  }
  // What is on standard input is named by its lines alone.
  const words = call.words.join(" ");
  return new AppError("kernel", say`${words} failed: ${reasonOf(call, answer)}`, {
    fix: say`look at what the system says about it: dmesg, journalctl -k`,
  });
}

const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  wg: "wireguard-tools",
  nft: "nftables",
};

/** The first line says why. wg repeats one that it cannot read, and keys are in it. */
function reasonOf({ isSecret = false }: Call, { status, errors }: Answer): Text {
  if (status === ENDED) return say`it was killed, by somebody or because it hung`;
  const line = errors
    .trim()
    .split("\n")
    .find((each) => !isSecret || each.startsWith("Unable to "));
  return line ?? `exit status ${status}`;
}
