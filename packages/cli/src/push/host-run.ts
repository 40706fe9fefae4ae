/** One host of a push: what it told, what is done to it, and how that ended. */
import type { Device, Node, PublicKey } from "@warren/core";
import { parsePublicKey, Problem } from "@warren/core";
import type { AnswerLine, Remote, RemoteCommand } from "../remote/ssh.ts";
import { readFacts } from "./facts.ts";
import type { HostFacts } from "./facts.ts";
import type { Payload } from "./payload.ts";
import { judgeHost, toolsFor } from "./preflight.ts";
import { troubleOf } from "./troubles.ts";
import type { Step as Phase, Trouble } from "./troubles.ts";

/** What was done, or would be: `file + wireguard/wg0.conf`, `peer KEY ~ endpoint`, `start`. */
export type Step = string;

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
  #trouble: Trouble | undefined;
  #steps: readonly Step[] = [];

  constructor(node: Node, remote: Remote, options: RunOptions) {
    this.node = node;
    this.#remote = remote;
    this.#options = options;
  }

  /** Why it is not as the mesh says; nothing more is done to it then. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  get remote(): Remote {
    return this.#remote;
  }

  /** What was done to it, or would be. */
  get steps(): readonly Step[] {
    return this.#steps;
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
    this.#trouble = judgeHost(this.#facts, { node: this.node, device }, askedAt).find(
      ({ isForcible, code }) =>
        isRemoval ? code === "file-taken" : !(isForced && isForcible === true),
    );
  }

  /** Installs what is missing; the packages. */
  async install(device: Device): Promise<readonly string[]> {
    const tools = this.#facts === undefined ? [] : toolsFor(this.#facts, device);
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

  /** What would be done. */
  async plan(device: Device, files: Payload): Promise<void> {
    const words = ["plan", ...keyWords(device)];
    const lines = await this.#ask("check", device, { words, files });
    this.#steps = stepsIn(lines);
  }

  /** Does it under the host's own guard, then tells the guard by a fresh connection that it holds. */
  async apply(device: Device, files: Payload): Promise<void> {
    const words = ["begin", String(this.#options.within), ...keyWords(device)];
    this.#steps = stepsIn(await this.#ask("apply", device, { words, files }));
    if (this.#steps.length === 0) return;
    await this.#ask("confirm", device, { words: ["confirm"], isFresh: true });
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
    this.#trouble = troubleOf({ step, target, seconds: this.#options.within }, failed);
  }
}

/** The public half of the key that the host puts in itself. */
function keyWords({ isKeyElsewhere, publicKey }: Device): readonly string[] {
  return isKeyElsewhere ? [publicKey] : [];
}

function stepsIn(lines: readonly AnswerLine[] = []): readonly Step[] {
  return lines.flatMap(([word, rest]) => (word === "step" ? [rest] : []));
}
