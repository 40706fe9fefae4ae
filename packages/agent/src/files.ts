/**
 * What an agent keeps on its host, a folder a network: its private key, what it needs to reach its
 * server, the last device. All of it is for root alone. What was cut short, is somebody else's or a
 * newer Warren's is told with a way out.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, bundleOf, deltaOf, hashOf, printDelta, readServerMessage } from "@warren/api";
import { refusalOf, systemCode } from "@warren/api";
import type { Bundle, Entries } from "@warren/api";
import * as core from "@warren/core";
import type { Name, Phrase, PrivateKey } from "@warren/core";
import { digest } from "@warren/crypto";
import { readWhole, writeWhole } from "./atomic-file.ts";
import { CREDENTIAL_FORMAT, credentialShape } from "./credential.ts";
import type { Credential } from "./credential.ts";
import { readJson } from "./json-file.ts";
import { NetworkLock } from "./network-lock.ts";

/** The last device: of which revision of which log, and what it says. */
export interface StoredDevice {
  readonly epoch: string;
  readonly rev: number;
  readonly hash: string;
  readonly entries: Entries;
  readonly bundle: Bundle;
}

export interface DeviceReading {
  /** Undefined where there is none, or none that can be read. */
  readonly device?: StoredDevice;
  /** Why it could not be read, and where it was put; the server sends it again. */
  readonly trouble?: AppError;
}

const SECRET = { mode: 0o600, isLasting: true } as const;

/** The networks that this host has joined, by name; `base` is /var/lib/warren but in tests. */
export function listNetworks(base: string): readonly Name[] {
  return foldersOf(base).flatMap((text) => {
    const name = core.parseName(text);
    if (name instanceof core.Problem) return [];
    const isJoined = readWhole(join(base, name, CREDENTIAL)) !== undefined;
    return isJoined ? [name] : [];
  });
}

/** One network's files. Whoever writes to them holds their lock, but for `join`, before there is an agent. */
export class NetworkFiles {
  readonly folder: string;
  readonly #network: Name;

  /** Makes nothing and reads nothing. */
  constructor(base: string, network: Name) {
    this.folder = join(base, network);
    this.#network = network;
  }

  /** When something in it was changed last, by the clock as it was then. */
  get writtenMs(): number {
    const names = readdirSync(this.folder);
    return Math.max(0, ...names.map((name) => statSync(join(this.folder, name)).mtimeMs));
  }

  /** Refused where another agent has it. */
  lock(): NetworkLock {
    this.#make();
    return new NetworkLock(join(this.folder, ".agent"));
  }

  /** Undefined where there is none: the host has not joined. */
  readPrivateKey(): PrivateKey | undefined {
    const file = join(this.folder, KEY);
    const text = readWhole(file);
    if (text === undefined) return undefined;
    const key = core.parsePrivateKey(text.trim());
    if (key instanceof core.Problem) throw unreadable(file, key.message, this.#joinAgain());
    return key;
  }

  writePrivateKey(key: PrivateKey): void {
    this.#write(KEY, `${key}\n`);
  }

  readCredential(): Credential | undefined {
    const file = join(this.folder, CREDENTIAL);
    const read = readJson(file, credentialShape);
    if (read instanceof core.Problem) {
      const fix = core.say`${read.fix}; or ${this.#joinAgain()}`;
      throw unreadable(file, read.message, fix);
    }
    if (read === undefined || read.network === this.#network) return read;
    throw unreadable(file, core.say`it is of the network ${read.network}`, this.#joinAgain());
  }

  writeCredential(credential: Credential): void {
    const written = { format: CREDENTIAL_FORMAT, ...credential };
    this.#write(CREDENTIAL, `${JSON.stringify(written, undefined, 2)}\n`);
  }

  /** Never a reason to stop: what cannot be read is put aside, so that it is told once. */
  readDevice(): DeviceReading {
    const file = join(this.folder, DEVICE);
    try {
      const text = readWhole(file);
      if (text === undefined) return {};
      const device = parseDevice(text);
      if (!(device instanceof core.Problem)) return { device };
      renameSync(file, `${file}.bad`);
      const fix = core.say`nothing is to be done: the server sends it again; the old one is now ${DEVICE}.bad`;
      return { trouble: unreadable(file, device.message, fix) };
    } catch (cause) {
      return { trouble: refusalOf("cannot-read", file, cause) };
    }
  }

  /** As the stream brings it: the file is a snapshot of the stream. */
  writeDevice({ epoch, rev, hash, entries }: Omit<StoredDevice, "bundle">): void {
    const head = { kind: "snapshot", rev, epoch, hash } as const;
    this.#write(DEVICE, `${printDelta(head, { set: [...entries], delete: [] })}\n`);
  }

  /** Of another key, when the host joins as another. */
  removeDevice(): void {
    rmSync(join(this.folder, DEVICE), { force: true });
  }

  /** All of it, the key too: the host leaves the network. */
  remove(): void {
    try {
      removeFolder(this.folder);
      const base = dirname(this.folder);
      if (foldersOf(base).length === 0) removeFolder(base);
    } catch (cause) {
      throw refusalOf("cannot-write", this.folder, cause);
    }
  }

  /** By `warren down`, until somebody wants it up: a visit would bring it back. */
  get isDown(): boolean {
    return readWhole(join(this.folder, DOWN)) !== undefined;
  }

  set isDown(isDown: boolean) {
    if (isDown) this.#write(DOWN, "");
    else rmSync(join(this.folder, DOWN), { force: true });
  }

  #write(name: string, text: string): void {
    this.#make();
    writeWhole(join(this.folder, name), text, SECRET);
  }

  #make(): void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw refusalOf("cannot-write", this.folder, cause);
    }
  }

  #joinAgain(): Phrase {
    return core.say`restore it from a backup, or join again: warren join, with a new token of ${this.#network}`;
  }
}

const KEY = "key";
const CREDENTIAL = "credential.json";
const DEVICE = "device.json";
const DOWN = "down";

/** Where it is a mount, all that is in it. */
function removeFolder(folder: string): void {
  const names = statSync(folder, { throwIfNoEntry: false }) && readdirSync(folder);
  for (const name of names ?? []) rmSync(join(folder, name), { recursive: true, force: true });
  try {
    if (names !== undefined) rmdirSync(folder);
  } catch (cause) {
    if (systemCode(cause) !== "EBUSY") throw cause;
  }
}

function foldersOf(base: string): readonly string[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.flatMap((each) => (each.isDirectory() ? [each.name] : [])).toSorted();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw refusalOf("cannot-read", base, cause);
  }
}

/** The hash tells a device that a disk has changed from the one that was written. */
function parseDevice(text: string): StoredDevice | core.Problem {
  const message = readServerMessage(text);
  const again = core.say`the server sends it again`;
  if (message instanceof core.Problem || message.kind !== "snapshot") {
    return new core.Problem(core.say`it was cut short, or is another program's`, again);
  }
  const { set } = deltaOf(message);
  if (hashOf(set, digest) !== message.hash) {
    return new core.Problem(core.say`it is not as it was written`, again);
  }
  const entries = new Map(set);
  const bundle = bundleOf(entries);
  if (bundle instanceof core.Problem) return bundle;
  return { epoch: message.epoch, rev: message.rev, hash: message.hash, entries, bundle };
}

function unreadable(file: string, why: core.Text, fix: Phrase): AppError {
  return new AppError("cannot-read", core.say`cannot read: ${why}`, { fix, file });
}
