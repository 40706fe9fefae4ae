/**
 * What is read of the kernel once, and again when a program of the system says that something has changed.
 * A program that is not there, or ends, costs speed alone: then everything is read each time.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** A program that was started has an ear by then: whatever is read from now on, it tells of changes. */
const SETTLED_MS = 5000;
const AGAIN_MS = 30_000;
/** Nobody has to believe for ever that nothing was missed. */
const LONGEST_MS = 60_000;

export interface HeardOptions<T> {
  readonly words: readonly [program: string, ...rest: string[]];
  /** Where programs are looked for. */
  readonly path: string;
  readonly read: () => Promise<T>;
  /** Whether the program hears of all that is read. */
  readonly hearsAll: () => boolean;
  /** Called with each line that it prints. */
  readonly heard: (line: string) => void;
}

export class Heard<T> {
  readonly #options: HeardOptions<T>;
  #child: ChildProcess | undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #changes = 0;
  #last: { readonly value: T; readonly at: number } | undefined;

  constructor(options: HeardOptions<T>) {
    this.#options = options;
    this.#start();
  }

  async read(): Promise<T> {
    const at = performance.now();
    if (this.#last !== undefined && at - this.#last.at < LONGEST_MS) return this.#last.value;
    const changes = this.#changes;
    const isHeard = this.#child !== undefined && at - this.#startedAt > SETTLED_MS;
    const value = await this.#options.read();
    const isSure = isHeard && changes === this.#changes && this.#options.hearsAll();
    this.#last = isSure ? { value, at } : undefined;
    return value;
  }

  /** What was read is not so any more. */
  forget(): void {
    this.#changes += 1;
    this.#last = undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
    const child = this.#child;
    this.#child = undefined;
    child?.kill();
    this.forget();
  }

  /** Whoever is killed cannot end it: it ends by itself with the next line, which nobody reads. */
  #start(): void {
    const { words, path, heard } = this.#options;
    const [program, ...rest] = words;
    const child = spawn(program, rest, {
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: path, LC_ALL: "C" },
    });
    this.#child = child;
    this.#startedAt = performance.now();
    // That it has lost something, one says here and the other there.
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        this.forget();
        heard(line);
      });
    }
    const ended = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.forget();
      this.#timer = setTimeout(() => this.#start(), AGAIN_MS).unref();
    };
    child.on("error", ended).on("exit", ended);
  }
}
