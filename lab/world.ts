/**
 * A world apart: network namespaces, private mounts and processes that the kernel ends together with
 * this process, however it ends. Knows no address and no WireGuard.
 */
import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio, StdioOptions } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";

/** What a command left behind; ended by a signal, its status is 128 + the signal's number, as in a shell. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

export interface Command {
  readonly words: readonly string[];
  readonly input?: string;
  /** What to do when it fails: the end of the error's message. */
  readonly wayOut: string;
}

/** Variables for every command in the world: all of them, nothing is inherited. */
export type Environment = Readonly<Record<string, string>>;

type Init = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Started with a socket as standard input, which is what Node calls a pipe, bash takes itself for a
 * remote login and runs ~/.bashrc first, unless told not to.
 */
const BASH = ["bash", "--norc", "-c"];

/**
 * The first process of the world's process namespace. It lives as long as the other end of its
 * standard input, and when it ends, the kernel ends every process of the namespace; with the last of
 * them go the network namespaces, their interfaces and rules, and the mounts. No trap here can be
 * missed: the pipe closes even after kill -9.
 * It is bash, which wg-quick needs anyway, because dash cannot ignore SIGCHLD; ignoring it reaps the
 * orphans that end up with a namespace's first process.
 */
const INIT = `
trap '' CHLD
read -r pid rest </proc/self/stat
echo "$pid"
exec cat >/dev/null
`;

/**
 * Makes one host out of fresh namespaces; the arguments are pairs of a file and where it is bound.
 * /run is private: WireGuard's userspace sockets lie there, so every host can have an interface of
 * the same name, and so does the way to this machine's own resolver and service manager, which must
 * not hear of the lab. /proc stays this machine's, so that the first field of /proc/self/stat is the
 * number by which others find the host, and so that somebody who enters it finds himself.
 * -n: mount would make a folder for its own notes in this machine's /run.
 */
const HOST = `
set -e
while [ $# -gt 0 ]; do mount -n --bind "$1" "$2"; shift 2; done
mount -n -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
[ -L /var/run ] || mount -n -t tmpfs -o mode=755,nosuid,nodev tmpfs /var/run
bash -c 'read -r pid rest </proc/self/stat; echo "$pid"; exec sleep infinity >/dev/null 2>&1' &
`;

const CREATE_WAY_OUT = "the lab needs root's full rights; in a container: docker run --privileged";

export class World {
  readonly #init: Init;
  readonly #ended: Promise<void>;
  readonly #environment: Environment;
  readonly #running = new Set<Promise<unknown>>();
  #internet: Host | undefined;

