/** The desk of a test that pushes: its mesh in a folder, and the real `warren` and `ssh` on machines that are drawn. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../lab/world.ts";
import type { DrawnSystem, Systems } from "./systems.ts";
import type { Ground } from "./underlay.ts";

const WARREN = join(import.meta.dirname, "../warren");
/** Where the desk looks for programs first. */
const OWN_PROGRAMS = "/run/programs";
const CALL = 'cd "$1" && shift && exec "$@"';

/** A host in the network of all, which is a machine when it says what kind of. */
export function at(address: string, system?: DrawnSystem["system"]): DrawnSystem {
  const port = { ports: { net: { addresses: [`${address}/24`] } } };
  return system === undefined ? port : { ...port, system };
}

export class PushDesk {
  readonly lab: Systems;
  readonly folder: string;

  constructor(ground: Ground, lab: Systems, mesh: string) {
    this.lab = lab;
    this.folder = join(ground.folder.path, "mesh");
    mkdirSync(this.folder, { recursive: true });
    this.write(mesh);
  }

  get meshFile(): string {
    return join(this.folder, "warren.yaml");
  }

  write(mesh: string): void {
    writeFileSync(this.meshFile, mesh);
  }

  change(from: string, to: string): void {
    const text = readFileSync(this.meshFile, "utf8");
    if (!text.includes(from)) throw new Error(`the mesh has no ${from}`);
    this.write(text.replace(from, to));
  }

  /** A program that the desk finds before this machine's of the same name. */
  async addProgram(name: string, script: string): Promise<void> {
    const words = ["sh", "-c", `mkdir -p ${OWN_PROGRAMS}; cat >$1; chmod +x $1`, "sh"];
    const command = { words: [...words, `${OWN_PROGRAMS}/${name}`], input: script, wayOut: "" };
    await this.lab.desk.run(command);
  }

  async warren(...words: readonly string[]): Promise<Outcome> {
    return await this.runWith([], ...words);
  }

  /** With more variables, each NAME=VALUE. */
  async runWith(variables: readonly string[], ...words: readonly string[]): Promise<Outcome> {
    const path = `PATH=${OWN_PROGRAMS}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`;
    const inside = ["sh", "-c", CALL, "sh", this.folder, WARREN, ...words];
    return await this.lab.desk.attempt({
      words: ["env", "-C", "/", "HOME=/root", path, ...variables, ...inside],
      wayOut: "",
    });
  }

  /** What a push that goes well prints. */
  async pushed(...words: readonly string[]): Promise<string> {
    const { status, output, errors } = await this.warren("push", ...words);
    if (status === 0 && errors === "") return output;
    throw new Error(`push answered ${status}: ${errors}${output}`);
  }
}

/** On a host or a machine, as root. */
export async function sh(host: Pick<Systems["desk"], "run">, script: string): Promise<string> {
  return await host.run({ words: ["sh", "-c", script], wayOut: "look at the script" });
}
