/** Tests of what stands beside a mesh: lock and keys that are missing, broken, or somebody else's. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK, READING_COMMANDS, refusedBy } from "./cli-run.contract.ts";
import { placesOf } from "./workspace.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example }
  b: {}
`;

async function renderedFolder(): Promise<MeshFolder> {
  const folder = new MeshFolder(MESH);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  return folder;
}

test("placesOf() puts lock and keys beside the mesh, by its name", () => {
  expect(placesOf("some/where/warren.yaml")).toEqual({
    meshFile: "some/where/warren.yaml",
    lockFile: "some/where/warren.lock",
    keysFolder: "some/where/keys",
  });
  expect(placesOf("test.yml")).toMatchObject({ lockFile: "test.lock", keysFolder: "test.keys" });
});

const QUOTE = "look for a missing colon, quote or bracket here or just before";

test.each<[string, (lock: string) => string, string, string]>([
  [
    "is empty",
    () => "",
    '1:1: error missing-field: the document lacks the field "version"',
    "add version: …",
  ],
  [
    "is cut off",
    (lock) => lock.slice(0, lock.indexOf('"10.0.0.2') + 7),
    '6:31: error syntax: missing closing "quote',
    QUOTE,
  ],
  [
    "has a merge conflict",
    (lock) => lock.replace('    "b"', '<<<<<<< HEAD\n    "b"'),
    "6:1: error syntax: a merge has left its conflict here",
    "keep what holds of the two sides, and remove the lines of <<<<<<<, ======= and >>>>>>>",
  ],
  [
    "has a node twice",
    (lock) => lock.replace('    "b"', '    "a"'),
    '6:5: error syntax: "a" stands here again, after line 5',
    "a name may stand once: merge the two, or rename one",
  ],
  [
    "has an address twice",
    (lock) => lock.replace("10.0.0.2", "10.0.0.1"),
    '6:24: error address-taken: nodes.b.addresses[0]: 10.0.0.1 is already the address of "a"',
    "choose another, or leave it out to be given a free one",
  ],
  [
    "is of another form",
    (lock) => lock.replace('"version": 1', '"version": 2'),
    "2:14: error out-of-range: version: 2 is out of range",
    "write a number from 1 to 1",
  ],
  [
    "has a field that nobody knows",
    (lock) => lock.replace('"publicKey"', '"publickey"'),
    '5:36: error unknown-field: nodes.a has no field "publickey"',
    "did you mean publicKey?",
  ],
  [
    "has a value of a wrong type",
    (lock) => lock.replace('"10.0.0.1"', "{}"),
    "5:24: error wrong-type: nodes.a.addresses[0] must be text, not a mapping",
    "write text here",
  ],
  [
    "has a name that would reach a file",
    (lock) => lock.replace('"b"', '"../b"'),
    '6:5: error bad-value: nodes."../b": cannot parse name "../b"',
    "use 1 to 63 lower-case letters, digits and inner hyphens: it becomes a DNS label and a file name",
  ],
  [
    "is not text",
    () => "\u0000",
    "1:1: error syntax: the file is not text",
    "name a mesh file, written in UTF-8",
  ],
])("loadWorkspace() refuses a lock that %s", async (_, change, finding, fix) => {
  const folder = await renderedFolder();
  folder.write("warren.lock", change(folder.read("warren.lock")));
  const said = await refusedBy(folder, ...READING_COMMANDS);
  const first = said.split("\n").slice(0, 2).join("\n");
  expect(first).toBe(`warren.lock:${finding}\n  ${fix}; or restore the lock as it last was`);
});

test("loadWorkspace() names the mistakes of mesh and lock together", async () => {
  const folder = await renderedFolder();
  folder.write("warren.lock", "{");
  folder.write("warren.yaml", "nodes: 5\n");
  const { err } = await folder.run("check");
  expect(err).toMatch(/^warren\.lock:1:/m);
  expect(err).toMatch(/^warren\.yaml:1:8: error wrong-type/m);
});

test("loadWorkspace() takes a lock that an editor has touched, and render writes it as it was", async () => {
  const folder = await renderedFolder();
  const lock = folder.read("warren.lock");
  folder.write("warren.lock", `\uFEFF${lock.replaceAll("\n", "\r\n")}`);
  expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("render")).toMatchObject({
    status: 0,
    out: "out: 1 file written, 3 unchanged",
  });
  expect(folder.read("warren.lock")).toBe(lock);
});

const BROKEN_KEY = "key-unreadable: keys/a.key: cannot parse private key of 20 characters";
const ANOTHER = 'or remove "networkSecret" from the lock, and every pair gets a new key';

test.each<[string, (folder: MeshFolder) => void, string, string]>([
  [
    "a broken key, without repeating it",
    (folder) => folder.write("keys/a.key", "c2VjcmV0IHNlY3JldCBz\n"),
    `3:3: error ${BROKEN_KEY}`,
    "a WireGuard key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it",
  ],
  [
    "a key that is gone",
    (folder) => fs.rmSync(folder.at("keys/a.key")),
    "3:3: error key-missing: the private key of a is not in keys/a.key, though the lock knows its public half",
    "copy the keys folder to here, or make a new key: warren keys rotate a",
  ],
  [
    "one key for two nodes",
    (folder) => fs.copyFileSync(folder.at("keys/a.key"), folder.at("keys/b.key")),
    '4:3: error public-key-taken: nodes.b: the public key is that of "a" too',
    "make a key of its own for each: wg genkey",
  ],
  [
    "a network secret that is gone",
    (folder) => fs.rmSync(folder.at("keys/network.secret")),
    "1:1: error network-secret-missing: keys/network.secret is missing, from which the preshared keys in use were derived",
    `copy the keys folder to here; ${ANOTHER}`,
  ],
  [
    "another network secret",
    (folder) => folder.write("keys/network.secret", `${"A".repeat(43)}=\n`),
    "1:1: error network-secret-differs: keys/network.secret is not the secret from which the preshared keys in use were derived",
    `restore the right one; ${ANOTHER}`,
  ],
  [
    "a broken network secret, without repeating it",
    (folder) => folder.write("keys/network.secret", "c2VjcmV0IHNlY3JldCBz\n"),
    "1:1: error network-secret-unreadable: keys/network.secret does not hold 32 bytes in base64",
    "restore it from its backup",
  ],
])("loadWorkspace() refuses %s", async (_, change, finding, fix) => {
  const folder = await renderedFolder();
  change(folder);
  const said = await refusedBy(folder, "render", "diff", "keys show b --private");
  expect(said).toBe(`warren.yaml:${finding}\n  ${fix}`);
  expect(said).not.toContain("c2VjcmV0");
});

test("loadWorkspace() asks for no key where the lock's word is enough", async () => {
  const folder = await renderedFolder();
  fs.rmSync(folder.at("keys"), { recursive: true });
  for (const command of ["check", "trace a b", "keys show", "diff warren.yaml"]) {
    const [name = "", ...rest] = command
      .replace("warren.yaml", folder.at("warren.yaml"))
      .split(" ");
    expect(await folder.run(name, ...rest)).toMatchObject({ status: 0, err: "" });
  }
});

test("loadWorkspace() says what cannot be read, and leaves everything as it is", async () => {
  const folder = await renderedFolder();
  fs.rmSync(folder.at("keys/a.key"));
  fs.mkdirSync(folder.at("keys/a.key"));
  const before = folder.listing();
  expect(await folder.run("render")).toEqual({
    status: 2,
    out: "",
    err: "keys/a.key: error cannot-read: cannot read: it is a folder\n  name a file",
  });
  for (const command of ["check", "render", "diff", "trace", "keys"]) {
    const words =
      { check: [], render: [], diff: [], trace: ["a", "b"], keys: ["show"] }[command] ?? [];
    expect(await folder.run(command, ...words, "-f", folder.at("none.yaml"))).toEqual({
      status: 2,
      out: "",
      err: "none.yaml: error cannot-read: there is no such file\n  name a mesh file with -f, or write a first one: warren init",
    });
    expect(await folder.run(command, ...words, "-f", folder.at("out"))).toEqual({
      status: 2,
      out: "",
      err: "out: error cannot-read: cannot read: it is a folder\n  name a file",
    });
  }
  expect(folder.listing()).toEqual(before);
});

test("loadWorkspace() reads no more than the beginning of a file that is too large", async () => {
  const large = new MeshFolder("");
  // Three GiB that take no place on the disk.
  fs.truncateSync(large.at("warren.yaml"), 3 * 2 ** 30);
  const told =
    "error syntax: the file is larger than 16 MiB\n  name a mesh file: those are far smaller";
  const folder = new MeshFolder();
  for (const file of [large.at("warren.yaml"), "/dev/zero"]) {
    const said = await folder.run("check", "-f", file);
    expect(said).toEqual({ status: 2, out: "", err: `${file}:1:1: ${told}` });
  }
  folder.write("warren.yaml", `# ${"é".repeat(8 * 1024 * 1024)}\n`);
  expect(await folder.run("render")).toMatchObject({ status: 2, err: `warren.yaml:1:1: ${told}` });
  expect(Object.keys(folder.listing())).toEqual(["warren.yaml"]);
});
