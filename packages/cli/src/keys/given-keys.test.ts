/** Tests of preshared keys that were given: who uses them, how they are rotated, what is said when they are lost. */
import * as fs from "node:fs";
import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example }
  b: { endpoint: b.example }
  c: { endpoint: c.example }
clients:
  phone: { via: a }
`;

function keyOf(name: string): string {
  return hash("sha256", `given ${name}`, "base64");
}

/** A mesh of which one pair of nodes, and a client with its node, were given a key. */
async function givenFolder(mesh = MESH): Promise<MeshFolder> {
  const folder = new MeshFolder(mesh);
  expect(await folder.run("qr", "phone", "--keep-key")).toMatchObject({ status: 0 });
  folder.write("keys/preshared.secret", `a b ${keyOf("a b")}\na phone ${keyOf("a phone")}\n`);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  return folder;
}

/** The preshared key in one file for the peer of a name. */
function pskOf(folder: MeshFolder, node: string, peer: string): string | undefined {
  const block = folder.read(`out/${node}/warren0.conf`).split(`\n# ${peer}\n`)[1] ?? "";
  return /PresharedKey = (\S+)/.exec(block.split("\n\n")[0] ?? "")?.[1];
}

test("render uses a preshared key that was given, and derives the others", async () => {
  const folder = await givenFolder();
  for (const [one, other] of [
    ["a", "b"],
    ["a", "phone"],
  ] as const) {
    const key = keyOf(`${one} ${other}`);
    expect([pskOf(folder, one, other), pskOf(folder, other, one)]).toEqual([key, key]);
  }
  const derived = pskOf(folder, "a", "c");
  expect(derived).toMatch(/^.{43}=$/);
  expect(pskOf(folder, "c", "a")).toBe(derived);
  expect(folder.read("warren.lock")).toContain(
    '"givenPresharedKeys": [\n    "a b",\n    "a phone"\n  ]',
  );
  const before = folder.listing();
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  expect(folder.listing()).toEqual(before);
  expect(await folder.run("diff")).toMatchObject({ status: 0, out: "no difference" });
});

test("presharedKeys: false means that none is derived; what was given stays", async () => {
  const folder = await givenFolder(MESH.replace("clouds,", "clouds, presharedKeys: false,"));
  expect(pskOf(folder, "a", "b")).toBe(keyOf("a b"));
  expect(pskOf(folder, "b", "a")).toBe(keyOf("a b"));
  expect(pskOf(folder, "phone", "a")).toBe(keyOf("a phone"));
  expect([pskOf(folder, "a", "c"), pskOf(folder, "c", "b")]).toEqual([undefined, undefined]);
  expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("keys", "rotate-psk", "a", "b")).toMatchObject({ status: 0 });
  expect(await folder.run("keys", "rotate-psk", "a", "c")).toMatchObject({ status: 64 });
});

test("keys rotate-psk puts another key in the place of a given one, and touches no other pair", async () => {
  const folder = await givenFolder();
  const others = [pskOf(folder, "a", "c"), pskOf(folder, "a", "phone")];
  expect(await folder.run("keys", "rotate-psk", "b", "a")).toMatchObject({ status: 0 });
  expect(fs.statSync(folder.at("keys/preshared.secret")).mode & 0o777).toBe(0o600);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  const made = pskOf(folder, "a", "b");
  expect(made).not.toBe(keyOf("a b"));
  expect(pskOf(folder, "b", "a")).toBe(made);
  expect(folder.read("keys/preshared.secret")).toContain(`a b ${made}\n`);
  expect([pskOf(folder, "a", "c"), pskOf(folder, "a", "phone")]).toEqual(others);
});

test("who gets a key of his own anew gets new preshared keys, too", async () => {
  const folder = await givenFolder();
  expect(await folder.run("keys", "rotate", "b")).toMatchObject({ status: 0 });
  expect(await folder.run("qr", "phone", "--new-key", "--keep-key")).toMatchObject({ status: 0 });
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  const text = folder.read("keys/preshared.secret");
  for (const [one, other] of [
    ["a", "b"],
    ["a", "phone"],
  ] as const) {
    expect(pskOf(folder, one, other)).not.toBe(keyOf(`${one} ${other}`));
    expect(pskOf(folder, other, one)).toBe(pskOf(folder, one, other));
    expect(text).toContain(pskOf(folder, one, other));
  }
});

test("a given key that was lost is named; another takes its place", async () => {
  const folder = await givenFolder();
  fs.rmSync(folder.at("keys/preshared.secret"));
  const { status, err } = await folder.run("render");
  expect(status).toBe(2);
  expect(err.split("\n").slice(0, 2)).toEqual([
    "warren.yaml:2:1: error preshared-key-missing: the preshared key of a and b is not in keys/preshared.secret, though the lock knows that they have one",
    "  copy the keys folder to here, or make a new key: warren keys rotate-psk a b",
  ]);
  expect(await folder.run("keys", "rotate-psk", "a", "b")).toMatchObject({ status: 0 });
  expect(await folder.run("qr", "phone", "--new-key")).toMatchObject({ status: 2 });
  expect((await folder.run("render")).err).toContain("of a and phone is not in");
});

test.each([
  ["a b", "line 1 is not two names in their order and a key"],
  [`b a ${keyOf("")}`, "line 1 is not two names in their order and a key"],
  [`a b ${keyOf("")} c`, "line 1 is not two names in their order and a key"],
  [`\na b ${keyOf("").slice(1)}`, "line 2 is not two names in their order and a key"],
  [`a b ${keyOf("")}\na b ${keyOf("1")}`, "line 2 is another key of a and b"],
])("a file of given keys that cannot be read is refused: %j", async (text, message) => {
  const folder = await givenFolder();
  folder.write("keys/preshared.secret", text);
  const before = folder.listing();
  const { status, err } = await folder.run("render");
  expect({ status, message: err.split("\n")[0] }).toEqual({
    status: 2,
    message: `warren.yaml:2:1: error preshared-keys-unreadable: keys/preshared.secret: ${message}`,
  });
  expect(await folder.run("keys", "rotate-psk", "a", "b")).toMatchObject({ status: 2 });
  expect(folder.listing()).toEqual(before);
});
