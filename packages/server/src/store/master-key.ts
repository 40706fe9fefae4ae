/** The key that all secrets of a store are sealed with: given, or in a file beside the store, which a backup has not. */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, refusalOf, systemCode } from "@warren/api";
import type { Entries } from "@warren/api";
import { say } from "@warren/core";
import { makePrivateFolder, protectFile, writeWhole } from "./private-files.ts";
import { createSeal } from "./seal.ts";
import { isSecret } from "./store.ts";

export interface MasterKeyPlace {
  /** What the environment says; it goes before the file. */
  readonly given?: string;
  readonly file: string;
}

const KEY_BYTES = 32;

/** Of the environment, which the caller reads. */
export const MASTER_KEY_VARIABLE = "WARREN_MASTER_KEY";

/** Checked against the rows of the store; made for a store that has no secret yet. */
export async function readMasterKey(
  { given, file }: MasterKeyPlace,
  rows: Entries,
): Promise<Uint8Array> {
  const sealed = [...rows].find(([key]) => isSecret(key));
  const key = given === undefined ? await readKeyFile(file, sealed === undefined) : parse(given);
  if (key === undefined) throw given === undefined ? malformedFile(file) : malformedGiven();
  if (sealed !== undefined) createSeal(key).open(...sealed);
  return key;
}

async function readKeyFile(file: string, isNew: boolean): Promise<Uint8Array | undefined> {
  try {
    if (!protectFile(file)) {
      if (!isNew) throw missing(file);
      await makeKeyFile(file);
    }
    return parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw refusalOf("cannot-read", file, cause);
  }
}

/** In its place before anything is sealed with it. Another process may be quicker: then the key is what that has made. */
async function makeKeyFile(file: string): Promise<void> {
  makePrivateFolder(dirname(file));
  const text = `${randomBytes(KEY_BYTES).toString("base64")}\n`;
  try {
    await writeWhole(file, (underWay) => writeFileSync(underWay, text), linkSync);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function parse(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text.trim(), "base64");
  const isWhole = bytes.length === KEY_BYTES && bytes.toString("base64") === text.trim();
  return isWhole ? bytes : undefined;
}

function missing(file: string): AppError {
  const fix = say`put the file back, or give its text in ${MASTER_KEY_VARIABLE}`;
  const text = say`the master key is missing, and the store has secrets that it opens`;
  return new AppError("cannot-read", text, { fix, file });
}

function malformedFile(file: string): AppError {
  const fix = say`put back the one that the store was written with`;
  return new AppError("cannot-read", say`it is no master key: 32 bytes in base64`, { fix, file });
}

function malformedGiven(): AppError {
  const fix = say`make one with: openssl rand -base64 32`;
  const text = say`${MASTER_KEY_VARIABLE} is no master key: 32 bytes in base64`;
  return new AppError("usage", text, { fix });
}
