/** Server and agent with a bug in them: copies of their sources, loaded beside the real ones. */
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../tools/children.ts";
import type { ProtocolBug } from "./bugs.ts";
import type { Parts } from "./plane-world.ts";

/** In a folder that the caller makes, and removes. */
export async function loadBugged(folder: string, bug: ProtocolBug): Promise<Partial<Parts>> {
  const copy = mkdtempSync(join(folder, "bug-"));
  const source = join(root, "packages", bug.package);
  cpSync(join(source, "src"), join(copy, "src"), { recursive: true });
  symlinkSync(join(source, "package.json"), join(copy, "package.json"));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "src", bug.file), bugged(bug));
  const load = async (name: string): Promise<Partial<Parts>> =>
    (await import(pathToFileURL(join(copy, "src", name)).href)) as Partial<Parts>;
  if (bug.package === "agent") return { ...(await load("agent.ts")) };
  const [{ Ledger }, { Streams }] = [await load("ledger.ts"), await load("streams.ts")];
  return { ...(Ledger && { Ledger }), ...(Streams && { Streams }) };
}

/** The text with the bug in it. Who changes what a bug is made of puts it into the new words. */
export function bugged({ package: own, file, find, replace }: ProtocolBug): string {
  const parts = readFileSync(join(root, "packages", own, "src", file), "utf8").split(find);
  if (parts.length !== 2) throw new Error(`"${find}" does not stand once in ${file}`);
  return parts.join(replace);
}
