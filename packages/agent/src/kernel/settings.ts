/**
 * Settings of the whole kernel that tunnels need: what they were is noted before they change, and given
 * back when no tunnel of ours needs them any more. Notes lie where a reboot removes them, as it does
 * the settings.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@warren/api";
import { Problem, say, shapes } from "@warren/core";
import { writeWhole } from "../atomic-file.ts";
import { readJson } from "../json-file.ts";
import { NetworkLock } from "../network-lock.ts";
import type { Setting } from "./kernel.ts";

const SWITCHES = {
  forward4: "ipv4/ip_forward",
  forward6: "ipv6/conf/all/forwarding",
  mark: "ipv4/conf/all/src_valid_mark",
} as const satisfies Readonly<Record<Setting, string>>;

const { fields, list, optional, record, required, text } = shapes;
const word = text((written) => written);
const notesShape = record(
  (setting) => setting,
  fields({
    users: required(list(word), "Interfaces that need it."),
    before: optional(
      record((path) => path, word),
      "What was where, in the order in which it is given back.",
    ),
  }),
);

interface Note {
  readonly users: readonly string[];
  readonly before: ReadonlyMap<string, string>;
}

/** Whoever has the notes is done with them in milliseconds. */
const LOCK_MS = 10_000;

/** Everything at once, without a pause: others of this process come before or after, as other processes do. */
export class Settings {
  readonly #file: string;
  readonly #lockFile: string;
  readonly #root: string;

  /** `root`: /proc/sys/net, of the network that this process is in. */
  constructor(folder: string, root = "/proc/sys/net") {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = join(folder, "settings.json");
    this.#lockFile = join(folder, ".settings");
    this.#root = root;
  }

  /** Those that were taken for the interface, and whether they hold. */
  read(name: string): ReadonlyMap<Setting, boolean> {
    const notes = this.#readNotes();
    return new Map(
      SETTINGS.filter((setting) => notes.get(setting)?.users.includes(name) === true).map(
        (setting) => [setting, this.#holds(setting)],
      ),
    );
  }

  take(name: string, setting: Setting): void {
    this.#alone(() => this.#take(name, setting));
  }

  giveBack(name: string, setting: Setting): void {
    this.#alone(() => this.#giveBack(name, setting));
  }

  /** Among all processes. What they hold goes with the last note; whoever has waited for it takes the next. */
  #alone(work: () => void): void {
    const inode = (): number | undefined =>
      statSync(this.#lockFile, { throwIfNoEntry: false })?.ino;
    for (;;) {
      const before = inode();
      const lock = new NetworkLock(this.#lockFile, LOCK_MS);
      try {
        if (before === undefined || inode() !== before) continue;
        work();
        if (!existsSync(this.#file)) rmSync(this.#lockFile);
        return;
      } finally {
        lock.close();
      }
    }
  }

  #take(name: string, setting: Setting): void {
    const notes = this.#readNotes();
    const note = notes.get(setting) ?? { users: [], before: new Map() };
    const before = new Map([...this.#toNote(setting), ...note.before]);
    const order = [SWITCHES[setting], ...before.keys()];
    const users = [...new Set([...note.users, name])];
    notes.set(setting, {
      users,
      before: new Map(order.map((path) => [path, before.get(path) ?? ""])),
    });
    this.#writeNotes(notes);
    for (const path of setting === "forward6" ? this.#advertised() : []) this.#write(path, "2");
    this.#write(SWITCHES[setting], "1");
  }

  #giveBack(name: string, setting: Setting): void {
    const notes = this.#readNotes();
    const note = notes.get(setting);
    if (note === undefined) return;
    const users = note.users.filter((user) => user !== name);
    if (users.length > 0) notes.set(setting, { ...note, users });
    else {
      notes.delete(setting);
      for (const [path, value] of note.before) if (this.#has(path)) this.#write(path, value);
    }
    // Last: what is given back twice is as before.
    this.#writeNotes(notes);
  }

  #holds(setting: Setting): boolean {
    // A host without IPv6 has nothing to forward.
    if (!this.#has(SWITCHES[setting])) return true;
    const isOn = this.#value(SWITCHES[setting]) === "1";
    return isOn && (setting !== "forward6" || this.#advertised().length === 0);
  }

  /** Interfaces that take routes from routers as long as the host does not forward; 2: even then. */
  #advertised(): readonly string[] {
    return this.#each(6, "accept_ra").filter((path) => this.#value(path) === "1");
  }

  /** To turn a switch of forwarding back resets what is noted after it, on each interface. */
  #toNote(setting: Setting): readonly (readonly [string, string])[] {
    const change = SWITCHES[setting];
    const others =
      setting === "mark"
        ? []
        : setting === "forward4"
          ? ["ipv4/conf/all/accept_redirects", ...this.#each(4, "forwarding")]
          : [...this.#each(6, "forwarding"), ...this.#advertised()];
    const isOn = this.#has(change) && this.#value(change) === "1";
    // What is on with the switch says nothing of what there was before, but for what we set ourselves.
    const kept = isOn ? others.filter((path) => path.endsWith("accept_ra")) : others;
    return [change, ...kept]
      .filter((path) => this.#has(path))
      .map((path) => [path, this.#value(path)]);
  }

  #each(family: 4 | 6, what: string): readonly string[] {
    const folder = `ipv${family}/conf`;
    if (!this.#has(folder)) return [];
    const paths = readdirSync(join(this.#root, folder)).map((each) => `${folder}/${each}/${what}`);
    return paths.filter((path) => this.#has(path));
  }

  #has(path: string): boolean {
    return existsSync(join(this.#root, path));
  }

  #value(path: string): string {
    return readFileSync(join(this.#root, path), "utf8").trim();
  }

  /** Not once more what is there: whoever looks meanwhile would find nothing for a moment where that is a plain file. */
  #write(path: string, value: string): void {
    if (this.#has(path) && this.#value(path) !== value)
      writeFileSync(join(this.#root, path), value);
  }

  #readNotes(): Map<string, Note> {
    const read = readJson(this.#file, notesShape) ?? [];
    if (read instanceof Problem) throw this.#putAside(read);
    return new Map(
      read.map(([key, { users, before = [] }]) => [key, { users, before: new Map(before) }]),
    );
  }

  #writeNotes(notes: ReadonlyMap<string, Note>): void {
    if (notes.size === 0) return rmSync(this.#file, { force: true });
    const value = [...notes].map(([key, { users, before }]) => [
      key,
      { users, before: Object.fromEntries(before) },
    ]);
    const text = JSON.stringify(Object.fromEntries(value));
    writeWhole(this.#file, text, { mode: 0o600, isLasting: false });
  }

  /** So that it is told once, and whoever asks again goes on. */
  #putAside({ message }: Problem): AppError {
    const aside = `${this.#file}.bad`;
    renameSync(this.#file, aside);
    const fix = say`run it again; settings of the kernel that ${aside} names stay as they are now until a reboot`;
    return new AppError("cannot-read", say`cannot read: ${message}`, { fix, file: this.#file });
  }
}

const SETTINGS = Object.keys(SWITCHES) as readonly Setting[];
