/** The folder of rendered files, the names and one folder a node or client: which files in it are ours, and which are not. */
import { lstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { EXPORT_HEADER, HEADER } from "@warren/core";
import { refusalOf, systemCode } from "@warren/api";
import { listFolder, withOpen } from "./folders.ts";

/** The file of the mesh's names: no node can have its name. */
export const HOSTS_FILE = "hosts";

/** The folders of nodes and clients, of this mesh or not. What a link leads to is somebody else's. */
export function listNodeFolders(output: string): readonly string[] {
  return listFolder(output)
    .filter((each) => each.isDirectory())
    .map(({ name }) => name);
}

/** The files that a renderer wrote there, as `node/file` or `hosts`, without those that are known already. */
export function listRendered(
  output: string,
  known: ReadonlySet<string> = new Set(),
  isLookedInto: (node: string) => boolean = () => true,
): readonly string[] {
  const names = listFolder(output)
    .filter((each) => each.isFile() && each.name === HOSTS_FILE)
    .map(({ name }) => name);
  const files = listNodeFolders(output)
    .filter(isLookedInto)
    .flatMap((node) =>
      listFolder(join(output, node))
        .filter(
          (each) =>
            each.isFile() && /\.(conf|nft|iptables|netdev|network|service)$/.test(each.name),
        )
        .map(({ name }) => join(node, name)),
    );
  return [...names, ...files].filter((file) => !known.has(file) && isOurs(join(output, file)));
}

/** Of these paths inside the folders of nodes, those that a renderer wrote, as `node/path`. */
export function listPlaced(output: string, paths: readonly string[]): readonly string[] {
  return listNodeFolders(output)
    .flatMap((node) => paths.map((path) => join(node, path)))
    .filter((file) => isPlain(join(output, file)) && isOurs(join(output, file)));
}

/** Whether a file stands there that no renderer wrote. A link is not looked through: it is replaced, not what it leads to. */
export function isForeign(file: string): boolean {
  return isPlain(file) && !isOurs(file);
}

function isPlain(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (cause) {
    // A file where its folder should be: who writes there says so.
    if (systemCode(cause) === "ENOTDIR") return false;
    throw refusalOf("cannot-read", file, cause);
  }
}

function isOurs(file: string): boolean {
  try {
    return hasHeader(file);
  } catch (cause) {
    throw refusalOf("cannot-read", file, cause);
  }
}

function hasHeader(file: string): boolean {
  const headers = [HEADER, EXPORT_HEADER];
  const head = Buffer.alloc(Math.max(...headers.map(({ length }) => length)));
  const length = withOpen(file, (descriptor) => readSync(descriptor, head));
  const text = head.toString("latin1", 0, length);
  return headers.some((header) => text.startsWith(header));
}
