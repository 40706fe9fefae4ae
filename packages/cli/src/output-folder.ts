/** The folder of rendered files, one folder a node: which files in it are ours, and which are not. */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { HEADER } from "@warren/core";
import { AppError, describeSystem } from "./app-error.ts";
import { listFolder } from "./folders.ts";

/** The folders of nodes, of this mesh or not. What a link leads to is somebody else's. */
export function listNodeFolders(output: string): readonly string[] {
  return listFolder(output)
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);
}

/** The files that a renderer wrote there, as `node/file`, without those that are known already. */
export function listRendered(
  output: string,
  known: ReadonlySet<string> = new Set(),
): readonly string[] {
  return listNodeFolders(output).flatMap((node) =>
    listFolder(join(output, node))
      .filter((each) => each.isFile() && /\.(conf|nft|iptables)$/.test(each.name))
      .map(({ name }) => join(node, name))
      .filter((file) => !known.has(file) && isOurs(join(output, file))),
  );
}

function isOurs(file: string): boolean {
  try {
    return hasHeader(file);
  } catch (cause) {
    const { why, fix } = describeSystem(cause);
    throw new AppError("cannot-read", `cannot read: ${why}`, { fix, file, cause });
  }
}

function hasHeader(file: string): boolean {
  const head = Buffer.alloc(HEADER.length);
  const descriptor = openSync(file, "r");
  try {
    return readSync(descriptor, head) === head.length && head.toString("latin1") === HEADER;
  } finally {
    closeSync(descriptor);
  }
}
