/** Tests of who is told which key, and of new keys: whose files change, and whose do not. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";
import { publicKeyOf } from "@warren/crypto";
import { loadWorkspace } from "../workspace.ts";
import type { Name, PrivateKey, PublicKey } from "@warren/core";

const ELSEWHERE = "dnd1VOYuysSz5QLT3+1YzlT3NgEwTu+dcbYwSOB1JnY=";
const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example }
  bb: { endpoint: b.example }
  c: { endpoint: c.example, publicKey: ${ELSEWHERE} }
`;

async function renderedFolder(): Promise<MeshFolder> {
  const folder = new MeshFolder(MESH);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  return folder;
}

/** Paths whose texts changed since. */
function changesSince(
  folder: MeshFolder,
  before: Readonly<Record<string, string>>,
): readonly string[] {
  const after = textsOf(folder.listing());
  return Object.keys({ ...before, ...after }).filter((path) => before[path] !== after[path]);
}

test("keys show prints public keys, of all nodes or of one", async () => {
  const folder = await renderedFolder();
  const { a, bb } = folder.lock().nodes;
  const out = `a   ${a?.publicKey}\nbb  ${bb?.publicKey}\nc   ${ELSEWHERE}`;
  expect(await folder.run("keys", "show")).toEqual({ status: 0, out, err: "" });
  expect(await folder.run("keys")).toEqual({ status: 0, out, err: "" });
  expect(await folder.run("keys", "show", "bb")).toEqual({
    status: 0,
    out: `bb  ${bb?.publicKey}`,
    err: "",
  });
  const { out: json } = await folder.run("keys", "show", "--json");
  expect(JSON.parse(json)).toEqual([
    { node: "a", publicKey: a?.publicKey, keyFile: "a.key" },
    { node: "bb", publicKey: bb?.publicKey, keyFile: "bb.key" },
    { node: "c", publicKey: ELSEWHERE },
  ]);
});

test("keys show says that a key is still to be made", async () => {
  const folder = new MeshFolder(MESH);
  const before = folder.listing();
  const { out } = await folder.run("keys", "show");
  expect(out.split("\n")[0]).toBe("a   (made by warren render)");
  expect(folder.listing()).toEqual(before);
});

test("keys show prints a private key only when it is asked for one, by name", async () => {
  const folder = await renderedFolder();
  const key = folder.read("keys/a.key").trim();
  expect(await folder.run("keys", "show", "a", "--private")).toEqual({
    status: 0,
    out: key,
    err: "",
  });
  const { out } = await folder.run("keys", "show", "a", "--private", "--json");
  expect(JSON.parse(out)).toEqual([{ node: "a", privateKey: key }]);
  expect(await folder.run("keys", "show", "--private")).toEqual({
    status: 64,
    out: "",
    err: "warren: error usage: whose private key?\n  name one node: warren keys show NODE --private",
  });
  expect(await folder.run("keys", "show", "c", "--private")).toEqual({
    status: 2,
    out: "",
    err: "warren: error cannot-read: the private key of c is not here\n  it is made by warren render, or kept on its host",
  });
});

test("no command says a secret, whatever it is asked", async () => {
  const folder = await renderedFolder();
  // The folder's run() looks for every secret in what each of these says.
  expect(folder.secrets().length).toBeGreaterThan(8);
  folder.write("out/a/warren0.conf", folder.read("out/a/warren0.conf").replace(/ = /g, "="));
  const file = folder.at("warren.yaml");
  for (const words of [
    ["check"],
    ["diff"],
    ["diff", "--json"],
    ["diff", file],
    ["diff", file, file],
    ["trace", "a", "bb"],
    ["keys", "show", "--json"],
    ["keys", "rotate", "a"],
    ["keys", "rotate-psk", "a", "bb"],
    ["diff"],
    ["render"],
    ["render", "--json"],
  ]) {
    expect({ words, ...(await folder.run(...words)) }).toMatchObject({ status: 0 });
  }
});

