/** A real `warren server`, as a process of its own; what it costs is read from outside. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "@warren/api";
import { clientOf, readLocalLogin } from "../../packages/cli/src/control/server-client.ts";
import { pinnedFetch } from "@warren/crypto";
import { LOCAL_FILE } from "@warren/server";
import type { Target } from "./orders.ts";

const WARREN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
/** Linux counts a process' time in these, on all its platforms. */
const TICKS_PER_SECOND = 100;
const LOOK_MS = 5;

export class BenchServer {
  readonly #folder: string;
  readonly port: number;
  #process: ChildProcess | undefined;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  get target(): Target {
    const { pin } = this.#login();
    if (pin === undefined) throw new Error("a server of the bench makes its own certificate");
    return { port: this.port, pin };
  }

  get call(): Client {
    return clientOf(this.#login());
  }

  /** Ends when it takes connections; the moment, as ms since 1970. */
  async start(): Promise<number> {
    // Of one that was killed.
    rmSync(join(this.#folder, LOCAL_FILE), { force: true });
    const list = ["server", "--folder", this.#folder, "--listen", `127.0.0.1:${this.port}`];
    this.#process = spawn(process.execPath, [WARREN, ...list, "--network", "m"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    while (!(await isListening(this.port))) await pause(LOOK_MS);
    const at = performance.timeOrigin + performance.now();
    while (readLocalLogin(this.#folder) === undefined) await pause(LOOK_MS);
    while ((await this.call("listNetworks")).length === 0) await pause(LOOK_MS);
    return at;
  }

  /** As nobody expects it. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    running.kill("SIGKILL");
    if (running.exitCode === null && running.signalCode === null) await once(running, "exit");
  }

  /** Of all its threads, since it was started. */
  get cpuSeconds(): number {
    const fields = this.#read("stat")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  get megabytes(): number {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(this.#read("status"))?.[1]) / 1024;
  }

  /** What it says of itself, by name. */
  async measures(): Promise<ReadonlyMap<string, number>> {
    const { address, pin, token } = this.#login();
    const target = pin === undefined ? address : { ...address, pin };
    const asked = { headers: { authorization: `Bearer ${token}` } };
    const { text } = await pinnedFetch(target)("/metrics", asked);
    const lines = text.matchAll(/^(warren_\w+) (\d+)$/gm);
    return new Map([...lines].map(([, name = "", count]) => [name, Number(count)]));
  }

  #read(what: "stat" | "status"): string {
    return readFileSync(`/proc/${this.#process?.pid ?? 0}/${what}`, "utf8");
  }

  #login(): NonNullable<ReturnType<typeof readLocalLogin>> {
    const login = readLocalLogin(this.#folder);
    if (login === undefined) throw new Error("the server does not run");
    return login;
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
