/** The file of preshared keys that were given, not derived from the network secret: one line a pair. */
import { join } from "node:path";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { readTextIfThere } from "../files/file-text.ts";

export type GivenKeys = ReadonlyMap<core.PairName, core.PresharedKey>;

/** All pairs in one file: a new key takes the place of an old one in a single rename. */
const FILE = "preshared.secret";

export function givenKeysFile(keysFolder: string): string {
  return join(keysFolder, FILE);
}

/** Empty where there is no file. */
export function readGivenKeys(keysFolder: string): GivenKeys | core.Problem {
  const text = readTextIfThere(givenKeysFile(keysFolder)) ?? "";
  const keys = new Map<core.PairName, core.PresharedKey>();
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [one = "", other = "", key = "", ...rest] = line.trim().split(" ");
    const names = [core.parseName(one), core.parseName(other)] as const;
    const psk = core.parsePresharedKey(key);
    const [low, high] = names;
    const isBad = low instanceof core.Problem || high instanceof core.Problem;
    if (isBad || psk instanceof core.Problem || rest.length > 0 || low >= high) {
      return core.presharedMessages.presharedLine(at + 1);
    }
    const pair = core.pairName(low, high);
    if (keys.has(pair)) return core.presharedMessages.presharedTwice(at + 1, low, high);
    keys.set(pair, psk);
  }
  return keys;
}

/** The same for a command that cannot go on without them. */
export function demandGivenKeys(keysFolder: string): GivenKeys {
  const keys = readGivenKeys(keysFolder);
  if (!(keys instanceof core.Problem)) return keys;
  const file = givenKeysFile(keysFolder);
  throw new AppError("cannot-read", keys.message, { fix: keys.fix, file });
}

/** As readGivenKeys reads it, sorted. */
export function printGivenKeys(keys: GivenKeys): string {
  return [...keys.keys()]
    .sort()
    .map((pair) => `${pair} ${keys.get(pair) ?? ""}\n`)
    .join("");
}
