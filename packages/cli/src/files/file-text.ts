/** Reads text files: no more of them than anybody needs, and with failures in words. */
import { readSync } from "node:fs";
import { refusalOf, systemCode } from "@warren/api";
import { withOpen } from "./folders.ts";
import { LARGEST_FILE } from "../yaml/document.ts";

const CHUNK = 64 * 1024;

/** Undefined where there is no such file. Of one that is too large, enough for its reader to see that. */
export function readTextIfThere(file: string): string | undefined {
  try {
    return readStart(file).toString("utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw refusalOf("cannot-read", file, cause);
  }
}

/** Reads until the end, or until it is too much: /dev/zero has no end. */
function readStart(file: string): Buffer {
  return withOpen(file, (descriptor) => {
    const chunks: Buffer[] = [];
    for (let length = 0; length <= LARGEST_FILE;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const read = readSync(descriptor, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      length += read;
    }
    return Buffer.concat(chunks);
  });
}
