/** Tests of the files that render writes: what they hold, who may read them, and what is left alone. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { lastingOf, MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";
import type { Listing } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example }
  c: {}
  d: { endpoint: d.example, publicKey: dnd1VOYuysSz5QLT3+1YzlT3NgEwTu+dcbYwSOB1JnY= }
`;

async function renderedFolder(mesh = MESH): Promise<MeshFolder> {
  const folder = new MeshFolder(mesh);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  return folder;
}

function modesOf(listing: Listing): readonly string[] {
  return Object.entries(listing).map(([path, text]) => `${text.slice(0, 3)} ${path}`);
}

/** `a b` → the preshared keys that the files of a and b hold for each other. */
function presharedKeys(folder: MeshFolder): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [path, text] of Object.entries(folder.rendered())) {
    const self = path.split("/")[1] ?? "";
    for (const [, peer = "", key = ""] of text.matchAll(
      /^# (\S+)\n\[Peer\]\n.*\nPresharedKey = (.*)$/gm,
    )) {
      const pair = [self, peer].sort().join(" ");
      found.set(pair, [...(found.get(pair) ?? []), key]);
    }
  }
  return found;
}

/** Paragraphs of a file, each as often as it is there. */
function blocksOf(text = ""): readonly string[] {
  return text.trimEnd().split("\n\n").sort();
}

test("render() writes secrets for their owner alone, and keeps git away from them", async () => {
  const folder = await renderedFolder();
  expect(modesOf(folder.listing())).toMatchInlineSnapshot(`
    [
      "700 keys/",
      "644 keys/.gitignore",
      "600 keys/.writing",
      "600 keys/a.key",
      "600 keys/b.key",
      "600 keys/c.key",
      "600 keys/network.secret",
      "700 out/",
      "644 out/.gitignore",
      "700 out/a/",
      "600 out/a/warren0.conf",
      "600 out/a/warren0.nft",
      "700 out/b/",
      "600 out/b/warren0.conf",
      "700 out/c/",
      "600 out/c/warren0.conf",
      "700 out/d/",
      "600 out/d/warren0.conf",
      "644 out/hosts",
      "644 warren.lock",
      "644 warren.yaml",
    ]
  `);
  expect(folder.read("keys/.gitignore")).toBe("*\n");
  expect(folder.read("out/.gitignore")).toBe("*\n");
});

test("render() takes from others what they may no longer read", async () => {
  const folder = await renderedFolder();
  const before = modesOf(folder.listing());
  for (const path of ["keys/a.key", "keys/network.secret", "out/a/warren0.conf"]) {
    fs.chmodSync(folder.at(path), 0o644);
  }
  fs.chmodSync(folder.at("keys"), 0o755);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(modesOf(folder.listing())).toEqual(before);
});

test("render() touches nothing the second time, and writes the same bytes from the same keys", async () => {
  const folder = await renderedFolder();
  const before = folder.listing();
  expect(await folder.run("render")).toEqual({
    status: 0,
    out: "out: 0 files written, 7 unchanged",
    err: "",
  });
  expect(folder.listing()).toEqual(before);
  const copy = new MeshFolder();
  for (const part of ["warren.yaml", "warren.lock", "keys"]) {
    fs.cpSync(folder.at(part), copy.at(part), { recursive: true });
  }
  expect(await copy.run("render")).toMatchObject({ status: 0 });
  expect(textsOf(copy.listing())).toEqual(textsOf(before));
});

