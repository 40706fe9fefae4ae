/** Whose files are read from which folders and files, under which names, and what of them is refused. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printText } from "@warren/core";
import { MeshFolder } from "./cli-run.contract.ts";
import { LARGEST_FILE } from "./yaml/document.ts";
import { readForeign } from "./foreign.ts";

const KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
/** What wg pubkey makes of it. */
const PUBLIC = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
const CONF = `[Interface]\nPrivateKey = ${KEY}\n`;
const DUMP = `${KEY}\t${PUBLIC}\t51820\toff\n`;

/** `name codes …` of what was read; the folder's own name taken out. */
function read(folder: MeshFolder, ...path: readonly string[]): readonly string[] {
  const { devices, findings } = readForeign(folder.at(...path));
  return [
    ...devices.map(({ name, publicKey }) => `${name} ${publicKey?.value === PUBLIC}`),
    ...findings.map(({ file, code }) => `${file.slice(folder.path.length)} ${code}`),
  ];
}

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): MeshFolder {
  const folder = new MeshFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder.at(name), ".."), { recursive: true });
    folder.write(name, text);
  }
  return folder;
}

/** wg-gen-web writes each client into a file that is called by its UUID alone. */
const CLIENT = "5d0e2f64-7b1c-4e0a-9d3f-0c8a51b7e2aa";
const OTHER_CLIENT = "0b6ad5e0-15f7-4d7b-8a41-3f1f6f0c9b11";

test("readForeign() names nodes for their files, or for their folders", () => {
  const flat = folderOf({ "b.conf": CONF, "a.conf": CONF, "notes.txt": "x", "old/c.conf": CONF });
  expect(read(flat, "")).toEqual(["a true", "b true"]);
  expect(read(flat, "b.conf")).toEqual(["b true"]);
  const deep = folderOf({ "a/wg0.conf": CONF, "b/wg1.conf": CONF, "b/wg1.nft": "", hosts: "" });
  expect(read(deep, "")).toEqual(["a true", "b true"]);
});

test("readForeign() takes what is not named .conf for what it looks like", () => {
  const folder = folderOf({ shown: CONF, dumped: DUMP, all: `wg5\t${DUMP}` });
  expect(read(folder, "shown")).toEqual(["shown true"]);
  expect(read(folder, "dumped")).toEqual(["dumped true"]);
  expect(read(folder, "all")).toEqual(["wg5 true"]);
});

test("readForeign() reads the table and the folder of other tools", () => {
  const csv = folderOf({ "database.csv": `Name,Address,PrivateKey\na,10.0.0.1,${KEY}\n` });
  expect(read(csv, "")).toEqual(["a true"]);
  const server = JSON.stringify({ address: ["10.0.0.1/24"], privateKey: KEY });
  const client = JSON.stringify({ name: "b", enable: true, privateKey: KEY, publicKey: PUBLIC });
  const web = folderOf({
    "server.json": server,
    [CLIENT]: client,
    [`${OTHER_CLIENT}.json`]: "{",
    "wg0.conf": CONF,
  });
  expect(read(web, "")).toEqual(["server true", "b true", `/${OTHER_CLIENT}.json syntax`]);
  expect(read(web, "server.json")).toEqual(read(web, ""));
});

test("readForeign() says which files it cannot read, and reads the others", () => {
  const large = Buffer.alloc(LARGEST_FILE + 1, "#");
  const folder = folderOf({
    "a.conf": CONF,
    "b.conf": Buffer.from(CONF, "utf16le"),
    "c.conf": large,
  });
  expect(read(folder, "")).toEqual(["a true", "/b.conf not-text", "/c.conf too-large"]);
  const several = folderOf({ "a/wg0.conf": CONF, "a/wg1.conf": CONF });
  expect(read(several, "")).toEqual(["a true", "/a several-files"]);
});

test("readForeign() says which links lead nowhere or round, and reads the others", () => {
  const folder = folderOf({ "a.conf": CONF });
  symlinkSync("nowhere", folder.at("b.conf"));
  symlinkSync("c.conf", folder.at("c.conf"));
  symlinkSync("round", folder.at("round"));
  symlinkSync("a.conf", folder.at("d.conf"));
  expect(read(folder, "")).toEqual([
    "a true",
    "d true",
    "/b.conf unreadable",
    "/c.conf unreadable",
  ]);
  expect(sayings(folder)).toEqual([
    "the link leads nowhere → remove the link, or mend what it leads to",
    "cannot read: its links lead in a circle → name the file itself, or mend the link",
  ]);
  const web = folderOf({ "server.json": JSON.stringify({ address: ["10.0.0.1/24"] }) });
  symlinkSync("nowhere", web.at(`${CLIENT}.json`));
  expect(read(web, "")).toEqual(["server false", `/${CLIENT}.json unreadable`]);
});

test.each(["shown", "wg0.conf"])("readForeign() knows in %s what wg show prints", (name) => {
  const peer = `peer: ${PUBLIC}\n  endpoint: 192.0.2.1:51820\n`;
  const folder = folderOf({ [name]: `interface: wg5\n  public key: ${PUBLIC}\n\n${peer}` });
  expect(sayings(folder, name)).toEqual([
    "this is what wg show prints for people, not a configuration → save what wg showconf wg5 prints, or wg show wg5 dump",
  ]);
});

function sayings(folder: MeshFolder, ...path: readonly string[]): readonly string[] {
  const { findings } = readForeign(folder.at(...path));
  return findings.map(({ message, fix }) => `${printText(message)} → ${printText(fix)}`);
}

test.each([
  ["", "there are no WireGuard files here"],
  ["nobody", "cannot read: no such file or folder"],
])("readForeign() refuses %j in an empty folder", (path, message) => {
  const folder = new MeshFolder();
  let said = "";
  try {
    readForeign(folder.at(path));
  } catch (error) {
    said = error instanceof Error ? error.message : "";
  }
  expect(said).toBe(message);
});

test.each([
  [0o600, 0o755, false],
  [0o644, 0o700, false],
  [0o644, 0o755, true],
  [0o604, 0o701, false],
  [0o640, 0o750, false],
])(
  "readForeign() sees whether all may read a file of mode %o in a folder of %o",
  (file, above, is) => {
    const folder = folderOf({ "wg0.conf": CONF });
    chmodSync(folder.at("wg0.conf"), file);
    chmodSync(folder.path, above);
    const { devices } = readForeign(folder.path);
    expect(devices.map(({ isWorldReadable }) => isWorldReadable)).toEqual([is]);
  },
);

test("readForeign() reads back what Warren renders without a word", async () => {
  const examples = join(import.meta.dirname, "../../../examples");
  const folder = new MeshFolder(readFileSync(join(examples, "home-and-cloud.yaml"), "utf8"));
  expect((await folder.run("render")).status).toBe(0);
  const { devices, findings } = readForeign(folder.at("out"));
  expect(findings.map(({ message }) => printText(message))).toEqual([]);
  expect(devices.length).toBeGreaterThan(1);
});
