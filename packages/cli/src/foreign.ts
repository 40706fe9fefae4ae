/**
 * Reads WireGuard files that somebody else wrote, from a file or a folder, whichever kind it is. Writes
 * nothing; what the files have wrong are findings, what the disk refuses is an AppError.
 */
import { realpathSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { Diagnostics, foreignMessages, readDump, readGenWeb, readMeshconf } from "@warren/core";
import { readShowconf, readWgQuick, say } from "@warren/core";
import type { ConfigSource, Finding, ForeignDevice, JsonFile, Path, Reading } from "@warren/core";
import { AppError, refusalOf, systemCode } from "@warren/api";
import { LARGEST_FILE, readDocument } from "./yaml/document.ts";
import { readTextIfThere } from "./files/file-text.ts";
import { locateFindings } from "./findings.ts";
import { listFolder } from "./files/folders.ts";
import { publicKeyOf } from "@warren/crypto";

/** A mesh of more devices than this is none that was made by hand, and would not fit into memory. */
const MOST_FILES = 10_000;

/** What tells wg-gen-web's folder from others. */
const SERVER_FILE = "server.json";
const CLIENT_FILE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.json)?$/i;

const MEBIBYTE = 1024 * 1024;

/** How `wg show` begins without a word behind it. */
const SHOWN_INTERFACE = /^\s*interface: ([\w=+.-]{1,15})\s*(?:\n|$)/;

type Reader = (text: string, source: ConfigSource) => Reading;

/** A file that is to be read, and the name that its device is to have. */
interface Source {
  readonly file: string;
  readonly name: string;
}

/**
 * A folder of .conf files, each named for its node or its interface; of folders named for nodes with one
 * .conf file each; wg-gen-web's folder; or one file: wg-quick's, wg-meshconf's .csv, of `wg showconf`,
 * of `wg show dump`.
 */
export function readForeign(path: string): Reading {
  const stats = readStats(path);
  const reading = stats.isDirectory() ? readFolder(path) : readAny(path);
  return { ...reading, devices: reading.devices.map(withPublicKey) };
}

function readStats(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw refusalOf("cannot-read", path, cause);
  }
}

function readFolder(folder: string): Reading {
  if (listFiles(folder, SERVER_FILE).includes(SERVER_FILE)) return readGenWebFolder(folder);
  const files = listFiles(folder, ".conf").map((name) => {
    return { file: join(folder, name), name: name.slice(0, -".conf".length) };
  });
  const findings: Finding[] = [];
  const sources = files.length > 0 ? files : findNodeFiles(folder, findings);
  const tables = listFiles(folder, ".csv");
  if (sources.length === 0 && tables.length === 1) return readAny(join(folder, tables.join("")));
  if (sources.length === 0 && findings.length === 0) {
    const fix = say`name a folder of .conf files, or of folders with one each`;
    throw new AppError("cannot-read", say`there are no WireGuard files here`, {
      fix,
      file: folder,
    });
  }
  checkCount(folder, sources.length);
  return joinReadings([
    ...sources.map((source) => readOfMany(source, readWgQuick)),
    { devices: [], findings },
  ]);
}

function checkCount(folder: string, count: number): void {
  if (count <= MOST_FILES) return;
  const fix = say`name a folder of one mesh, or one of its files`;
  const text = say`there are ${count} files here, and more than ${MOST_FILES} are not read`;
  throw new AppError("cannot-read", text, { fix, file: folder });
}

/** `NODE/INTERFACE.conf`, as Warren renders them. */
function findNodeFiles(folder: string, findings: Finding[]): readonly Source[] {
  return listFolder(folder).flatMap(({ name }) => {
    const inner = join(folder, name);
    if (!isFolder(inner)) return [];
    const files = listFiles(inner, ".conf");
    if (files.length > 1) {
      findings.push(
        foreignMessages.severalFiles({ file: inner, line: 1, column: 1 }, files.length),
      );
    }
    return files.slice(0, 1).map((file) => ({ file: join(inner, file), name }));
  });
}

