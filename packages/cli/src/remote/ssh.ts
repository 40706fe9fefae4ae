/**
 * Runs Warren's programs on other hosts, as root, by the system's ssh: with people's own configuration,
 * agents and jump hosts. One connection a host, which later commands share; secrets go by standard
 * input alone.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { printAddress } from "@warren/core";
import type { Node } from "@warren/core";
import { answerOf, NO_ROOM, SSH_FAILED, TOO_LONG } from "./answers.ts";
import type { Answer, Outcome } from "./answers.ts";

/** `user@host:port` in parts, as ssh wants them. */
export interface SshTarget {
  readonly user?: string;
  readonly host: string;
  readonly port?: string;
}

export interface RemoteCommand {
  readonly words: readonly string[];
  /** By the names under which the program finds them in its folder; whole lines. */
  readonly files?: ReadonlyMap<string, Iterable<string>>;
  /** By a connection of its own, made now: to know that one can still be made. */
  readonly isFresh?: boolean;
}

/** In this order one program: the first has what all use, the last looks at what is asked. */
const PARTS = ["program", "facts", "install", "converge", "apply", "probe", "push"] as const;
/** Marks where a file begins in what is sent; no line of a file of ours begins so. */
const MARK = "@@ ";
/** Where all ends: without it the sender died on the way, and nothing is done. */
const END = `${MARK}end`;
const CONNECT_SECONDS = 10;
/** A connection that says nothing for so long is gone: three questions, five seconds each. */
const ALIVE = ["ServerAliveInterval=5", "ServerAliveCountMax=3"];
/**
 * What the connection that all commands share is held open by: as long as this process holds its
 * input, and no longer, however this ends. It says first who it is there, whatever a login shell
 * greets with before.
 */
const READY = "ready";
const HOLDER = `id -u; echo ${READY}; exec cat`;
/** Its complaints as this program knows them. */
const SUDO = "env LC_ALL=C sudo -n";
/** Characters: the rules of a large firewall, and then some. */
const LONGEST = 32 * 1024 * 1024;
/** A server that has many connections to greet turns some away at random (MaxStartups). */
const ATTEMPTS = 4;
/**
 * Makes a folder for root alone, puts the files into it, runs the program, and takes the folder away
 * however that ends. There is nothing in it that a login shell of any kind would take for its own.
 */
export const LOADER =
  `umask 077; mkdir -p /run/warren && in=$(mktemp -d /run/warren/@in.$$.XXXXXX) || exit ${NO_ROOM}; ` +
  'trap "rm -rf $in; rmdir /run/warren 2>/dev/null" EXIT; trap "exit 91" HUP INT TERM PIPE; ' +
  "mkdir $in/wireguard $in/systemd $in/openrc; " +
  `size=$(LC_ALL=C awk -v in_=$in '/^${END}$/ { whole = 1; exit } /^${MARK}/ { close(out); out = in_ "/" $2; printf "" > out; next } ` +
  `{ print > out; size += length($0) + 1 } END { printf "%d", size; exit 1 - whole }') || exit ${NO_ROOM}; ` +
  // An awk may not tell that the disk is full.
  `[ "$size" = "$(cat $in/* $in/*/* 2>/dev/null | wc -c | tr -d " ")" ] || exit ${NO_ROOM}; ` +
  "export in; sh $in/program";

/** The one that others share, one of these, or one by itself. */
type ConnectionKind = "first" | "shared" | "fresh";

/** Connections of one run of a command; `close` ends them all. */
export class Connections {
  readonly #folder = mkdtempSync(join(tmpdir(), "warren-ssh-"));
  readonly #program = readProgram();
  readonly #hosts: Remote[] = [];

  host(target: SshTarget): Remote {
    const socket = join(this.#folder, String(this.#hosts.length));
    const remote = new Remote(target, socket, this.#program);
    this.#hosts.push(remote);
    return remote;
  }

  /** At once: whoever holds a connection open ends with this process. */
  abandon(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.close()));
    this.abandon();
  }
}

/** Another host. Its commands may run side by side. */
export class Remote {
  readonly target: SshTarget;
  readonly #socket: string;
  readonly #program: string;
  #isRoot = false;
  #holder: ChildProcess | undefined;

  /** `socket`: a short path, of which a system takes a hundred bytes or so. */
  constructor(target: SshTarget, socket: string, program: string) {
    this.target = target;
    this.#socket = socket;
    this.#program = program;
  }

