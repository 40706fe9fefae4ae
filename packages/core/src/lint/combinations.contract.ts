/** Which mistakes the linter's tests plant two at a time, and what the one hides of the other. */
import type { Finding } from "../finding.ts";
import { lintFolder } from "./folders.contract.ts";
import { plant } from "./planting.contract.ts";
import type { Mistake } from "./planting.contract.ts";

/** What is found of each alone, and not of both together. */
export function missedOf(one: Mistake, other: Mistake): readonly string[] {
  const folder = plant({ ...one, ...other, edits: [...one.edits, ...other.edits] });
  const found = lintFolder(folder, [...(one.exposed ?? []), ...(other.exposed ?? [])]);
  return [[one, other] as const, [other, one] as const].flatMap(([each, rest]) => {
    const places = new Set(found.map((finding) => unshifted(finding, rest)));
    const wanted = each.found.map((text) => text.replace(/ (error|warning) (\S+).*/, " $2"));
    return wanted.filter((text) => !places.has(text));
  });
}

/** What is seen only where the private key can be read. */
const KEYS_SHOWN = [
  "11: another's private key for its public one",
  "11: another's private key in all files",
];

/** What is seen only where it is known whose key and address are whose. */
const KEYS_ASTRAY = [
  "11: a peer's key that is not its own",
  "11: a peer listed twice, once for another's address",
  "11: a peer listed twice, after it was listed for another's address",
  "11: a peer listed three times, once for another's address",
  "11: two peers listed under one key that nobody has",
  ...KEYS_SHOWN,
];

/** Who a device is, and whether packets pass a tunnel at all, decides what else can be seen: these hide others. */
const HIDING: Readonly<Record<string, readonly string[]>> = {
  "4: a range misspelt at a gateway": ["4: a gateway does not know all that is behind the other"],
  "4: a gateway's address on a neighbour": [
    "4: a gateway does not know all that is behind the other",
  ],
  "11: two devices with one private key": [
    ...KEYS_ASTRAY,
    "11: the own key on a peer",
    "lint: a peer that does not list the device",
    "lint: a device that lists nobody",
  ],
  "11: a file copied": [
    "11: two peers listed under one key that nobody has",
    "11: a peer listed twice, after it was listed for another's address",
    "lint: a peer that does not list the device",
  ],
  "11: two devices with one address": KEYS_ASTRAY,
  "lint: a private key cut short": KEYS_SHOWN,
  "lint: a hook too early": KEYS_SHOWN,
  "11: an address that nobody knows": [...KEYS_ASTRAY, "lint: a key that WireGuard does not know"],
  "11: a key that nobody knows": [...KEYS_ASTRAY, "11: the own key on a peer"],
  "lint: no private key": ["4: a neighbour's address misspelt"],
  "lint: a device that nobody lists": ["lint: a device that lists nobody"],
  "lint: a device that lists nobody": [
    "7: another port than most dial, behind a forwarded one",
    "7: nobody can start, with two of three",
  ],
  "lint: a peer that does not list the device": [
    "7: another port than most dial, behind a forwarded one",
    "2: the own subnet among AllowedIPs",
  ],
  "lint: a gateway that does not list the other": [
    "2: the range of the own site sent away",
    "4: those behind a gateway are not known at the other end",
    "4: a range misspelt at a gateway",
    "4: a gateway's address on a neighbour",
  ],
};

/** In one folder, with no file changed by both. */
export function areApart(one: Mistake, other: Mistake): boolean {
  const files = new Set(filesOf(one));
  return (
    one.folder === other.folder &&
    !filesOf(other).some((file) => files.has(file)) &&
    HIDING[one.what]?.includes(other.what) !== true &&
    HIDING[other.what]?.includes(one.what) !== true
  );
}

function filesOf({ edits, renamed, exposed }: Mistake): readonly string[] {
  return [...edits.map(([file]) => file), ...(renamed ?? []), ...(exposed ?? [])];
}

/** A place in a folder that `other` changed as well, as the test of the first alone has it. */
function unshifted({ file, line, code }: Finding, other: Mistake): string {
  const added = other.edits
    .filter(([edited]) => edited === file)
    .map(([, from, to]) => {
      const text = other.folder.get(file) ?? "";
      const at = linesOf(text.slice(0, text.indexOf(from)));
      return line > at + 1 ? linesOf(to) - linesOf(from) : 0;
    });
  return `${file}:${line - added.reduce((sum, each) => sum + each, 0)} ${code}`;
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}
