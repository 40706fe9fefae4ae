/**
 * What the real wg-quick does with a file: its own trace of the commands it runs. The real wg listens to
 * it by its socket; ip and the others are stubs that do nothing, and hooks are told, not run.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wgLack, WgSocket } from "./wg-socket.ts";

export interface QuickPlan {
  readonly addresses: readonly string[];
  readonly mtu: number;
  /** `nameserver 10.0.0.1`, `search example`. */
  readonly dns: readonly string[];
  /** `10.0.0.0/24`, and ` table 5` where it goes into one. */
  readonly routes: readonly string[];
  readonly hooks: Readonly<Record<"preUp" | "postUp" | "preDown" | "postDown", readonly string[]>>;
  readonly isSaved: boolean;
}

const SCRIPT = "/usr/bin/wg-quick";
const STUBS = ["ip", "nft", "iptables", "ip6tables", "iptables-save", "ip6tables-save", "sysctl"];

export function wgQuickLack(): string | undefined {
  if (!existsSync(SCRIPT)) return "needs wg-quick (Debian package wireguard-tools)";
  return process.getuid?.() === 0 ? wgLack() : "needs root: wg-quick asks for it first";
}

export class WgQuick {
  readonly #folder = mkdtempSync(join(tmpdir(), "warren-quick-"));
  readonly #socket: WgSocket;

  constructor(name: string) {
    this.#socket = new WgSocket(name);
  }

  async listen(): Promise<void> {
    const text = readFileSync(SCRIPT, "utf8");
    // A hook of a mesh writes to /proc: it must not run here.
    const run = '(eval "$hook")';
    if (text.split(run).length !== 2)
      throw new Error("this wg-quick runs its hooks in another way");
    this.#write("wg-quick", text.replace(run, 'echo "[hook]" >&2'));
    for (const stub of STUBS) this.#write(stub, "#!/bin/sh\n");
    this.#write("resolvconf", "#!/bin/sh\n[ $1 != -a ] || sed 's/^/[dns] /' >&2\n");
    await this.#socket.listen();
  }

  /** Up and down once, with a file of this text; or up alone, in half the time, and so without hooks of down. */
  async plan(text: string, verb: "up" | "both" = "both"): Promise<QuickPlan> {
    const file = join(this.#folder, `${this.#socket.name}.conf`);
    writeFileSync(file, text, { mode: 0o600 });
    const up = await this.#run("up", file);
    const down = verb === "up" ? [] : await this.#run("down", file);
    return parsePlan(up, down, this.#socket.name);
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    await this.#socket.close();
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text, { mode: 0o700 });
  }

  async #run(verb: "up" | "down", file: string): Promise<readonly string[]> {
    return new Promise((done, fail) => {
      const command = join(this.#folder, "wg-quick");
      const child = execFile(command, [verb, file], { timeout: 20_000 }, (error, _, stderr) => {
        if (error === null) done(stderr.split("\n"));
        else fail(new Error(`wg-quick ${verb}: ${stderr}`, { cause: error }));
      });
      child.stdin?.end();
    });
  }
}

function parsePlan(up: readonly string[], down: readonly string[], name: string): QuickPlan {
  const commands = up.filter((line) => line.startsWith("[#] ")).map((line) => line.slice(4));
  const findAll = (pattern: RegExp) => {
    return commands.flatMap((command) => pattern.exec(command)?.slice(1).join("") ?? []);
  };
  const device = name.replaceAll(".", "\\.");
  // A set: in a kernel no two peers have one prefix, and the order, longest first, says nothing more.
  const routes = findAll(new RegExp(`^ip -[46] route add (\\S+) dev ${device}( table \\S+)?$`));
  const [mtu] = findAll(new RegExp(`^ip link set mtu (\\d+) up dev ${device}$`));
  const [preUp, postUp] = splitHooks(up, "ip link add");
  const [preDown, postDown] = splitHooks(down, "ip link delete");
  return {
    addresses: findAll(new RegExp(`^ip -[46] address add (\\S+) dev ${device}$`)),
    mtu: Number(mtu),
    dns: up.filter((line) => line.startsWith("[dns] ")).map((line) => line.slice(6)),
    routes: [...new Set(routes)].sort(),
    hooks: { preUp, postUp, preDown, postDown },
    isSaved: down.includes(`[#] wg showconf ${name}`),
  };
}

/** A hook is what is told before the mark of its place; which one, by the command between the two kinds. */
function splitHooks(
  lines: readonly string[],
  command: string,
): readonly [before: readonly string[], after: readonly string[]] {
  const border = lines.findIndex((line) => line.startsWith(`[#] ${command} `));
  const hooksOf = (from: number, to: number) =>
    lines.slice(from, to).flatMap((line, at) => {
      return lines[from + at + 1] === "[hook]" ? [line.slice("[#] ".length)] : [];
    });
  return [hooksOf(0, border), hooksOf(border, lines.length)];
}
