/**
 * Debian packages for machines of a test: downloaded once by this machine's apt-get, and laid into a
 * machine as a repository on its own disk, from which its apt-get installs without any network.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Nobody's tree: npm ci throws it away, and the next test fetches them again. */
const CACHE = join(import.meta.dirname, "../node_modules/.cache/warren-packages");
const REPOSITORY = "srv/packages";

const run = promisify(execFile);

/** Lays packages into a root, where apt-get then knows nothing else, once it has updated its lists. */
export async function layPackages(root: string, names: readonly string[]): Promise<void> {
  const folder = join(root, REPOSITORY);
  mkdirSync(folder, { recursive: true });
  const entries: string[] = [];
  for (const name of names) {
    const file = await readPackage(name);
    await copyFile(join(CACHE, file), join(folder, file));
    entries.push(await describe(join(folder, file), file));
  }
  await writeFile(join(folder, "Packages"), entries.join("\n"));
  const apt = join(root, "etc/apt");
  await rm(join(apt, "sources.list.d"), { recursive: true, force: true });
  await writeFile(join(apt, "sources.list"), `deb [trusted=yes] file:/${REPOSITORY} ./\n`);
}

/** Why there are no such packages here; undefined when there are. */
export async function findPackageReason(names: readonly string[]): Promise<string | undefined> {
  try {
    for (const name of names) await readPackage(name);
    return undefined;
  } catch (error) {
    const reason = `needs ${names.join(", ")} of Debian: ${String(error).split("\n")[0]}`;
    process.stderr.write(`skipped, because a machine ${reason}\n`);
    return reason;
  }
}

/** The name of its file in the cache. */
async function readPackage(name: string): Promise<string> {
  const isThere = (file: string) => file.startsWith(`${name}_`) && file.endsWith(".deb");
  mkdirSync(CACHE, { recursive: true });
  const found = readdirSync(CACHE).find(isThere);
  if (found !== undefined) return found;
  const fresh = mkdtempSync(join(CACHE, "new-"));
  // As root, not as a user of apt's own, who may not write here.
  await run("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "download", name], { cwd: fresh });
  const file = readdirSync(fresh).find(isThere) ?? "";
  await rename(join(fresh, file), join(CACHE, file));
  await rm(fresh, { recursive: true });
  return file;
}

/** A repository's entry: the package's own words, and where it is. */
async function describe(path: string, file: string): Promise<string> {
  const { stdout } = await run("dpkg-deb", ["--field", path]);
  const bytes = readFileSync(path);
  const digest = createHash("sha256").update(bytes).digest("hex");
  return `${stdout}Filename: ./${file}\nSize: ${bytes.length}\nSHA256: ${digest}\n`;
}