function readAny(file: string): Reading {
  const name = basename(file, extname(file));
  if (file.endsWith(".conf")) return readText({ file, name }, readWgQuick);
  if (basename(file) === SERVER_FILE) return readGenWebFolder(dirname(file));
  if (/\.csv$/i.test(file)) {
    return readText({ file, name }, (text, source) => readMeshconf(text, source, publicKeyOf));
  }
  return readText({ file, name }, (text, source) => {
    return (isDump(text) ? readDump : readShowconf)(text, source);
  });
}

/** Four fields with three tabs between them, the interface's name before them where there are all. */
function isDump(text: string): boolean {
  const [first = ""] = text.trimStart().split("\n", 1);
  return first.split("\t").length >= 4;
}

/** server.json and a file for each client, whose name is its UUID and nothing else. */
function readGenWebFolder(folder: string): Reading {
  const findings: Finding[] = [];
  const names = listFiles(folder, "").filter((name) => CLIENT_FILE.test(name));
  checkCount(folder, names.length);
  const clients = names.flatMap((name) => readJson(join(folder, name), findings));
  const [server] = readJson(join(folder, SERVER_FILE), findings);
  const reading = server === undefined ? undefined : readGenWeb(server, clients);
  return joinReadings([{ devices: [], findings }, ...(reading === undefined ? [] : [reading])]);
}

/** JSON is YAML; nothing where it is not. */
function readJson(file: string, findings: Finding[]): readonly JsonFile[] {
  const files: JsonFile[] = [];
  const reading = readOfMany({ file, name: "" }, (text, source) => {
    const document = readDocument(text);
    if (document.faults.length === 0) {
      const { value } = document;
      const locate = (path: Path) => ({ file, ...document.locate(path, "value") });
      files.push({ value, locate, isWorldReadable: source.isWorldReadable });
    }
    return { devices: [], findings: locateFindings(file, document, new Diagnostics()) };
  });
  findings.push(...reading.findings);
  return files;
}

/** What the disk refuses of one file is said of that file, and the others are read. */
function readOfMany(source: Source, read: Reader): Reading {
  try {
    return readText(source, read);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const place = { file: source.file, line: 1, column: 1 };
    return { devices: [], findings: [foreignMessages.unreadable(place, error.text, error.fix)] };
  }
}

function readText({ file, name }: Source, read: Reader): Reading {
  const text = readTextIfThere(file);
  if (text === undefined) {
    const fix = say`remove the link, or mend what it leads to`;
    throw new AppError("cannot-read", say`the link leads nowhere`, { fix, file });
  }
  const place = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > LARGEST_FILE) {
    return { devices: [], findings: [foreignMessages.tooLarge(place, LARGEST_FILE / MEBIBYTE)] };
  }
  if (text.includes("\0")) return { devices: [], findings: [foreignMessages.notText(place)] };
  const [, shown] = SHOWN_INTERFACE.exec(text) ?? [];
  if (shown !== undefined) return { devices: [], findings: [foreignMessages.wgShow(place, shown)] };
  return read(text, { file, name, isWorldReadable: isWorldReadable(file) });
}

/** As wg-quick asks: whether others may do one and the same with the file and with its folder. */
function isWorldReadable(file: string): boolean {
  // A pipe has no folder, and /dev/stdin may be one.
  if (!statSync(file).isFile()) return false;
  const real = realpathSync(file);
  return (statSync(real).mode & statSync(dirname(real)).mode & 0o007) !== 0;
}

function withPublicKey(device: ForeignDevice): ForeignDevice {
  const { privateKey } = device;
  if (privateKey === undefined) return device;
  const { value, place } = privateKey;
  return { ...device, publicKey: { value: publicKeyOf(value), place } };
}

function joinReadings(readings: readonly Reading[]): Reading {
  return {
    devices: readings.flatMap(({ devices }) => devices),
    findings: readings.flatMap(({ findings }) => findings),
  };
}

function listFiles(folder: string, ending: string): readonly string[] {
  return listFolder(folder)
    .map(({ name }) => name)
    .filter((name) => name.endsWith(ending) && !isFolder(join(folder, name)));
}

/** Links that lead nowhere or round are none: whoever reads them says so. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (!["ENOENT", "ELOOP", "EACCES"].includes(systemCode(error))) throw error;
    return false;
  }
}
