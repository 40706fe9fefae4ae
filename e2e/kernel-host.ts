/**
 * A host of the lab with the agent's kernel on it: a process in its namespaces does there what the test
 * asks for here.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@warren/api";
import type { InterfaceName } from "@warren/core";
import { say } from "@warren/core";
import type { Host } from "../lab/world.ts";
import type { Kernel, KernelState, Step } from "../packages/agent/src/kernel/kernel.ts";
import type { WorldFixture } from "./world-fixture.ts";

const WAY_OUT = "look at packages/agent/src/kernel";
const SCRIPT = "import(process.argv[1]).then(({ main }) => main(...process.argv.slice(2)))";
const PROGRAM = join(import.meta.dirname, "kernel-process.ts");

export interface KernelCall {
  readonly name: InterfaceName;
  /** Else it is read. */
  readonly steps?: readonly Step[];
}

export interface KernelAnswer {
  readonly value?: unknown;
  /** Of an AppError; any other failure ends the process. */
  readonly refusal?: string;
}

export class KernelHost implements Kernel {
  readonly host: Host;
  readonly #child: ChildProcess;
  readonly #ended: Promise<[KernelAnswer]>;

  private constructor(host: Host, child: ChildProcess) {
    this.host = host;
    this.#child = child;
    this.#ended = once(child, "exit").then(() => [{ refusal: "the process has ended" }]);
  }

  static async create({ world, folder }: WorldFixture, name: string): Promise<KernelHost> {
    const host = await world.createHost(name, new Map());
    await host.run({ words: ["ip", "link", "set", "lo", "up"], wayOut: WAY_OUT });
    return await KernelHost.start(host, join(folder.path, name));
  }

  /** Another one on the same host, as after a restart of the agent. */
  static async start(host: Host, folder: string): Promise<KernelHost> {
    mkdirSync(folder, { recursive: true });
    const namespaces = ["--net", "--mount", "--pid", "--root", "--target", String(host.pid)];
    const words = [process.execPath, "-e", SCRIPT, PROGRAM, folder, process.env["PATH"] ?? ""];
    const child = spawn("nsenter", [...namespaces, "--", ...words], {
      // A group of its own, which ends with it.
      detached: true,
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    await once(child, "message");
    return new KernelHost(host, child);
  }

  async read(name: InterfaceName): Promise<KernelState> {
    return (await this.#ask({ name })) as KernelState;
  }

  async run(name: InterfaceName, steps: readonly Step[]): ReturnType<Kernel["run"]> {
    return (await this.#ask({ name, steps })) as Awaited<ReturnType<Kernel["run"]>>;
  }

  /** The agent is killed, and whatever of what it started has not gone its own way. */
  async kill(): Promise<void> {
    process.kill(-(this.#child.pid ?? 0), "SIGKILL");
    await this.#ended;
  }

  async sh(script: string): Promise<string> {
    return await this.host.run({ words: ["sh", "-ec", script], wayOut: WAY_OUT });
  }

  async #ask(call: KernelCall): Promise<unknown> {
    const answered = once(this.#child, "message");
    this.#child.send(call);
    const [answer] = (await Promise.race([answered, this.#ended])) as [KernelAnswer];
    if (answer.refusal === undefined) return answer.value;
    throw new AppError("kernel", say`${answer.refusal}`, { fix: say`${WAY_OUT}` });
  }
}
