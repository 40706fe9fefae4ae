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
  const file = join(copy, "src", bug.file);
  const parts = readFileSync(file, "utf8").split(bug.find);
  if (parts.length !== 2) throw new Error(`"${bug.find}" does not stand once in ${bug.file}`);
  writeFileSync(file, parts.join(bug.replace));
  const load = async (name: string): Promise<Partial<Parts>> =>
    (await import(pathToFileURL(join(copy, "src", name)).href)) as Partial<Parts>;
  if (bug.package === "agent") return { ...(await load("agent.ts")) };
  const [{ Ledger }, { Streams }] = [await load("ledger.ts"), await load("streams.ts")];
  return { ...(Ledger && { Ledger }), ...(Streams && { Streams }) };
}