test("keys rotate makes a new private key, and changes everybody's file with the next render", async () => {
  const folder = await renderedFolder();
  const before = textsOf(folder.listing());
  const { status, out } = await folder.run("keys", "rotate", "a");
  expect(changesSince(folder, before)).toEqual(["keys/a.key", "warren.lock"]);
  const publicKey = publicKeyOf(folder.read("keys/a.key").trim() as PrivateKey);
  expect(folder.lock().nodes["a"]?.publicKey).toBe(publicKey);
  expect({ status, out }).toEqual({
    status: 0,
    out: `a has the new public key ${publicKey}; run warren render; all files change`,
  });
  expect(fs.statSync(folder.at("keys/a.key")).mode & 0o777).toBe(0o600);
  await folder.run("render");
  expect(changesSince(folder, before)).toEqual([
    "keys/a.key",
    "out/a/warren0.conf",
    "out/bb/warren0.conf",
    "out/c/warren0.conf",
    "warren.lock",
  ]);
});

test("keys rotate replaces a key whose file was lost", async () => {
  const folder = await renderedFolder();
  fs.rmSync(folder.at("keys/a.key"));
  expect(await folder.run("render")).toMatchObject({ status: 2 });
  expect(await folder.run("keys", "rotate", "a")).toMatchObject({ status: 0 });
  expect(await folder.run("render")).toMatchObject({ status: 0 });
});

test("keys rotate-psk changes the files of its two nodes, and no other pair's key", async () => {
  const folder = await renderedFolder();
  const before = textsOf(folder.listing());
  expect(await folder.run("keys", "rotate-psk", "bb", "a")).toEqual({
    status: 0,
    out: "bb and a share a new preshared key; run warren render; their two files change",
    err: "",
  });
  expect(changesSince(folder, before)).toEqual(["warren.lock"]);
  expect(folder.read("warren.lock")).toContain('"a bb": 1');
  await folder.run("render");
  expect(changesSince(folder, before)).toEqual([
    "out/a/warren0.conf",
    "out/bb/warren0.conf",
    "warren.lock",
  ]);
  const lines = folder.read("out/a/warren0.conf").split("\n");
  const old = new Set((before["out/a/warren0.conf"] ?? "").split("\n"));
  expect(lines.filter((line) => !old.has(line))).toEqual([
    expect.stringMatching(/^PresharedKey = /),
  ]);
  expect(await folder.run("keys", "rotate-psk", "a", "bb")).toMatchObject({ status: 0 });
  expect(folder.read("warren.lock")).toContain('"a bb": 2');
});

test.each([
  [["rotate", "x"], 'there is no node "x"', "known are a, bb, c"],
  [["show", "x"], 'there is no node "x"', "known are a, bb, c"],
  [
    ["rotate", "c"],
    "the private key of c is kept elsewhere",
    "make a new one there, and write its public half into nodes.c.publicKey",
  ],
  [["rotate-psk", "a", "a"], "a pair has two nodes", "name two different ones"],
  [["rotate-psk", "a", "x"], 'there is no node "x"', "known are a, bb, c"],
])("keys refuses %j", async (words, message, fix) => {
  const folder = await renderedFolder();
  const before = folder.listing();
  const err = `warren: error usage: ${message}\n  ${fix}`;
  expect(await folder.run("keys", ...words)).toEqual({ status: 64, out: "", err });
  expect(folder.listing()).toEqual(before);
});

test("keys makes no new key before the first, nor a preshared one where the mesh has none", async () => {
  const folder = new MeshFolder(MESH);
  const before = Object.keys(folder.listing());
  expect(await folder.run("keys", "rotate", "a")).toEqual({
    status: 64,
    out: "",
    err: "warren: error usage: some nodes have no key yet\n  make the first ones: warren render",
  });
  expect(Object.keys(folder.listing())).toEqual(before);
  folder.write("warren.yaml", MESH.replace("name: clouds", "name: clouds, presharedKeys: false"));
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(folder.read("out/a/warren0.conf")).not.toContain("PresharedKey");
  expect(await folder.run("keys", "rotate-psk", "a", "bb")).toEqual({
    status: 64,
    out: "",
    err: "warren: error usage: the mesh has no preshared keys\n  remove presharedKeys: false from the network",
  });
});

const CLIENTS = `clients:
  phone: { via: a }
  tab: { via: [bb, a] }
  pad: { via: [a, bb], publicKey: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= }
`;

