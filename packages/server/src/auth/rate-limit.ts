/** Owns how often somebody may try: a bucket of tries for each key, in bounded memory, by a clock that is told. */
import { AppError } from "@warren/api";
import { parseAddress, printCount, Problem, say } from "@warren/core";

export interface Rate {
  /** At once. */
  readonly burst: number;
  /** After that. */
  readonly perMinute: number;
  /** The one that was longest silent is forgotten for one more. */
  readonly mostKeys?: number;
}

/** Of one address: a class of people behind one NAT may mistype, a guesser of passwords comes to 14,400 a day. */
export const ADDRESS_RATE: Rate = { burst: 20, perMinute: 10 };
/** Of one account, from wherever: a guesser with many addresses comes to 7,200 a day. */
export const ACCOUNT_RATE: Rate = { burst: 10, perMinute: 5 };

/** Some 10 MB. */
const MOST_KEYS = 100_000;

export class RateLimit {
  /** After which a key has one more try. */
  readonly #everyMs: number;
  /** Until a key that has none left has all again. */
  readonly #wholeMs: number;
  readonly #mostKeys: number;
  /** When each has all its tries again, in the order of their last use. Who is not here has all. */
  readonly #fullAt = new Map<string, number>();

  constructor({ burst, perMinute, mostKeys = MOST_KEYS }: Rate) {
    this.#everyMs = 60_000 / perMinute;
    this.#wholeMs = burst * this.#everyMs;
    this.#mostKeys = mostKeys;
  }

  /** How many keys it remembers, for measuring. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one try off the key's, or throws after how many seconds there is one again. */
  take(key: string, now: number): void {
    const untilFull = this.#untilFull(key, now) + this.#everyMs;
    if (untilFull > this.#wholeMs) throw tooMany(Math.ceil((untilFull - this.#wholeMs) / 1000));
    this.#put(key, now + untilFull);
  }

  /** Gives one back: what was right was no guess. */
  give(key: string, now: number): void {
    const untilFull = this.#untilFull(key, now) - this.#everyMs;
    if (untilFull <= 0) this.#fullAt.delete(key);
    else this.#put(key, now + untilFull);
  }

  #untilFull(key: string, now: number): number {
    const untilFull = Math.max(0, (this.#fullAt.get(key) ?? now) - now);
    // After a clock that went back nobody waits longer than he ever would.
    return Math.min(this.#wholeMs, untilFull);
  }

  #put(key: string, fullAt: number): void {
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    const [oldest] = this.#fullAt.keys();
    if (this.#fullAt.size > this.#mostKeys && oldest !== undefined) this.#fullAt.delete(oldest);
  }
}

/** Whose tries count together: an IPv4 address, or the /64 that one person has of IPv6. */
export function limitKey(remoteAddress: string): string {
  const text = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/i, "").replace(/%.*$/, "");
  const address = parseAddress(text);
  if (address instanceof Problem) return remoteAddress;
  return address.family === 4 ? text : `${(address.bits >> 64n).toString(16)}::/64`;
}

function tooMany(seconds: number): AppError {
  const text = say`too many tries: there is another in ${printCount(seconds)} s`;
  return new AppError("too-many", text, { fix: say`wait, and try once more` });
}