test("render() changes one block in each file for one more node", async () => {
  const folder = await renderedFolder();
  const before = textsOf(folder.listing());
  folder.write("warren.yaml", `${MESH}  bb: { endpoint: bb.example }\n`);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  const after = textsOf(folder.listing());
  for (const node of ["a", "b", "c", "d"]) {
    const file = `out/${node}/warren0.conf`;
    const blocks = new Set(blocksOf(before[file]));
    const added = blocksOf(after[file]).filter((block) => !blocks.has(block));
    expect(added).toHaveLength(1);
    expect(added[0]).toMatch(/^# bb\n\[Peer\]\n/);
    expect(blocksOf(after[file])).toHaveLength(blocks.size + 1);
  }
  for (const file of ["out/a/warren0.nft", "keys/a.key", "keys/c.key", "keys/network.secret"]) {
    expect(after[file]).toBe(before[file]);
  }
});

test("render() gives each pair a preshared key of its own, the same at both ends", async () => {
  const folder = await renderedFolder();
  const keys = presharedKeys(folder);
  expect([...keys.keys()].sort()).toEqual(["a b", "a c", "a d", "b c", "b d", "c d"]);
  const shared = [...keys.values()].map(([one, other, ...rest]) => {
    expect([other, rest]).toEqual([one, []]);
    return one;
  });
  expect(new Set(shared).size).toBe(6);
});

test("render() keeps addresses and keys of others when nodes come, go, change names and places", async () => {
  const folder = await renderedFolder();
  const lines = MESH.split("\n").slice(2, -1);
  const steps: readonly (readonly string[])[] = [
    [...lines, "  aa: { endpoint: aa.example }"],
    [...lines, "  aa: { endpoint: aa.example }"].toReversed(),
    lines.filter((line) => !line.startsWith("  b:")),
    lines.map((line) => line.replace("  c:", "  new-c:")),
    lines.map((line) => line.replace("  c: {}", "  c: { address: 10.0.0.99 }")),
  ];
  for (const step of steps) {
    const [lock, keys] = [folder.lock().nodes, presharedKeys(folder)];
    folder.write("warren.yaml", `${NETWORK}nodes:\n${step.join("\n")}\n`);
    expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
    for (const name of ["a", "d"]) expect(folder.lock().nodes[name]).toEqual(lock[name]);
    const both = [...presharedKeys(folder)].filter(([pair]) => keys.has(pair));
    expect(both.map(([pair]) => pair)).toContain("a d");
    for (const [pair, key] of both) expect(key).toEqual(keys.get(pair));
  }
  expect(folder.lock().nodes["c"]?.addresses).toEqual(["10.0.0.99"]);
});

test("render() leaves a key on its host where the mesh gives only the public one", async () => {
  const folder = await renderedFolder();
  const text = folder.read("out/d/warren0.conf");
  expect(text).not.toContain("PrivateKey");
  expect(text).toContain("PostUp = wg set %i private-key /etc/wireguard/%i.key\n");
  expect(folder.read("out/a/warren0.conf")).toContain("PrivateKey = ");
  expect(fs.existsSync(folder.at("keys/d.key"))).toBe(false);
});

test("render() removes the files of a node that is gone, and nothing that is not its own", async () => {
  const folder = await renderedFolder();
  folder.write("out/b/notes.txt", "mine\n");
  folder.write("out/b/wg1.conf", "[Interface]\n# mine\n");
  fs.mkdirSync(folder.at("out/b/folder.conf"));
  fs.mkdirSync(folder.at("out/mine"));
  folder.write("out/mine/wg0.conf", "# mine, too short\n");
  fs.symlinkSync("nowhere", folder.at("out/mine/dangling.conf"));
  fs.symlinkSync(folder.at("out/a/warren0.conf"), folder.at("out/mine/link.conf"));
  fs.symlinkSync(folder.at("out/a"), folder.at("out/linked"));
  folder.write("out/warren0.conf", folder.read("out/a/warren0.conf"));
  const before = Object.keys(folder.listing());
  folder.write("warren.yaml", MESH.replace(/^ {2}[bc]: .*\n/gm, ""));
  expect(await folder.run("render")).toMatchObject({
    status: 0,
    out: "out: 4 files written, 1 unchanged, 2 removed",
  });
  const gone = new Set(["out/b/warren0.conf", "out/c/", "out/c/warren0.conf"]);
  expect(Object.keys(folder.listing())).toEqual(before.filter((path) => !gone.has(path)));
});

test("render() sweeps what a killed run left under way", async () => {
  const folder = await renderedFolder();
  const before = Object.keys(folder.listing());
  fs.mkdirSync(folder.at("out/gone"));
  const leftovers = [
    "keys/.gone.key",
    "keys/.a.key",
    "out/a/.warren0.conf",
    "out/gone/.warren0.conf",
    ".warren.lock",
  ];
  for (const path of leftovers) folder.write(`${path}.warren-new`, "half");
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(Object.keys(folder.listing())).toEqual(before);
});

test("render() replaces links by files, and never writes through them", async () => {
  const folder = await renderedFolder();
  const [conf, lock] = [folder.read("out/a/warren0.conf"), folder.read("warren.lock")];
  for (const path of ["out/a/warren0.conf", "warren.lock"]) {
    folder.write("outside.txt", folder.read(path));
    fs.rmSync(folder.at(path));
    fs.symlinkSync(folder.at("outside.txt"), folder.at(path));
    expect(await folder.run("render")).toMatchObject({ status: 0 });
    expect(fs.lstatSync(folder.at(path)).isFile()).toBe(true);
  }
  expect([folder.read("out/a/warren0.conf"), folder.read("warren.lock")]).toEqual([conf, lock]);
  // An output folder that is a link is where its owner wants the files.
  fs.renameSync(folder.at("out"), folder.at("elsewhere"));
  fs.symlinkSync("elsewhere", folder.at("out"));
  expect(await folder.run("render")).toMatchObject({
    status: 0,
    out: "out: 0 files written, 7 unchanged",
  });
});

test("render() leaves a .gitignore alone that is there", async () => {
  const folder = await renderedFolder();
  fs.rmSync(folder.at("out"), { recursive: true });
  fs.mkdirSync(folder.at("out"));
  folder.write("out/.gitignore", "node_modules/\n");
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(folder.read("out/.gitignore")).toBe("node_modules/\n");
});

test.each([".", "..", "keys", "keys/deeper"])(
  "render() does not write into %s, which holds what is worth more",
  async (output) => {
    const folder = await renderedFolder();
    const before = folder.listing();
    expect(await folder.run("render", "-o", folder.at(output))).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringContaining("error cannot-write: cannot render here") as string,
    });
    expect(folder.listing()).toEqual(before);
  },
);