test("keys show tells clients' keys, and where they are made", async () => {
  const folder = new MeshFolder(MESH + CLIENTS);
  expect(await folder.run("qr", "tab", "--via", "a", "--keep-key")).toMatchObject({ status: 0 });
  const { publicKey } = folder.lock().clients["tab a"] ?? {};
  expect((await folder.run("keys")).out.split("\n").slice(3)).toEqual([
    "pad.a   xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    "pad.bb  xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    "phone   (made by warren qr phone)",
    `tab.a   ${publicKey}`,
    "tab.bb  (made by warren qr tab)",
  ]);
  const { out } = await folder.run("keys", "show", "tab", "--json");
  expect(JSON.parse(out)).toEqual([
    { client: "tab", via: "a", publicKey, keyFile: "tab.a.key" },
    { client: "tab", via: "bb" },
  ]);
  // A file that stayed behind when the key went elsewhere is nobody's.
  folder.write("keys/pad.a.key", folder.read("keys/a.key"));
  const { out: pad } = await folder.run("keys", "show", "pad", "--json");
  expect(pad).not.toContain("keyFile");
});

test("keys show prints a client's private key only where it is kept", async () => {
  const folder = new MeshFolder(MESH + CLIENTS);
  await folder.run("qr", "tab", "--via", "a", "--keep-key");
  await folder.run("qr", "phone");
  const key = folder.read("keys/tab.a.key").trim();
  expect(await folder.run("keys", "show", "tab.a", "--private")).toMatchObject({ out: key });
  const { out } = await folder.run("keys", "show", "tab.a", "--private", "--json");
  expect(JSON.parse(out)).toEqual([{ client: "tab", via: "a", privateKey: key }]);
  expect(await folder.run("keys", "show", "phone", "--private")).toEqual({
    status: 2,
    out: "",
    err: "warren: error cannot-read: the private key of phone is not here\n  it is on the device alone: warren qr phone --new-key --keep-key keeps another",
  });
});

test("keys rotate sends those who name a client to qr", async () => {
  const folder = new MeshFolder(MESH + CLIENTS);
  await folder.run("render");
  expect(await folder.run("keys", "rotate", "phone")).toEqual({
    status: 64,
    out: "",
    err: "warren: error usage: phone is a client, not a node\n  a new key for it: warren qr phone --new-key",
  });
});

test("keys rotate has a host that has its own key make another, and the old one stays until it has", async () => {
  const folder = await renderedFolder();
  const lock = folder.lock();
  const { publicKey = "" } = lock.nodes["a"] ?? {};
  const kept = { ...lock.nodes["a"], keyOnHost: true };
  folder.write("warren.lock", JSON.stringify({ ...lock, nodes: { ...lock.nodes, a: kept } }));
  fs.rmSync(folder.at("keys/a.key"));

  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  const conf = folder.read("out/a/warren0.conf");
  expect(conf).not.toContain("PrivateKey");
  expect(conf).toContain("PostUp = wg set %i private-key /etc/wireguard/%i.key");
  expect(folder.read("out/bb/warren0.conf")).toContain(publicKey);
  expect(folder.lock().nodes["a"]).toEqual(kept);
  expect((await folder.run("set", "bb", "keepalive=20")).out).toContain("now run warren push");

  expect(await folder.run("keys", "rotate", "a")).toEqual({
    status: 0,
    out: "a makes a new key on its host; run warren push",
    err: "",
  });
  const due = { ...kept, keyDue: true };
  expect(folder.lock().nodes["a"]).toEqual(due);
  const rotated = textsOf(folder.listing());
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("keys", "rotate", "a")).toMatchObject({ status: 0 });
  expect(changesSince(folder, rotated)).toEqual([]);
  expect(await folder.run("keys", "rotate", "bb")).toMatchObject({ status: 0 });
  expect(folder.lock().nodes["a"]).toEqual(due);

  // As a push that has heard from the host has it.
  const told = ELSEWHERE.replace("d", "e") as PublicKey;
  const { plan } = loadWorkspace(folder.at("warren.yaml"), {
    keys: "host",
    hostKeys: new Map([["a" as Name, told]]),
  });
  const after = plan?.lock.nodes.get("a" as Name);
  expect(after).toEqual({ addresses: [expect.anything()], publicKey: told, isKeyOnHost: true });
});
