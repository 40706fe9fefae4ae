/** Owns who is signed in at a browser, in memory alone: after a restart everybody signs in again. */
import type { Name } from "@warren/core";

/** A working day, from the last request. */
const IDLE_MS = 12 * 60 * 60 * 1000;
/** However busy. */
const LONGEST_MS = 7 * 24 * 60 * 60 * 1000;
/** Of one account: the oldest goes for one more. */
const MOST_OF_ONE = 20;

/** `__Host-`: no other name below the same domain can set it (RFC 6265bis, section 4.1.3). */
const COOKIE = "__Host-warren";

interface Session {
  readonly account: Name;
  readonly startedAt: number;
  readonly usedAt: number;
}

export class Sessions {
  readonly #byHash = new Map<string, Session>();

  /** Of a secret that only its hash is kept of. */
  start(hash: string, account: Name, now: number): void {
    // On the way, since nothing else would: those that nobody came back to.
    for (const [each, session] of this.#byHash) {
      if (isOver(session, now)) this.#byHash.delete(each);
    }
    const own = [...this.#byHash].filter(([, session]) => session.account === account);
    const tooMany = own.slice(0, Math.max(0, own.length + 1 - MOST_OF_ONE));
    for (const [each] of tooMany) this.#byHash.delete(each);
    this.#byHash.set(hash, { account, startedAt: now, usedAt: now });
  }

  /** Whose it is, which counts as a use; or that it is over, once. */
  find(hash: string, now: number): Name | "expired" | undefined {
    const session = this.#byHash.get(hash);
    if (session === undefined) return undefined;
    if (isOver(session, now)) {
      this.#byHash.delete(hash);
      return "expired";
    }
    this.#byHash.set(hash, { ...session, usedAt: now });
    return session.account;
  }

  end(hash: string): void {
    this.#byHash.delete(hash);
  }

  /** After a new password, and when the account goes. */
  endAllOf(account: Name): void {
    for (const [hash, session] of this.#byHash) {
      if (session.account === account) this.#byHash.delete(hash);
    }
  }
}

/** Of an answer that signs in; an empty secret signs out. */
export function printCookie(secret: string): string {
  const seconds = secret === "" ? 0 : LONGEST_MS / 1000;
  return `${COOKIE}=${secret}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`;
}

/** The session's secret out of a request's Cookie header. */
export function readCookie(header: string | undefined): string | undefined {
  const pairs = (header ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

function isOver({ startedAt, usedAt }: Session, now: number): boolean {
  return now - usedAt >= IDLE_MS || now - startedAt >= LONGEST_MS;
}
