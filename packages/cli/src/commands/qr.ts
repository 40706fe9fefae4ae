/** warren qr: makes a client's key, and shows it once, as the code that a phone's camera reads. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as core from "@warren/core";
import { renderSVG, renderUnicodeCompact } from "uqr";
import { AppError } from "@warren/api";
import { unknownName } from "../app-error.ts";
import { printFindings } from "../findings.ts";
import { createSecrets, entryKeyFile } from "../keys/key-ring.ts";
import { staged } from "../files/staging.ts";
import type { Staging } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn } from "../terminal/words.ts";
import type { Plan } from "../workspace.ts";
import { stageKeys, writeBeside } from "../writing.ts";

export interface QrOptions {
  readonly file: string;
  /** Only this way in. */
  readonly via?: string;
  readonly newKey: boolean;
  readonly keepKey: boolean;
  /** Show the configuration as text, too. */
  readonly text: boolean;
  /** Files to write instead of showing anything; - is standard output. */
  readonly svg?: string;
  readonly conf?: string;
}

/** What version 40 holds with the least error correction (ISO/IEC 18004). */
const LARGEST_CODE = 2953;

/** A quiet zone of four modules; more error correction where that makes the code no larger. */
const FORM = { border: 4, ecc: "L", boostEcc: true } as const;

/** The lock is written before anything is shown: who was shown a key is in the mesh. */
export function qr(terminal: Terminal, word: string, wished: QrOptions): number {
  const { name, ...options } = readWayIn(word, wished);
  const { file, via, newKey: isNew, keepKey: isKept } = options;
  const client = { name, isNew, isKept, ...(via === undefined ? {} : { via }) };
  const files = [options.svg, options.conf].filter((path) => path !== undefined);
  for (const path of files.filter(isFile)) refuseTaken(path);
  if (new Set(files.map((path) => resolve(path))).size < files.length) {
    throw new AppError("usage", core.say`two files cannot have one name`, {
      fix: core.say`choose two`,
    });
  }
  const wish = { file, keys: "make", client } as const;
  return writeBeside(terminal, wish, (plan, { places, findings }) => {
    printFindings(terminal, findings, { json: false });
    const codes = codesOf(terminal, plan, chosenOf(plan, name, options), options);
    staged((staging) => {
      stageKeys(staging, plan, places);
      for (const { entry } of codes) {
        const old = join(places.keysFolder, entryKeyFile(entry));
        if (isNew && !isKept) staging.remove(old);
      }
      for (const code of codes) stageFiles(staging, code, options);
    });
    for (const code of codes) show(terminal, code, options);
    remind(terminal, plan, codes, options);
  });
}

/** `laptop.aws` is what files and trace call the way in of `laptop` through `aws`; no client's own name has a dot. */
function readWayIn(word: string, options: QrOptions): QrOptions & { readonly name: string } {
  const [, name, via] = /^([^.]+)\.([^.]+)$/.exec(word) ?? [];
  if (name === undefined || via === undefined || options.via !== undefined) {
    return { ...options, name: word };
  }
  return { ...options, name, via };
}

/** Else it is for standard output: the key is shown to whoever asks for it in so many words. */
function isFile(path: string): boolean {
  return path !== "-";
}

/** A file that is there may be the mesh itself, or the only copy of another client's key. */
function refuseTaken(file: string): void {
  const fix = core.say`choose another name, or remove it first`;
  if (existsSync(file))
    throw new AppError("cannot-write", core.say`there is such a file`, { fix, file });
  if (existsSync(dirname(file))) return;
  throw new AppError("cannot-write", core.say`there is no such folder`, {
    fix: core.say`make it first`,
    file,
  });
}

/** The client's ways in that are asked for. */
function chosenOf({ mesh }: Plan, name: string, { via, svg, conf }: QrOptions): core.Entrance[] {
  const entrances = core.entrancesOf(mesh).filter(({ client }) => client.name === name);
  const [first] = entrances;
  if (first === undefined) {
    const known = mesh.clients.map((client) => client.name);
    const message = core.say`there is no client ${core.quote(name)}`;
    if (known.length > 0) throw unknownName(message, name, known);
    throw new AppError("usage", message, { fix: core.say`add it under clients` });
  }
  if (first.client.publicKey !== undefined) {
    const fix = core.say`warren render writes its file; put the key in where that says so`;
    throw new AppError("usage", core.say`the private key of ${name} is kept elsewhere`, { fix });
  }
  const chosen = entrances.filter((each) => (via ?? each.via) === each.via);
  if (chosen.length === 0) {
    const fix = core.say`known are ${core.listTexts(entrances.map((each) => each.via))}`;
    throw new AppError("usage", core.say`${name} does not enter through ${core.quote(via ?? "")}`, {
      fix,
    });
  }
  if (chosen.length > 1 && (svg ?? conf) !== undefined) {
    const fix = core.say`choose one of ${core.listTexts(chosen.map((each) => each.via))} with --via`;
    throw new AppError("usage", core.say`${name} has several ways in, and a file holds one`, {
      fix,
    });
  }
  return chosen;
}

