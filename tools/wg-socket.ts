/**
 * The real `wg` without a kernel or a daemon: it prefers a userspace implementation's socket over
 * netlink, and this is one that keeps what it is told and gives it back (UAPI of wireguard).
 */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { join } from "node:path";

/** Compiled into Debian's wg. */
const FOLDER = "/var/run/wireguard";

/** Why the real wg cannot be asked on this machine; undefined when it can. */
export function wgLack(): string | undefined {
  const isInstalled = ["/usr/bin/wg", "/usr/local/bin/wg"].some((file) => existsSync(file));
  if (!isInstalled) return "needs wg (Debian package wireguard-tools)";
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
    accessSync(FOLDER, constants.W_OK);
    return undefined;
  } catch {
    return `needs to write ${FOLDER} (root)`;
  }
}

export interface WgAnswer {
  readonly isTaken: boolean;
  readonly words: string;
  readonly body: string;
}

/** One interface that exists for `wg` alone. Names are unique a process, so that runs do not collide. */
export class WgSocket {
  readonly name: string;
  readonly #server: Server;
  readonly #file: string;
  #body = "";

  constructor(name: string) {
    this.name = name;
    this.#file = join(FOLDER, `${name}.sock`);
    this.#server = createServer((socket) => this.#answer(socket));
  }

  async listen(): Promise<void> {
    rmSync(this.#file, { force: true });
    await new Promise<void>((done) => {
      this.#server.listen(this.#file, done);
    });
  }

  /**
   * Gives `wg setconf` a file: whether it took it, what it said on standard error, and what it told the
   * interface. It asks for a name once: without that, one that nobody knows would take it 72 seconds.
   */
  async setconf(file: string): Promise<WgAnswer> {
    this.#body = "";
    const env = { ...process.env, WG_ENDPOINT_RESOLUTION_RETRIES: "0", LC_ALL: "C" };
    return new Promise((done, fail) => {
      execFile("wg", ["setconf", this.name, file], { env }, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") fail(error);
        else done({ isTaken: error === null, words: `${stdout}${stderr}`, body: this.#body });
      });
    });
  }

  async close(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
    });
    rmSync(this.#file, { force: true });
  }

  #answer(socket: Socket): void {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.endsWith("\n\n")) return;
      if (text.startsWith("set=1\n")) {
        this.#body = text.slice("set=1\n".length, -1);
        socket.end("errno=0\n\n");
      } else socket.end(`${this.#body}errno=0\n\n`);
    });
    // wg first connects and closes at once, to see whether anybody is there.
    socket.on("error", () => undefined);
  }
}
