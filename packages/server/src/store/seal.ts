/** Secrets that lie in the store: only who has the master key reads them, and only in the row that they were sealed for. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { AppError } from "@warren/api";
import { say } from "@warren/core";

export interface Seal {
  /** The text for a row, to be read under the same key alone. */
  readonly seal: (key: string, text: string) => string;
  readonly open: (key: string, sealed: string) => string;
}

const CIPHER = "aes-256-gcm";
const FORM = "v1.";
/** NIST SP 800-38D: random nonces of 96 bits are good for 2^32 texts under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSeal(masterKey: Uint8Array): Seal {
  const secret = createSecretKey(masterKey);
  return {
    seal: (key, text) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(Buffer.from(key));
      const parts = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
      return `${FORM}${Buffer.concat(parts).toString("base64url")}`;
    },
    open: (key, sealed) => {
      const bytes = Buffer.from(sealed.slice(FORM.length), "base64url");
      if (!sealed.startsWith(FORM) || bytes.length < NONCE_BYTES + TAG_BYTES) throw unopened(key);
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const options = { authTagLength: TAG_BYTES };
      const cipher = createDecipheriv(CIPHER, secret, nonce, options).setAAD(Buffer.from(key));
      cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = cipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([text, cipher.final()]).toString("utf8");
      } catch (cause) {
        throw unopened(key, cause);
      }
    },
  };
}

function unopened(key: string, cause?: unknown): AppError {
  const fix = say`give the master key that the store was written with`;
  return new AppError("cannot-read", say`the master key does not open ${key}`, { fix, cause });
}
