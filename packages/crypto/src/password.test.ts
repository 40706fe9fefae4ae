/** Tests of kept passwords: against argon2's own published vector, and round trips. */
import { argon2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { hashPassword, isPassword } from "./password.ts";

test("isPassword() knows the password that hashPassword() was given, and no other", async () => {
  const kept = await hashPassword("correct horse");
  expect(kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(kept).not.toContain("correct");
  expect(await isPassword("correct horse", kept)).toBe(true);
  for (const wrong of ["correct hors", "correct horse ", "Correct horse", ""]) {
    expect(await isPassword(wrong, kept)).toBe(false);
  }
  expect(await hashPassword("correct horse")).not.toBe(kept);
});

test("isPassword() takes the same letters from any keyboard", async () => {
  const kept = await hashPassword("pass\u00e9");
  expect(await isPassword("passe\u0301", kept)).toBe(true);
});

test("isPassword() reads what argon2's own program prints, of other costs too", async () => {
  // Of the tests of the reference implementation (test.c): 2 passes, 2^8 KiB, 1 lane, "somesalt".
  const printed =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  expect(await isPassword("password", printed)).toBe(true);
  expect(await isPassword("passwort", printed)).toBe(false);
});

test("isPassword() takes nothing where nothing, or nonsense, is kept", async () => {
  const tag = argon2Sync("argon2id", {
    message: "a",
    nonce: "12345678",
    parallelism: 1,
    tagLength: 32,
    memory: 8,
    passes: 1,
  });
  const kept = [
    undefined,
    "",
    "a",
    tag.toString("hex"),
    "$argon2id$v=19$m=999999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
  ];
  for (const each of kept) expect(await isPassword("a", each)).toBe(false);
});
