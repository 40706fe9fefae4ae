/** One host of a push: what it told, what is done to it, and how that ended. */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Device, Name, Node, PublicKey } from "@warren/core";
import { parseName, parsePublicKey, Problem } from "@warren/core";
import type { Answer, AnswerLine } from "../remote/answers.ts";
import type { Remote, RemoteCommand } from "../remote/ssh.ts";
import { readFacts } from "./facts.ts";
import type { HostFacts } from "./facts.ts";
import type { Payload } from "./payload.ts";
import { judgeHost, toolsFor } from "./preflight.ts";
import { troubleOf } from "./troubles.ts";
import type { Phase, Trouble } from "./troubles.ts";

/** What was done, or would be: `file + wireguard/wg0.conf`, `peer KEY ~ endpoint`, `start`. */
export type Step = string;

/** How long a host may take to undo a change, after it has begun to. */
const UNDO_SECONDS = 30;
/** Between attempts that fail at once. */
const RETRY_MS = 500;

export interface RunOptions {
  /** Seconds within which a host must be reached again after a change, or it undoes it. */
  readonly within: number;
  /** Whether to go on in spite of what a look at the host says. */
  readonly isForced: boolean;
  /** Whether all is to be taken off: then little that is wrong with a host matters. */
  readonly isRemoval: boolean;
}

export class HostRun {
  readonly node: Node;
  readonly #remote: Remote;
  readonly #options: RunOptions;
  #facts: HostFacts | undefined;
  #troubles: readonly Trouble[] = [];
  #steps: readonly Step[] = [];
  #kept: readonly string[] = [];
  #former: ReadonlyMap<string, Name> = new Map();

  constructor(node: Node, remote: Remote, options: RunOptions) {
    this.node = node;
    this.#remote = remote;
    this.#options = options;
  }

  get serviceManager(): HostFacts["serviceManager"] {
    return this.#facts?.serviceManager ?? "none";
  }

  /** Whether nothing of ours is on it: it is new, or was installed anew, or all was taken off. */
  get isBare(): boolean {
    return this.#facts?.file === undefined;
  }

  /** Why it is not as the mesh says, the worst first; nothing more is done to it then. */
  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  get isWell(): boolean {
    return this.#troubles.length === 0;
  }

  get remote(): Remote {
    return this.#remote;
  }

  /** What was done to it, or would be. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Packages that a push installed once, and that stay when all else was taken off. */
  get kept(): readonly string[] {
    return this.#kept;
  }

  /** Whose keys its peers have so far: some of them are in the mesh no more. */
  get formerNames(): ReadonlyMap<string, Name> {
    return this.#former;
  }

