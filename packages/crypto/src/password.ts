/** Passwords as they are kept: argon2id, in the form that argon2's own program prints. Knows no account. */
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** OWASP's first choice: 19 MiB, two passes, one lane; some 50 ms of a core, in a thread of its own. */
const MEMORY_KIB = 19 * 1024;
const PASSES = 2;
const LANES = 1;
const TAG_BYTES = 32;
const SALT_BYTES = 16;
/** What is kept is ours, but a mistake in it is not to take the machine's memory. */
const MOST_MEMORY_KIB = 256 * 1024;
const MOST_PASSES = 16;

/** `$argon2id$v=19$m=19456,t=2,p=1$SALT$TAG`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const settings = { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES };
  const tag = await derive(password, { ...settings, salt, length: TAG_BYTES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${print(salt)}$${print(tag)}`;
}

/**
 * Whether the password is the one that was hashed. Without a hash it is not, which takes as long: how
 * quick the answer is does not tell who has an account.
 */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const wanted = kept === undefined ? undefined : parseHash(kept);
  if (wanted === undefined) {
    await hashPassword(password);
    return false;
  }
  const tag = await derive(password, { ...wanted, length: wanted.tag.length });
  return timingSafeEqual(tag, wanted.tag);
}

interface Settings {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
}

async function derive(
  password: string,
  { salt, length, memory, passes, parallelism }: Settings & { readonly length: number },
): Promise<Buffer> {
  return promisify(argon2)("argon2id", {
    // The same letters, from whichever keyboard (RFC 8265, section 4.2.2).
    message: password.normalize("NFC"),
    nonce: salt,
    memory,
    passes,
    parallelism,
    tagLength: length,
  });
}

const HASH_FORM =
  /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parseHash(text: string): (Settings & { readonly tag: Buffer }) | undefined {
  const [, memory, passes, lanes, salt = "", tag = ""] = HASH_FORM.exec(text) ?? [];
  const settings = { memory: Number(memory), passes: Number(passes), parallelism: Number(lanes) };
  const isBounded =
    settings.parallelism >= 1 &&
    settings.passes >= 1 &&
    settings.passes <= MOST_PASSES &&
    settings.memory >= 8 * settings.parallelism &&
    settings.memory <= MOST_MEMORY_KIB;
  if (!isBounded) return undefined;
  return { ...settings, salt: Buffer.from(salt, "base64"), tag: Buffer.from(tag, "base64") };
}

function print(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
