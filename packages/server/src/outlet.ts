/** What goes out to one agent. */
import { ENDED } from "@warren/api";
import type { LineEnd } from "@warren/api";
import type { WebSocket } from "ws";
import type { Line } from "./connected-agent.ts";

/**
 * What is longer goes in pieces, each when the one before is out: for each connection TLS keeps as much
 * memory as the most that it was ever given at once, and the device of a thousand peers is 250 kB.
 */
const PIECE_BYTES = 16_000;
/** As long as `ws` waits for an answer to the end. */
const FAREWELL_MS = 30_000;

type Socket = Pick<WebSocket, "send" | "close" | "terminate" | "bufferedAmount">;

export class Outlet implements Line {
  readonly #stream: Socket;
  /** After the one that goes in pieces now. */
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #end: LineEnd | undefined;

  constructor(stream: Socket) {
    this.#stream = stream;
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedAmount + this.#waitingBytes;
  }

  send(text: string): void {
    if (this.#end !== undefined) return;
    if (!this.#isBusy && text.length <= PIECE_BYTES) return this.#stream.send(text);
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    if (!this.#isBusy) void this.#sendWaiting();
  }

  /** After all that was sent; who has let too much pile up is not waited for, nor is anybody for long. */
  close(why: LineEnd): void {
    this.#end = why;
    if (!this.#isBusy || why === "overflow") this.#stream.close(ENDED, why);
    else setTimeout(() => this.#stream.terminate(), FAREWELL_MS).unref();
  }

  async #sendWaiting(): Promise<void> {
    this.#isBusy = true;
    try {
      for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) await this.#sendPiece(bytes, at);
        this.#waitingBytes -= text.length;
      }
      this.#isBusy = false;
      if (this.#end !== undefined) this.close(this.#end);
    } catch {
      // It has ended meanwhile: whoever listens there is told.
    }
  }

  async #sendPiece(bytes: Buffer, at: number): Promise<void> {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    const fin = at + PIECE_BYTES >= bytes.length;
    await new Promise<void>((done, failed) => {
      this.#stream.send(piece, { binary: false, fin }, (error) => (error ? failed(error) : done()));
    });
  }
}
