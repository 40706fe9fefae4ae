/** Private keys that a mesh file shows where a public one belongs: both have one form, so no parser can tell. */
import { join } from "node:path";
import { keyMessages } from "@warren/core";
import type { Diagnostics, Mesh, Path } from "@warren/core";
import { AppError } from "@warren/api";
import { readTextIfThere } from "../files/file-text.ts";
import { listFolder } from "../files/folders.ts";

/** Reads the folder only where public keys were written by hand, and says nothing of what it may not read. */
export function checkShownKeys(mesh: Mesh, folder: string, diagnostics: Diagnostics): void {
  const written = [...listWritten("nodes", mesh.nodes), ...listWritten("clients", mesh.clients)];
  if (written.length === 0) return;
  const owners = readOwners(folder);
  for (const { path, publicKey } of written) {
    const owner = owners.get(publicKey);
    if (owner !== undefined) diagnostics.add(keyMessages.privateKeyShown(path, owner));
  }
}

interface WrittenKey {
  readonly path: Path;
  readonly publicKey: string;
}

function listWritten(section: string, entries: Mesh["nodes"] | Mesh["clients"]): WrittenKey[] {
  return entries.flatMap(({ name, publicKey }) =>
    publicKey === undefined ? [] : [{ path: [section, name, "publicKey"], publicKey }],
  );
}

/** The private keys in the folder, and whose they are by the names of their files. */
function readOwners(folder: string): ReadonlyMap<string, string> {
  const files = ifReadable(() => listFolder(folder)) ?? [];
  return new Map(
    files.flatMap(({ name }): [string, string][] => {
      const isKey = name.endsWith(".key");
      const text = isKey ? ifReadable(() => readTextIfThere(join(folder, name))) : undefined;
      return text === undefined ? [] : [[text.trim(), name.slice(0, -".key".length)]];
    }),
  );
}

/** Who only checks a mesh need not be allowed to read its keys. */
function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