interface Code {
  readonly entry: core.Entrance;
  /** The file that wg-quick reads. */
  readonly conf: string;
  /** The same without comments: a smaller code is a code that is read. */
  readonly text: string;
}

/** Of all ways in whose private key is here, or was just made. */
function codesOf(
  terminal: Terminal,
  plan: Plan,
  chosen: readonly core.Entrance[],
  options: QrOptions,
): readonly Code[] {
  const isHere = ({ name }: core.Entrance): boolean => plan.keys.privateKeys.has(name);
  const gone = chosen.filter((each) => !isHere(each)).map(({ name }) => name);
  const why = core.say`the private key of ${joinNames(gone)} is not kept here: it was shown when it was made`;
  const client = chosen[0]?.client.name ?? "";
  const fix = core.say`make another, which takes its place: warren qr ${client} --new-key`;
  if (gone.length === chosen.length) throw new AppError("cannot-read", why, { fix });
  if (gone.length > 0) terminal.say(core.say`${why}\n  ${fix}`);
  const secrets = createSecrets(plan.keys);
  const isFileOnly = options.conf !== undefined && options.svg === undefined;
  return chosen.filter(isHere).map((entrance) => {
    const entry = plan.index.entries.find(({ id }) => id === entrance.id);
    if (entry === undefined) throw new Error(`${entrance.name} has a key and is not in the mesh`);
    const device = core.entryDevice(plan.index, entry);
    const [file] = core.renderFiles(device, secrets, new core.Printed(), "wg-quick");
    const conf = file?.text.join("") ?? "";
    const text = conf.replaceAll(/^(#.*)?\n/gm, "");
    if (text.length > LARGEST_CODE && !isFileOnly) refuseLarge(entry, text.length);
    if ((options.svg ?? options.conf) === undefined) refuseWide(terminal, entry, text);
    return { entry, conf, text };
  });
}

function refuseLarge({ name }: core.Entrance, size: number): never {
  const fix = core.say`bring it as a file: --conf FILE; or let the client reach less: access: [nodes]`;
  const message = core.say`the configuration of ${name} has ${size} bytes, and a QR code holds ${LARGEST_CODE}`;
  throw new AppError("usage", message, { fix });
}

/** A code that is broken into lines is no code, and a key is shown only once. */
function refuseWide({ columns }: Terminal, { name }: core.Entrance, text: string): void {
  const width = renderUnicodeCompact(text, FORM).indexOf("\n");
  if (columns === undefined || width <= columns) return;
  const fix = core.say`widen it, or take a smaller letter; or write a picture: --svg FILE`;
  const message = core.say`the code of ${name} is ${width} columns wide, and the terminal ${columns}`;
  throw new AppError("usage", message, { fix });
}

function stageFiles(staging: Staging, { conf, text }: Code, options: QrOptions): void {
  const { svg, conf: file } = options;
  if (svg !== undefined && isFile(svg)) staging.put(svg, `${renderSVG(text, FORM)}\n`, "owner");
  if (file !== undefined && isFile(file)) staging.put(file, conf, "owner");
}

/** Line by line, so that the colours of a code do not run into what comes after. */
function show(terminal: Terminal, { entry, conf, text }: Code, options: QrOptions): void {
  const isShown = (options.svg ?? options.conf) === undefined;
  if (isShown) {
    terminal.say(core.say`${entry.name}, through ${entry.via}:`);
    for (const line of renderUnicodeCompact(text, FORM).split("\n")) {
      terminal.print(terminal.paint("contrast", line));
    }
  }
  if (options.svg === "-") terminal.print(renderSVG(text, FORM));
  if (options.text || options.conf === "-") terminal.print(conf.trimEnd());
}

function remind(
  terminal: Terminal,
  { keys }: Plan,
  codes: readonly Code[],
  { file: mesh, svg, conf, newKey, keepKey }: QrOptions,
): void {
  const files = [svg, conf].filter((path) => path !== undefined).filter(isFile);
  for (const file of files) terminal.say(core.say`${file}: written; it holds the private key`);
  const made = codes.filter(({ entry }) => newKey || !keys.kept.has(entry.id));
  if (made.length === 0) return;
  const names = joinNames(made.map(({ entry }) => entry.name));
  const vias = joinNames(made.map(({ entry }) => entry.via));
  const isGone = keepKey || files.length > 0 ? "" : core.say`, shown this once`;
  const next = commandOn(mesh, "render");
  terminal.say(
    core.say`${names}: new key${isGone}; now run ${next}, and bring the files that change to their hosts, first to ${vias}`,
  );
}

function joinNames(names: readonly string[]): core.Text {
  return core.joinTexts(names, core.say` and `);
}