test("render() gives nobody new addresses because the lock was lost", async () => {
  const folder = await renderedFolder();
  fs.rmSync(folder.at("warren.lock"));
  const before = folder.listing();
  const { status, err } = await folder.run("render");
  expect(status).toBe(2);
  expect(err).toContain("warren.lock is not there");
  expect(folder.listing()).toEqual(before);
});

test("render() does not bring back a retired preshared key with the node that had it", async () => {
  const folder = await renderedFolder();
  const first = folder.read("out", "a", "warren0.conf");
  await folder.run("keys", "rotate-psk", "a", "b");
  await folder.run("render");
  const rotated = folder.read("out", "a", "warren0.conf");
  const mesh = folder.read("warren.yaml");
  folder.write("warren.yaml", mesh.replace(/^ {2}b:.*\n/m, ""));
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  folder.write("warren.yaml", mesh);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(rotated).not.toBe(first);
  expect(folder.read("out", "a", "warren0.conf")).toBe(rotated);
});

test.each<[string, (folder: MeshFolder) => void, string]>([
  [
    "the output is a file",
    (folder) => folder.write("out", ""),
    "out: error cannot-read: cannot read: a file stands where a folder is needed\n  move it away",
  ],
  [
    "the output leads nowhere",
    (folder) => fs.symlinkSync("nowhere", folder.at("out")),
    "out/.gitignore: error cannot-write: cannot write: a file stands where a folder is needed\n  move it away",
  ],
  [
    "a node's folder is a file",
    (folder) => {
      fs.mkdirSync(folder.at("out"));
      folder.write("out/b", "");
    },
    "out/b/warren0.conf: error cannot-write: cannot write: a file stands where a folder is needed\n  move it away",
  ],
  [
    "a file is a folder",
    (folder) => fs.mkdirSync(folder.at("out/c/warren0.conf"), { recursive: true }),
    "out/c/warren0.conf: error cannot-write: a folder stands where a file is needed\n  move it away",
  ],
  [
    "the lock is a folder",
    (folder) => fs.mkdirSync(folder.at("warren.lock")),
    "warren.lock: error cannot-read: cannot read: it is a folder\n  name a file",
  ],
  [
    "the keys are a file",
    (folder) => folder.write("keys", ""),
    "keys/a.key: error cannot-read: cannot read: a file stands where a folder is needed\n  move it away",
  ],
])("render() changes nothing when %s", async (_, spoil, err) => {
  const folder = new MeshFolder(MESH);
  spoil(folder);
  const before = lastingOf(folder.listing());
  expect(await folder.run("render")).toEqual({ status: 2, out: "", err });
  expect(lastingOf(folder.listing())).toEqual(before);
});

