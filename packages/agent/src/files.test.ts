/** What an agent keeps: read as it was written, for root alone, and what is wrong with it has a way out. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AppError, entriesOf, hashOf } from "@warren/api";
import type { Pin } from "@warren/api";
import { printText } from "@warren/core";
import type { InterfaceName, Name } from "@warren/core";
import { digest } from "@warren/crypto";
import { sampleOf, sampleSecrets } from "../../../tools/sample.ts";
import { listNetworks, NetworkFiles } from "./files.ts";

const CLOUDS = "clouds" as Name;
const CREDENTIAL = {
  network: CLOUDS,
  node: "a" as Name,
  interface: "wg0" as InterfaceName,
  servers: ["203.0.113.9:8443", "[2001:db8::9]:8443", "warren.example:8443"],
  pin: "sha256:q8Mv3rRpUxXfNw8oQ0YyqBBHh1K3pO6dPzL2w0V4cYs" as Pin,
  credential: "wrc_0123456789abcdefghij0123456789abcdefghij0123",
};

test("NetworkFiles gives back what it was given, and shows it to nobody else", () => {
  const { base, files } = createFiles();
  expect([files.readPrivateKey(), files.readCredential(), files.readDevice()]).toEqual([
    undefined,
    undefined,
    {},
  ]);
  const key = sampleSecrets.privateKey(CLOUDS);
  if (key === undefined) throw new Error("the sample has no key");
  const umask = process.umask(0);
  files.writePrivateKey(key);
  files.writeCredential(CREDENTIAL);
  process.umask(0o777);
  files.writeDevice(deviceAt(7));
  process.umask(umask);
  expect(files.readPrivateKey()).toBe(key);
  expect(files.readCredential()).toMatchObject(CREDENTIAL);
  const { device } = files.readDevice();
  expect(device).toMatchObject(deviceAt(7));
  expect(device?.bundle.device.name).toBe("a");
  expect([...(device?.bundle.presharedKeys.values() ?? [])]).toHaveLength(2);
  expect(modes(base)).toMatchInlineSnapshot(`
    "700 clouds
    600 clouds/credential.json
    600 clouds/device.json
    600 clouds/key"
  `);
  files.writeDevice(deviceAt(8));
  expect(files.readDevice().device?.rev).toBe(8);
  files.remove();
  expect(fs.existsSync(base)).toBe(false);
  files.remove();
});

test("listNetworks() lists what was joined, in order of name", () => {
  const { base } = createFiles();
  expect(listNetworks(join(base, "nowhere"))).toEqual([]);
  for (const name of ["lan", "clouds"] as Name[]) {
    new NetworkFiles(base, name).writeCredential({ ...CREDENTIAL, network: name });
  }
  new NetworkFiles(base, "half" as Name).writePrivateKey(
    sampleSecrets.privateKey(CLOUDS) ?? ("" as never),
  );
  fs.mkdirSync(join(base, "Foreign Folder"));
  fs.writeFileSync(join(base, "file"), "");
  expect(listNetworks(base)).toEqual(["clouds", "lan"]);
});

const JOIN = "restore it from a backup, or join again: warren join, with a new token of clouds";

test.each([
  ["an empty file", () => "", `it is no whole JSON\nmend it; or ${JOIN}`],
  [
    "a file that was cut",
    (text: string) => text.slice(0, 150),
    `it is no whole JSON\nmend it; or ${JOIN}`,
  ],
  [
    "somebody else's",
    () => '"wrc_0123456789abcdefghij0123456789abcdefghij0123"',
    `it is no whole JSON\nmend it; or ${JOIN}`,
  ],
  [
    "one without a credential",
    () => '{ "format": 1 }',
    `the document lacks the field "network"\nadd network: …; or ${JOIN}`,
  ],
  [
    "another network's",
    (text: string) => text.replaceAll("clouds", "lan"),
    `it is of the network lan\n${JOIN}`,
  ],
  [
    "a newer Warren's",
    (text: string) => text.replace('"format": 1', '"format": 2'),
    `format: it is of another Warren, in the format "2"\nupdate Warren on this host; or ${JOIN}`,
  ],
  [
    "one without a port",
    (text: string) => text.replace("warren.example:8443", "warren.example"),
    `servers[2]: server "warren.example" has no port\nwrite it as host:port; or ${JOIN}`,
  ],
  [
    "one with a broken secret",
    (text: string) => text.replace("wrc_0123", "wrc_ 123"),
    `credential: cannot parse a credential of 48 characters\nit is wrc_ with 43 to 190 letters, digits, _ and - behind it; or ${JOIN}`,
  ],
])("readCredential() refuses %s with a way out", (_, change, said) => {
  const { base, files } = createFiles();
  files.writeCredential(CREDENTIAL);
  const file = join(base, "clouds/credential.json");
  fs.writeFileSync(file, change(fs.readFileSync(file, "utf8")));
  const place = "cannot-read: BASE/clouds/credential.json: cannot read: ";
  expect(refusal(base, () => files.readCredential())).toBe(`${place}${said}`);
});

test("readCredential() takes fields that it does not know for a newer Warren's", () => {
  const { base, files } = createFiles();
  files.writeCredential(CREDENTIAL);
  const file = join(base, "clouds/credential.json");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, text.replace('"node"', '"colour": "red", "node"'));
  expect(files.readCredential()).toMatchObject(CREDENTIAL);
});

test("readPrivateKey() refuses what is none, and does not say it", () => {
  const { base, files } = createFiles();
  files.writePrivateKey("c2VjcmV0" as never);
  expect(refusal(base, () => files.readPrivateKey())).toMatchInlineSnapshot(`
    "cannot-read: BASE/clouds/key: cannot read: cannot parse private key of 8 characters
    restore it from a backup, or join again: warren join, with a new token of clouds"
  `);
});

const FOREIGN = "it was cut short, or is another program's";
const CHANGED = "it is not as it was written";

test.each([
  ["an empty file", () => "", FOREIGN],
  ["a file that was cut", (text: string) => text.slice(0, -20), FOREIGN],
  ["somebody else's", () => '{ "name": "x" }', FOREIGN],
  ["another message", () => '{ "kind": "waiting", "network": "clouds" }', FOREIGN],
  ["a changed bit", (text: string) => text.replace("10.0.0.2/32", "10.0.0.3/32"), CHANGED],
  ["a broken key", (text: string) => text.replace(/("psk[^:]*":)"../, '$1"--'), CHANGED],
])("readDevice() puts %s aside, and tells it once", (_, change, why) => {
  const { base, files } = createFiles();
  files.writeDevice(deviceAt(7));
  const file = join(base, "clouds/device.json");
  const changed = change(fs.readFileSync(file, "utf8"));
  fs.writeFileSync(file, changed);
  const { device, trouble } = files.readDevice();
  expect(device).toBeUndefined();
  expect(trouble?.code).toBe("cannot-read");
  expect(trouble?.message).toBe(`cannot read: ${why}`);
  expect(fs.readFileSync(`${file}.bad`, "utf8")).toBe(changed);
  expect(files.readDevice()).toEqual({});
  files.writeDevice(deviceAt(8));
  expect(files.readDevice().device?.rev).toBe(8);
});

test("readDevice() answers whatever stands in its place", () => {
  const { base, files } = createFiles();
  fs.mkdirSync(join(base, "clouds/device.json"), { recursive: true });
  const { device, trouble } = files.readDevice();
  expect(device).toBeUndefined();
  expect(trouble?.message).toMatchInlineSnapshot(`"cannot read: it is a folder"`);
});

test("lock() refuses a second agent of the same network, and no other's", () => {
  const { base, files } = createFiles();
  const lock = files.lock();
  expect(refusal(base, () => files.lock())).toMatchInlineSnapshot(`
    "busy: BASE/clouds/.agent: another agent runs this network
    it is enough: look at it with warren status; or stop it first"
  `);
  new NetworkFiles(base, "lan" as Name).lock().close();
  lock.close();
  files.lock().close();
});

test("writeDevice() says what the disk refuses, and leaves nothing beside", () => {
  const { base, files } = createFiles();
  fs.mkdirSync(join(base, "clouds/device.json"), { recursive: true });
  expect(refusal(base, () => files.writeDevice(deviceAt(8)))).toMatchInlineSnapshot(`
    "cannot-write: BASE/clouds/device.json: cannot write: it is a folder
    name a file"
  `);
  expect(fs.readdirSync(join(base, "clouds"))).toEqual(["device.json"]);
});

function createFiles() {
  const base = fs.mkdtempSync(join(tmpdir(), "warren-agent-"));
  onTestFinished(() => fs.rmSync(base, { recursive: true, force: true }));
  return { base, files: new NetworkFiles(base, CLOUDS) };
}

/** The device of a in a mesh of three. */
function deviceAt(rev: number) {
  const { devices } = sampleOf(`
network: { name: clouds, addresses: [10.0.0.0/24] }
nodes: { a: {}, b: { endpoint: b.example }, c: { endpoint: 192.0.2.1 } }
`);
  const [device] = devices;
  if (device === undefined) throw new Error("the sample has no device");
  const entries = entriesOf(device, (id) => sampleSecrets.presharedKey(id));
  return { epoch: "first", rev, hash: hashOf(entries, digest), entries };
}

function refusal(base: string, work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) {
      const file = error.file?.replace(base, "BASE");
      return `${error.code}: ${file}: ${error.message}\n${printText(error.fix)}`;
    }
    throw error;
  }
  throw new Error("nothing was refused");
}

function modes(base: string): string {
  const paths = fs.readdirSync(base, { recursive: true, encoding: "utf8" }).toSorted();
  return paths
    .map((path) => `${(fs.statSync(join(base, path)).mode & 0o777).toString(8)} ${path}`)
    .join("\n");
}
