/** What the linter finds in folders with a mistake in them, and that it finds nothing in those without. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as folders from "./folders.contract.ts";
import { lintFolder, printPlaces } from "./folders.contract.ts";

const { CLOUDS, DUAL, EXIT, GATEWAYS, HUB_ALONE, REGIONS, SPOKES, TWO_HOSTS } = folders;

test.each(Object.entries({ CLOUDS, DUAL, EXIT, GATEWAYS, HUB_ALONE, REGIONS, SPOKES, TWO_HOSTS }))(
  "lint() finds nothing in %s",
  (_, folder) => {
    expect(printPlaces(lintFolder(folder))).toEqual([]);
  },
);

const examples = join(import.meta.dirname, "../../../../examples");

test.each(readdirSync(examples).filter((file) => file.endsWith(".case")))(
  "lint() finds nothing in what is rendered of examples/%s",
  (file) => {
    const text = readFileSync(join(examples, file), "utf8");
    const parts = text.split(/^-{40} out\/(.*)\n/m).slice(1);
    const files = parts.flatMap((name, at) => {
      return name.endsWith(".conf") && at % 2 === 0 ? [[name, parts[at + 1] ?? ""] as const] : [];
    });
    const folder = withRealKeys(new Map(files));
    expect(printPlaces(lintFolder(folder))).toEqual([]);
  },
);

/** A golden case has public keys that are not those of its private ones: its names tell which are meant. */
function withRealKeys(folder: folders.Folder): folders.Folder {
  const named = [...folder].map(([name, text]): [string, string] => {
    const node = name.split("/")[0] ?? "";
    const word = (each: string): string => each.replaceAll("-", "_");
    const own = text.replace(/^PrivateKey = .*$/m, `PrivateKey = private ${word(node)}`);
    const peers = own.replaceAll(
      /^# (\S+)\n\[Peer\]\nPublicKey = .*$/gm,
      (_, peer: string) => `# ${peer}\n[Peer]\nPublicKey = public ${word(peer)}`,
    );
    return [`${node}.conf`, peers];
  });
  return new Map(named);
}