test("render() writes for wg setconf, and for wg-quick again", async () => {
  const folder = await renderedFolder();
  const before = folder.rendered();
  expect(await folder.run("render", "--format", "setconf", "--json")).toEqual({
    status: 0,
    out: "[]",
    err: "",
  });
  // The rules are the same: who loads the one by hand loads the other, too.
  expect(folder.read("out/a/warren0.nft")).toBe(before["out/a/warren0.nft"]);
  expect(folder.read("out/a/warren0.conf")).not.toMatch(/^(Address|MTU|PostUp)/m);
  expect(await folder.run("diff", "--format", "setconf")).toMatchObject({ out: "no difference" });
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(folder.rendered()).toEqual(before);
});

const CLIENTS = `${MESH}clients:
  pad: { via: a, publicKey: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= }
  phone: { via: a }
  tab: { via: [a, b] }
`;

test("render() writes files of clients whose key is kept, and goes on without the others'", async () => {
  const folder = new MeshFolder(CLIENTS);
  expect(await folder.run("render")).toEqual({
    status: 0,
    out: "out: 14 files written, 0 unchanged",
    err: "no file for phone, tab.a, tab.b: not in the mesh before it has a key, which warren qr makes and shows",
  });
  expect(folder.read("out/pad/warren0.conf")).not.toMatch(/^PrivateKey|^PostUp/m);
  expect(folder.read("out/a/warren0.conf")).not.toContain("# phone");
  await folder.run("qr", "phone");
  await folder.run("qr", "tab", "--via", "b", "--keep-key");
  expect((await folder.run("diff")).out).toContain("+ b/warren0.nft\n");
  expect((await folder.run("diff")).out).toContain("  + tab.b\n");
  expect(await folder.run("render")).toMatchObject({
    status: 0,
    err: "no file for phone: the private key is on the device alone\nno file for tab.a: not in the mesh before it has a key, which warren qr makes and shows",
  });
  expect(Object.keys(folder.rendered()).filter((path) => /pad|phone|tab/.test(path))).toEqual([
    "out/pad/warren0.conf",
    "out/tab.b/warren0.conf",
  ]);
  expect(folder.read("out/tab.b/warren0.conf")).toContain(folder.read("keys/tab.b.key").trim());
  expect(folder.read("out/a/warren0.conf")).toContain("# phone\n[Peer]");
  expect(folder.read("out/b/warren0.conf")).toContain("# tab.b\n[Peer]");
  expect(await folder.run("diff")).toMatchObject({ out: "no difference" });
  const before = folder.listing();
  await folder.run("render");
  expect(folder.listing()).toEqual(before);
});

test("render() takes away a client's files, record and way in when it is removed", async () => {
  const folder = new MeshFolder(CLIENTS);
  await folder.run("qr", "tab", "--keep-key");
  await folder.run("render");
  folder.write("warren.yaml", CLIENTS.replace("via: [a, b]", "via: b"));
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  // The one way that is left needs no other name; its key and address stay.
  expect(folder.read("out/tab/warren0.conf")).toContain(folder.read("keys/tab.b.key").trim());
  expect(Object.keys(folder.listing())).not.toContain("out/tab.b/");
  expect(Object.keys(folder.lock().clients)).toEqual(["pad a", "phone a", "tab b"]);
  folder.write("warren.yaml", MESH);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  expect(Object.keys(folder.rendered()).filter((path) => /pad|tab/.test(path))).toEqual([]);
  expect(folder.read("warren.lock")).not.toContain("clients");
  expect(folder.read("out/a/warren0.conf")).not.toContain("# tab");
});

test("render() writes the mesh's names, and diff compares them", async () => {
  const folder = await renderedFolder();
  expect(folder.read("out/hosts")).toContain("\n10.0.0.1 a.clouds.internal a\n");
  folder.write("out/hosts", `${folder.read("out/hosts")}10.0.0.99 mine\n`);
  expect((await folder.run("diff")).out).toContain("~ hosts\n  ~ names\n    - 10.0.0.99 mine");
  await folder.run("render");
  expect(await folder.run("diff")).toMatchObject({ out: "no difference" });
});
