/** Tests of keys against other implementations of the same: wg itself, an RFC's numbers, the standard's formula. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parsePrivateKey, parsePublicKey } from "@warren/core";
import type { PresharedKeyId, PrivateKey, PublicKey } from "@warren/core";
import { runs } from "../../../tools/runs.ts";
import { createPresharedKeys, fingerprintOf, makeNetworkSecret } from "./secrets.ts";
import { makePrivateKey, placeholderKey, publicKeyOf } from "./secrets.ts";

const keys = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("base64"));

test("publicKeyOf() says what wg pubkey says", (context) => {
  const isThere = spawnSync("wg", ["--version"]).status === 0;
  context.skip(!isThere, "needs the wg command (wireguard-tools)");
  fc.assert(
    fc.property(keys, (key) => {
      const { stdout } = spawnSync("wg", ["pubkey"], { input: key, encoding: "utf8" });
      expect(publicKeyOf(key as PrivateKey)).toBe(stdout.trim());
    }),
    runs(10),
  );
});

test("publicKeyOf() gives the public keys of RFC 7748, section 6.1", () => {
  const ends = [
    [
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    ],
    [
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  ] as const;
  for (const [privateHex, publicHex] of ends) {
    const key = publicKeyOf(Buffer.from(privateHex, "hex").toString("base64") as PrivateKey);
    expect(Buffer.from(key, "base64").toString("hex")).toBe(publicHex);
  }
});

test("makePrivateKey() makes another key each time, clamped as wg genkey does it", () => {
  const made = Array.from({ length: 100 }, makePrivateKey);
  expect(new Set(made).size).toBe(100);
  for (const key of made) {
    const bytes = Buffer.from(key, "base64");
    expect([bytes.length, (bytes[0] ?? 0) & 7, (bytes[31] ?? 0) & 192]).toEqual([32, 0, 64]);
    expect(parsePrivateKey(key)).toBe(key);
  }
});

/** NIST SP 800-56C rev. 2, section 4.1, on a stream of its own: the counter 1, the secret, what it is for. */
function deriveOneStep(secret: string, info: string): string {
  const counter = Buffer.from([0, 0, 0, 1]);
  const hash = createHash("sha256").update(counter).update(Buffer.from(secret, "base64"));
  return hash.update(info, "ascii").digest("base64");
}

test("createPresharedKeys() derives a key for both public keys and the epoch, in one step", () => {
  fc.assert(
    fc.property(keys, keys, keys, fc.maxSafeNat(), (secret, low, high, epoch) => {
      const id = { low, high, epoch } as PresharedKeyId;
      expect(createPresharedKeys(secret)(id)).toBe(deriveOneStep(secret, `${low}${high}${epoch}`));
      expect(fingerprintOf(secret)).toBe(deriveOneStep(secret, "warren network secret"));
    }),
    runs(100),
  );
});

test("createPresharedKeys() keeps nothing of a longer text for a shorter one", () => {
  const secret = makeNetworkSecret();
  const derive = createPresharedKeys(secret);
  const [low, high] = [publicKeyOf(makePrivateKey()), publicKeyOf(makePrivateKey())];
  const first = derive({ low, high, epoch: 1 });
  derive({ low, high, epoch: 9_007_199_254_740_991 });
  expect(derive({ low, high, epoch: 1 })).toBe(first);
});

test("placeholderKey() has the form of a public key, and is the same for the same name", () => {
  const key = placeholderKey("a");
  expect(parsePublicKey(key)).toBe(key);
  expect([placeholderKey("a") === key, placeholderKey("b") === key]).toEqual([true, false]);
  const mine: PublicKey = key;
  expect(mine).toHaveLength(44);
});
