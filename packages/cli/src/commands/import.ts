/** warren import: makes a mesh file, with its lock and keys, out of what others wrote; overwrites nothing. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { exclusively } from "../files/exclusive.ts";
import { readTextIfThere } from "../files/file-text.ts";
import { compareFindings, printFindings, shortenFindings } from "../findings.ts";
import { findOtherRules } from "../foreign-rules.ts";
import { readForeign } from "../foreign.ts";
import { demandGivenKeys, givenKeysFile, printGivenKeys } from "../keys/given-keys.ts";
import { keyFile } from "../keys/key-ring.ts";
import { printMesh } from "../yaml/mesh-text.ts";
import { makePresharedKey } from "@warren/crypto";
import { staged } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { placesOf } from "../workspace.ts";
import type { Places } from "../workspace.ts";
import type { FileOption, JsonOption } from "./plan.ts";

/** 2 when anything had to be said; the files are written all the same. */
export function importMesh(
  terminal: Terminal,
  path: string,
  options: FileOption & JsonOption,
): number {
  const places = placesOf(options.file);
  refuseTaken(places);
  const reading = readForeign(path);
  const imported = core.importMesh(reading.devices);
  if (imported === undefined) {
    if (reading.findings.length > 0) printFindings(terminal, reading.findings, options);
    throw nothingWritten(path, reading.devices.length > 0);
  }
  const rules = findOtherRules(reading.devices, imported);
  const findings = [...reading.findings, ...imported.findings, ...rules].sort(compareFindings);
  exclusively(join(places.keysFolder, ".writing"), () => writeImported(places, imported, path));
  if (options.json || findings.length > 0) {
    printFindings(terminal, shortenFindings(findings), options);
  }
  if (!options.json) terminal.print(summary(places, imported));
  return findings.length === 0 ? 0 : 2;
}

function nothingWritten(file: string, hasDevice: boolean): AppError {
  const text = hasDevice
    ? core.say`nothing was written: no device in it has a key`
    : core.say`nothing was written: there is no device in it`;
  const fix = hasDevice
    ? core.say`add its PrivateKey, or give the files of those who list it, too`
    : core.say`name a folder of wg-quick files, or one file that describes a device or a mesh`;
  return new AppError("cannot-read", text, { fix, file });
}

/** A mesh file is somebody's work; a lock says who has which address. */
function refuseTaken({ meshFile, lockFile }: Places): void {
  // A run that was killed before its last step has left keys and lock, and no mesh file.
  if (!existsSync(meshFile)) return;
  const fix = core.say`choose another with -f, or move it away with ${basename(lockFile)}`;
  throw new AppError("cannot-write", core.say`there is a file already`, { fix, file: meshFile });
}

interface NewFile {
  readonly file: string;
  readonly text: string;
  readonly audience: "owner" | "everybody";
}

/** Keys first, then the lock that names them, then the mesh: without it nothing of the others is used. */
function writeImported(places: Places, imported: core.Imported, path: string): void {
  refuseTaken(places);
  const files = [...keyFiles(places, imported), ...meshFiles(places, imported, path)];
  for (const each of files) refuseOther(each);
  staged((staging) => {
    staging.ignoreAll(places.keysFolder);
    staging.protect(places.keysFolder);
    for (const { file, text, audience } of files) staging.put(file, text, audience);
  });
}

function keyFiles({ keysFolder }: Places, imported: core.Imported): readonly NewFile[] {
  const own = [...imported.privateKeys].map(([name, key]): NewFile => {
    return { file: join(keysFolder, keyFile(name)), text: `${key}\n`, audience: "owner" };
  });
  const file = givenKeysFile(keysFolder);
  const known = demandGivenKeys(keysFolder);
  // What a run that was killed made up is as good as another.
  const fresh = [...imported.freshKeys].map((pair) => {
    return [pair, known.get(pair) ?? makePresharedKey()] as const;
  });
  const keys = new Map([...imported.presharedKeys, ...fresh]);
  if (keys.size === 0) return own;
  return [...own, { file, text: printGivenKeys(keys), audience: "owner" }];
}

function meshFiles(
  { meshFile, lockFile }: Places,
  { document, lock }: core.Imported,
  path: string,
): readonly NewFile[] {
  const comments = [`Imported from ${core.quote(path)}. Next: warren check, then warren render.`];
  return [
    { file: lockFile, text: core.printLock(lock), audience: "everybody" },
    { file: meshFile, text: printMesh(document, comments), audience: "everybody" },
  ];
}

/** A file that is there already must say the same. */
function refuseOther({ file, text }: NewFile): void {
  const before = readTextIfThere(file);
  if (before === undefined || before === text) return;
  const fix = core.say`choose another place with -f, or move away the lock and the keys that are there`;
  throw new AppError("cannot-write", core.say`there is another file already`, { fix, file });
}

function summary({ meshFile }: Places, imported: core.Imported): core.Text {
  const { document, privateKeys, presharedKeys, freshKeys } = imported;
  const nodes = Object.keys(document.nodes).length;
  const clients = Object.keys(document.clients).length;
  const keys = presharedKeys.size + freshKeys.size;
  const counts = core.say`nodes: ${nodes}, clients: ${clients}, private keys: ${privateKeys.size}, preshared keys: ${keys}`;
  const file = meshFile === "warren.yaml" ? "" : ` -f ${meshFile}`;
  return core.say`${meshFile}: written, with its lock and keys (${counts}); next: warren check${file}, then warren render${file}`;
}
