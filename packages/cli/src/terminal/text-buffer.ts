/** One place in memory for the bytes of many texts, one after the other: large files leave no garbage. */
import { readSync } from "node:fs";
import type { Pieces } from "@warren/core";
import { withOpen } from "../files/folders.ts";

/** The file of one node of a thousand takes 200 KB. */
const FIRST_BYTES = 256 * 1024;
/** The most bytes that UTF-8 needs for one unit of a string. */
const BYTES_A_UNIT = 3;

export class TextBuffer {
  #text = Buffer.allocUnsafe(FIRST_BYTES);
  #file = Buffer.allocUnsafe(FIRST_BYTES);

  /** A text as UTF-8; it stands until the next one is asked for. */
  encode(text: Pieces): Buffer {
    let end = 0;
    for (const piece of text) {
      this.#reserve(end + piece.length * BYTES_A_UNIT);
      end += this.#text.write(piece, end);
    }
    return this.#text.subarray(0, end);
  }

  /** Whether a file holds these bytes, and no others. */
  isIn(file: string, bytes: Buffer): boolean {
    // One byte more than wanted: a longer file is another.
    if (this.#file.length <= bytes.length) this.#file = Buffer.allocUnsafe(bytes.length * 2);
    const length = withOpen(file, (descriptor) => {
      return readSync(descriptor, this.#file, 0, bytes.length + 1, 0);
    });
    return length === bytes.length && bytes.compare(this.#file, 0, length) === 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#text.length) return;
    const larger = Buffer.allocUnsafe(bytes * 2);
    this.#text.copy(larger);
    this.#text = larger;
  }
}