  /** Begins a world; when the signal comes, it ends at once, and everything still waiting for it fails. */
  static async create(environment: Environment, signal: AbortSignal): Promise<World> {
    signal.throwIfAborted();
    const world = new World(environment);
    signal.addEventListener("abort", () => world.#end());
    world.#internet = new Host(world, "the internet", await world.#ready());
    return world;
  }

  private constructor(environment: Environment) {
    this.#environment = environment;
    // Detached: the Ctrl-C of a terminal is for us alone; the world ends when we let go of it.
    this.#init = spawn("unshare", ["--net", "--pid", "--fork", "--", ...BASH, INIT], {
      detached: true,
      env: environment,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#init.stdin.on("error", ignore);
    this.#ended = once(this.#init, "close").then(ignore, ignore);
  }

  /** The network that all hosts' uplinks meet in. */
  get internet(): Host {
    if (this.#internet === undefined) throw new Error("the world is not there yet");
    return this.#internet;
  }

  /** Settles when the world is gone, whoever ended it. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** A host with its own network; files: what is bound where in its view of the file system. */
  async createHost(name: string, files: ReadonlyMap<string, string>): Promise<Host> {
    const pairs = [...files].flatMap(([target, source]) => [source, target]);
    const inside = ["--pid", "--target", String(this.internet.pid)];
    const words = ["unshare", "--net", "--mount", "--", ...BASH, HOST, "bash", ...pairs];
    const outcome = await this.execute(inside, { words, wayOut: CREATE_WAY_OUT });
    if (outcome.status !== 0) throw failure(`create ${name}`, outcome, CREATE_WAY_OUT);
    return new Host(this, name, Number(outcome.output));
  }

  /** Runs a command in the namespaces that nsenter's options name; it fails only when it cannot start. */
  execute(namespaces: readonly string[], command: Command): Promise<Outcome> {
    const input = command.input === undefined ? "ignore" : "pipe";
    const child = this.start(namespaces, command.words, [input, "pipe", "pipe"]);
    return collect(child, command.input);
  }

  /** Starts what may live as long as the world. */
  start(
    namespaces: readonly string[],
    words: readonly string[],
    stdio: StdioOptions,
  ): ChildProcess {
    const child = spawn("nsenter", [...namespaces, "--", ...words], {
      detached: true,
      env: this.#environment,
      stdio,
    });
    const ended = once(child, "exit").catch(ignore);
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return child;
  }

  /** Ends everything in the world, and waits until it is gone. */
  async close(): Promise<void> {
    this.#end();
    await this.#ended;
    await Promise.allSettled(this.#running);
  }

  #end(): void {
    this.#init.stdin.end();
  }

  async #ready(): Promise<number> {
    const errors = read(this.#init.stderr);
    const started = once(this.#init.stdout, "data");
    const [line] = await Promise.race([started, this.#ended.then(() => [])]);
    if (line !== undefined) return Number(line);
    const outcome = { status: this.#init.exitCode ?? 1, output: "", errors: await errors };
    throw failure("create network namespaces", outcome, CREATE_WAY_OUT);
  }
}

/** A network and a view of the file system of their own, in a world. */
export class Host {
  readonly #world: World;
  readonly name: string;
  /** The process by which this machine finds the host's namespaces: nsenter -a -r -t PID. */
  readonly pid: number;

  constructor(world: World, name: string, pid: number) {
    this.#world = world;
    this.name = name;
    this.pid = pid;
  }

  /** Runs a command on the host and answers its output; that it fails is an error. */
  async run(command: Command): Promise<string> {
    const outcome = await this.attempt(command);
    const what = `run "${command.words.join(" ")}" on ${this.name}`;
    if (outcome.status !== 0) throw failure(what, outcome, command.wayOut);
    return outcome.output;
  }

  /** Runs a command on the host that may fail. */
  attempt(command: Command): Promise<Outcome> {
    return this.#world.execute(this.#namespaces, command);
  }

  /** Starts what may live on the host as long as the world. */
  start(words: readonly string[], stdio: StdioOptions): ChildProcess {
    return this.#world.start(this.#namespaces, words, stdio);
  }

  get #namespaces(): readonly string[] {
    // Without the process namespace the kernel would not end the command together with the world.
    // The root, because entering a mount namespace leaves a chroot, if this is one.
    return ["--net", "--mount", "--pid", "--root", "--target", String(this.pid)];
  }
}

async function collect(child: ChildProcess, input: string | undefined): Promise<Outcome> {
  // A command that ends before it has read everything says why in its status.
  child.stdin?.on("error", ignore).end(input);
  const texts = [read(child.stdout), read(child.stderr)];
  const [code, signal] = await once(child, "close");
  const [output = "", errors = ""] = await Promise.all(texts);
  return { status: code ?? 128 + (signals.get(signal) ?? 0), output, errors };
}

const signals = new Map<string, number>(Object.entries(constants.signals));

async function read(stream: Readable | null): Promise<string> {
  return ((await stream?.setEncoding("utf8").toArray()) ?? []).join("");
}

function failure(what: string, outcome: Outcome, wayOut: string): Error {
  const errors = outcome.errors.trim() || "it says nothing";
  return new Error(`cannot ${what}: exit status ${outcome.status}: ${errors}\n  ${wayOut}`);
}

function ignore(): void {}