  /** Connects and looks. */
  async survey(device: Device): Promise<void> {
    const answer = await this.#remote.connect();
    if (answer.kind === "failed") return this.#fail("connect", answer);
    const askedAt = Date.now() / 1000;
    const lines = await this.#ask("check", device, { words: ["facts"] });
    if (lines === undefined) return;
    this.#facts = readFacts(lines);
    const { isForced, isRemoval } = this.#options;
    this.#troubles = judgeHost(this.#facts, { node: this.node, device }, askedAt).filter(
      ({ isForcible, code }) =>
        isRemoval
          ? /^(file-taken|interface-taken|interface-renamed)$/.test(code)
          : !(isForced && isForcible === true),
    );
  }

  /** Installs what is missing; the packages. */
  async install(device: Device): Promise<readonly string[]> {
    const tools = this.#lacking(device);
    if (tools.length === 0) return [];
    const lines = await this.#ask("install", device, { words: ["install", ...tools] });
    return (lines ?? []).map(([, name]) => name);
  }

  /** The public half of the key that it has or makes. `isNew`: not of the one that it has. */
  async makeKey(device: Device, isNew: boolean): Promise<PublicKey | undefined> {
    const kind = isNew ? "fresh" : "adopt";
    const lines = await this.#ask("key", device, { words: ["key", kind] });
    const told = lines?.find(([word]) => word === "public")?.[1];
    const key = told === undefined ? undefined : parsePublicKey(told);
    if (key === undefined || key instanceof Problem) return undefined;
    return key;
  }

  /** What only a look at other hosts shows. */
  refuse(trouble: Trouble): void {
    this.#troubles = [trouble];
  }

  /** What would be done. `isKeyDue`: its files still are those of the key that it is to replace. */
  async plan(device: Device, files: Payload, isKeyDue: boolean): Promise<void> {
    const words = ["plan", ...keyWords(device)];
    const lines = await this.#ask("check", device, { words, files });
    if (lines === undefined) return;
    this.#former = namesIn(lines);
    const lacking = this.#options.isRemoval ? [] : this.#lacking(device);
    const installed = lacking.map((tool) => `install ${tool}`);
    this.#steps = [...installed, ...(isKeyDue ? ["new-key"] : []), ...stepsIn(lines)];
  }

  /**
   * Does it under the host's own guard, then tells the guard by a fresh connection that it holds. When
   * the first breaks, by the change or by chance, the second finds out what became of it.
   */
  async apply(device: Device, files: Payload): Promise<void> {
    const { within } = this.#options;
    const id = randomUUID();
    const words = [device.interface, "begin", id, String(within), ...keyWords(device)];
    const begun = await this.#remote.run({ words, files });
    if (begun.kind === "failed" && begun.isCut !== true) return this.#fail("apply", begun);
    if (begun.kind === "answered") this.#steps = stepsIn(begun.lines);
    if (begun.kind === "answered" && this.#steps.length === 0) return;
    const confirmed = await this.#confirm([device.interface, "confirm", id]);
    if (confirmed.kind === "answered") {
      this.#kept = confirmed.lines.flatMap(([word, rest]) => (word === "kept" ? [rest] : []));
      return;
    }
    // Nobody there knows of it: then it did not begin.
    const isUnknown = confirmed.code === "overtaken" && begun.kind === "failed";
    if (isUnknown) this.#fail("apply", begun);
    else this.#fail("confirm", confirmed.isCut === true ? { code: "away", detail: "" } : confirmed);
  }

  /** As long as the host may need to undo what cuts it off. */
  async #confirm(words: readonly string[]): Promise<Answer> {
    const endsAt = performance.now() + (this.#options.within + UNDO_SECONDS) * 1000;
    for (;;) {
      const answer = await this.#remote.run({ words, isFresh: true });
      if (answer.kind === "answered" || answer.isCut !== true) return answer;
      if (performance.now() > endsAt) return answer;
      await setTimeout(RETRY_MS);
    }
  }

  #lacking(device: Device): readonly string[] {
    return this.#facts === undefined ? [] : toolsFor(this.#facts, device);
  }

  async #ask(
    step: Phase,
    device: Device,
    { words: [name = "", ...rest], ...command }: RemoteCommand,
  ): Promise<readonly AnswerLine[] | undefined> {
    const words = [device.interface, name, ...rest];
    const answer = await this.#remote.run({ ...command, words });
    if (answer.kind === "answered") return answer.lines;
    this.#fail(step, answer);
    return undefined;
  }

  #fail(step: Phase, failed: { readonly code: string; readonly detail: string }): void {
    const { target } = this.#remote;
    const attempt = { step, node: this.node.name, target, seconds: this.#options.within };
    this.#troubles = [troubleOf(attempt, failed)];
  }
}

/** The public half of the key that the host puts in itself. */
function keyWords({ isKeyElsewhere, publicKey }: Device): readonly string[] {
  return isKeyElsewhere ? [publicKey] : [];
}

/** Of what stands in a file there, names are taken, and nothing else. */
function namesIn(lines: readonly AnswerLine[]): ReadonlyMap<string, Name> {
  return new Map(
    lines.flatMap(([word, rest]): (readonly [string, Name])[] => {
      const [key = "", text = ""] = rest.split(" ");
      const name = parseName(text);
      return word === "known" && !(name instanceof Problem) ? [[key, name]] : [];
    }),
  );
}

function stepsIn(lines: readonly AnswerLine[] = []): readonly Step[] {
  return lines.flatMap(([word, rest]) => (word === "step" ? [rest] : []));
}
