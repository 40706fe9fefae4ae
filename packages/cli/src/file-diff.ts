/** Compares rendered files block by block: which node's, which peer's, which lines; secrets unseen. */

export interface FileChange {
  readonly file: string;
  readonly kind: "added" | "removed" | "changed";
  readonly blocks: readonly BlockChange[];
}

/** A block is one peer, by its name, or a section such as [Interface]. */
export interface BlockChange {
  readonly name: string;
  readonly kind: "added" | "removed" | "changed";
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** File name → text, before and after; in order of name. */
export function diffFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly FileChange[] {
  const files = [...new Set([...before.keys(), ...after.keys()])].sort();
  return files
    .filter((file) => before.get(file) !== after.get(file))
    .map((file) => ({
      file,
      kind: kindOf(before.get(file), after.get(file)),
      blocks: diffBlocks(readBlocks(before.get(file)), readBlocks(after.get(file))),
    }));
}

function diffBlocks(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly BlockChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((name) => before.get(name) !== after.get(name))
    .map((name): BlockChange => {
      const [old, now] = [before.get(name), after.get(name)];
      const { removed, added } = diffLines(linesOf(old), linesOf(now));
      return { name, kind: kindOf(old, now), removed: removed.map(hide), added: added.map(hide) };
    })
    .filter(({ kind, removed, added }) => kind !== "changed" || removed.length + added.length > 0);
}

function linesOf(block = ""): readonly string[] {
  return block.split("\n").filter((line) => line !== "");
}

/** Lines that only one of the two has; where only their order or number differs, all of them. */
function diffLines(
  before: readonly string[],
  after: readonly string[],
): { readonly removed: readonly string[]; readonly added: readonly string[] } {
  const removed = before.filter((line) => !after.includes(line));
  const added = after.filter((line) => !before.includes(line));
  const isSame = before.join("\n") === after.join("\n");
  const isReordered = removed.length === 0 && added.length === 0 && !isSame;
  return isReordered ? { removed: before, added: after } : { removed, added };
}

function kindOf(before: unknown, after: unknown): "added" | "removed" | "changed" {
  if (before === undefined) return "added";
  return after === undefined ? "removed" : "changed";
}

/** Blocks are parted by empty lines; those of one name, such as all routes of a unit, are one. */
function readBlocks(text: string | undefined): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  for (const block of text?.split("\n\n") ?? []) {
    const name = nameOf(block);
    const before = blocks.get(name);
    blocks.set(name, before === undefined ? block : `${before}\n${block}`);
  }
  return blocks;
}

/** A peer is called by the comment that is a word alone, and all else by its section, if it has one. */
function nameOf(block: string): string {
  const section = /^\[\w+\]$/m.exec(block)?.[0];
  if (section !== undefined && !section.endsWith("Peer]")) return section;
  return /^# ([a-z0-9.-]+)$/m.exec(block)?.[1] ?? "rules";
}

/** That a secret changed is news; the secret is not. */
function hide(line: string): string {
  return line.replace(/((?:private|preshared)key\s*=\s*).*$/i, "$1(hidden)");
}
