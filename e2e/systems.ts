/**
 * Machines on a drawn network, and the desk from which the real ssh reaches them by name. Knows no mesh.
 */
import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Host } from "../lab/world.ts";
import {
  findInFiles,
  findNew,
  findOnSystem,
  listTemporary,
  readProcesses,
} from "./system-search.ts";
import { System } from "./system.ts";
import { createDisk, type DiskContent, type Keys } from "./system-disk.ts";
import { createUnderlay, type DrawnHost, type Ground, type Underlay } from "./underlay.ts";

export interface SystemDrawing {
  /** A host without `system` is plain, as in every drawing; one of them is named desk. */
  readonly hosts: Readonly<Record<string, DrawnSystem>>;
  readonly counters?: readonly string[];
}

export interface DrawnSystem extends DrawnHost {
  readonly system?: DiskContent;
}

const DESK = "desk";

export async function createSystems(ground: Ground, drawing: SystemDrawing): Promise<Systems> {
  const home = join(ground.folder.path, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const [underlay, keeper, key] = await Promise.all([
    createUnderlay(ground, drawing),
    ground.world.createHost("disks", new Map()),
    makeKey(join(home, ".ssh/id_ed25519"), DESK),
  ]);
  await underlay.host(DESK).run({ words: ["mount", "-n", "--bind", home, "/root"], wayOut: "" });
  const started = Object.entries(drawing.hosts).map(async ([name, drawn]) => {
    if (drawn.system === undefined) return [];
    const { init = "systemd" } = drawn.system;
    const disk = { name, keeper, folder: join(ground.folder.path, "disks", name) };
    const keys = await makeKey(`${disk.folder}.key`, name);
    await createDisk(disk, drawn.system, { ...keys, desk: key.hostPublic });
    const system = new System({ world: ground.world, underlay, disk, init });
    await system.boot();
    introduce(home, { name, drawn, hostPublic: keys.hostPublic });
    return [[name, system] as const];
  });
  return new Systems(underlay, home, new Map((await Promise.all(started)).flat()));
}

/** Machines that stand. */
export class Systems {
  readonly underlay: Underlay;
  /** The home of the desk's root, as this process sees it; .ssh/config there is open to changes. */
  readonly home: string;
  readonly #temporary = listTemporary();
  readonly #machines: ReadonlyMap<string, System>;

  constructor(underlay: Underlay, home: string, machines: ReadonlyMap<string, System>) {
    this.underlay = underlay;
    this.home = home;
    this.#machines = machines;
  }

  /** Everywhere one of the texts is: HOST:PLACE of each file, and what processes are called with. */
  async findText(...texts: readonly string[]): Promise<readonly string[]> {
    const places = [...this.#machines.values()].map(async (system) =>
      (await findOnSystem(system, texts)).map((place) => `${system.name}:${place}`),
    );
    return [
      ...(await Promise.all(places)).flat(),
      ...findInFiles(this.home, ...texts).map((path) => `${DESK}:/root/${path}`),
      ...findInFiles(`/proc/${this.desk.pid}/root/run`, ...texts).map(
        (path) => `${DESK}:/run/${path}`,
      ),
      ...findNew(this.#temporary, texts).map((path) => `${DESK}:${path}`),
      ...readProcesses().filter((line) => texts.some((text) => line.includes(text))),
    ];
  }

  get desk(): Host {
    return this.underlay.host(DESK);
  }

  machine(name: string): System {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`nobody drew a machine ${name}`);
    return machine;
  }
}

async function makeKey(file: string, comment: string): Promise<Omit<Keys, "desk">> {
  mkdirSync(dirname(file), { recursive: true });
  const words = ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file];
  await promisify(execFile)("ssh-keygen", words);
  return {
    hostPrivate: readFileSync(file, "utf8"),
    hostPublic: readFileSync(`${file}.pub`, "utf8"),
  };
}

interface Known {
  readonly name: string;
  readonly drawn: DrawnSystem;
  readonly hostPublic: string;
}

/** Writes into the desk's files how the machine is reached: by its first address, with its own key. */
function introduce(home: string, { name, drawn, hostPublic }: Known): void {
  const ports = Object.entries(drawn.ports).filter(([network]) => network !== "lo");
  const [address = ""] = ports.flatMap(([, { addresses }]) => addresses);
  const host = address.replace(/\/.*/, "");
  const lines = [
    `Host ${name}`,
    `HostName ${host}`,
    `User ${drawn.system?.user ?? "root"}`,
    "IdentityFile /root/.ssh/id_ed25519",
    "IdentitiesOnly yes",
    "UserKnownHostsFile /root/.ssh/known_hosts",
    "StrictHostKeyChecking yes",
  ];
  appendFileSync(join(home, ".ssh/config"), `${lines.join("\n  ")}\n\n`);
  appendFileSync(join(home, ".ssh/known_hosts"), `${host} ${hostPublic}`);
}