  /** Connects where no connection is, and finds out how to be root there. */
  async connect(): Promise<Answer> {
    if (isRunning(this.#holder)) return { kind: "answered", lines: [] };
    const answer = await insist(() => this.#open());
    if (answer.kind === "failed") return answer;
    this.#isRoot = answer.lines.at(-2)?.[0] === "0";
    if (this.#isRoot) return answer;
    // Asked first, so that a password or a missing sudo is told from a program that fails.
    return this.#ssh([`${SUDO} true`], [], "shared");
  }

  /** Runs one of the program's commands as root. */
  run({ words, files = new Map(), isFresh = false }: RemoteCommand): Promise<Answer> {
    const input = [[`${MARK}program\n`, this.#program], ...sent(files), [`${END}\n`]];
    const prefix = this.#isRoot ? "" : `${SUDO} `;
    const command = `${prefix}sh -c ${quote(`${LOADER} ${words.map(quote).join(" ")}`)}`;
    return isFresh
      ? insist(() => this.#ssh([command], input, "fresh"))
      : this.#ssh([command], input, "shared");
  }

  async close(): Promise<void> {
    if (!isRunning(this.#holder)) return;
    const ended = once(this.#holder, "close");
    this.#holder.stdin?.end();
    await ended;
  }

  /** Answers when it stands; or, when it does not, why. */
  async #open(): Promise<Answer> {
    const words = [...this.#options("first"), ...this.#address(), HOLDER];
    const holder = spawn("ssh", words, { stdio: ["pipe", "pipe", "pipe"] });
    const { ended, texts } = follow(holder);
    const said = await Promise.race([untilReady(holder.stdout), ended.then(() => undefined)]);
    if (said === undefined) return answerOf(await outcomeOf(ended, texts));
    this.#holder = holder;
    return answerOf({ status: 0, output: said, errors: "" });
  }

  async #ssh(
    command: readonly string[],
    input: readonly Iterable<string>[],
    kind: ConnectionKind,
  ): Promise<Answer> {
    const words = [...this.#options(kind), ...this.#address(), ...command];
    return answerOf(await run("ssh", words, input));
  }

  #options(kind: ConnectionKind): readonly string[] {
    const control = {
      first: ["ControlMaster=yes", "ControlPersist=no", `ControlPath=${this.#socket}`],
      shared: ["ControlMaster=no", `ControlPath=${this.#socket}`],
      fresh: ["ControlMaster=no", "ControlPath=none"],
    }[kind];
    const options = ["BatchMode=yes", `ConnectTimeout=${CONNECT_SECONDS}`, ...ALIVE, ...control];
    // -T, and no forwarding: nothing of this machine is lent to the host.
    return ["-T", "-a", "-x", ...options.flatMap((option) => ["-o", option])];
  }

  #address(): readonly string[] {
    const { user, host, port } = this.target;
    return [
      ...(port === undefined ? [] : ["-p", port]),
      ...(user === undefined ? [] : ["-l", user]),
      "--",
      host,
    ];
  }
}

/** One of the program's commands on this very host, as the user that runs this; it has no folder there. */
export async function runHere(words: readonly string[]): Promise<Answer> {
  return answerOf(await run("sh", ["-s", "--", ...words], [[readProgram()]]));
}

/** Where a node is logged in to: as it says; else where it is dialled; else by its name, which ~/.ssh/config may know. */
export function sshTargetOf({ name, ssh, endpoint }: Node): SshTarget {
  if (ssh !== undefined) return splitTarget(ssh);
  const host = endpoint?.host ?? name;
  return { host: typeof host === "string" ? host : printAddress(host) };
}

/** As `ssh:` of a node is written; a parser has seen it. */
export function splitTarget(text: string): SshTarget {
  const match = /^(?:([^@]*)@)?(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text);
  const [, user, bracketed, plain = "", port] = match ?? [];
  return {
    host: bracketed ?? plain,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
  };
}

/** As ssh takes it. */
export function printTarget({ user, host, port }: SshTarget): string {
  const login = user === undefined ? host : `${user}@${host}`;
  return port === undefined ? login : `-p ${port} ${login}`;
}

/** Works on all, at most so many at a time, in their order. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** Whole, as it is sent. */
export function readProgram(): string {
  return PARTS.map((part) =>
    readFileSync(join(import.meta.dirname, `../host/${part}.sh`), "utf8"),
  ).join("");
}

function* sent(files: ReadonlyMap<string, Iterable<string>>): Generator<Iterable<string>> {
  for (const [name, text] of files) {
    yield [`${MARK}${name}\n`];
    yield text;
  }
}

/** For a shell of any kind: what is quoted has no backslash and no exclamation mark in it. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

async function insist(connect: () => Promise<Answer>): Promise<Answer> {
  let answer = await connect();
  for (let attempt = 1; attempt < ATTEMPTS && isTurnedAway(answer); attempt += 1) {
    answer = await connect();
  }
  return answer;
}

async function run(
  program: string,
  words: readonly string[],
  input: readonly Iterable<string>[],
): Promise<Outcome> {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
  const { ended, texts } = follow(child);
  for (const part of input) {
    for (const piece of part) {
      if (!child.stdin.write(piece)) await Promise.race([once(child.stdin, "drain"), ended]);
    }
  }
  child.stdin.end();
  return await outcomeOf(ended, texts);
}

interface Followed {
  readonly ended: Promise<readonly unknown[]>;
  /** Of what it prints, and of what it complains. */
  readonly texts: readonly Promise<string | undefined>[];
}

function follow(child: ChildProcess): Followed {
  const ended = once(child, "close").catch((cause: unknown) => [127, undefined, String(cause)]);
  // A program that ends before it has read everything says why in its status.
  child.stdin?.on("error", () => undefined);
  return { ended, texts: [child.stdout, child.stderr].map((stream) => read(child, stream)) };
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child?.exitCode === null && child.signalCode === null;
}

async function outcomeOf(ended: Followed["ended"], texts: Followed["texts"]): Promise<Outcome> {
  const [status, , cause] = await ended;
  const [output, errors] = await Promise.all(texts);
  if (output === undefined || errors === undefined) {
    return { status: TOO_LONG, output: "", errors: "" };
  }
  return {
    status: typeof status === "number" ? status : SSH_FAILED,
    output,
    errors: typeof cause === "string" ? cause : errors,
  };
}

/** Nothing of what is too long: then the child is ended. */
async function read(child: ChildProcess, stream: Readable | null): Promise<string | undefined> {
  let text = "";
  for await (const piece of stream?.setEncoding("utf8") ?? []) {
    text += piece;
    if (text.length <= LONGEST) continue;
    child.kill("SIGKILL");
    return undefined;
  }
  return text;
}

/** All lines up to the one that says so. */
function untilReady(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (piece) => {
      text += String(piece);
      if (text.endsWith(`\n${READY}\n`)) resolve(text);
    });
  });
}

function isTurnedAway(answer: Answer): boolean {
  return answer.kind === "failed" && answer.code === "turned-away";
}
