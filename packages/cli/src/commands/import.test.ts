/** Tests of what import writes: files that render at once, with every key kept, and over nothing. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { lastingOf, MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";
import { makePrivateKey, publicKeyOf } from "@warren/crypto";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example:4500, listenPort: 4500, hooks: { postUp: logger up } }
  c: {}
clients:
  phone: { via: a, dns: true }
`;

/** A folder with what was rendered of a mesh in `old`, and nothing else. */
async function oldFolder(mesh = MESH): Promise<MeshFolder> {
  const folder = new MeshFolder(mesh);
  if (mesh.includes("phone")) await folder.run("qr", "phone", "--keep-key");
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  fs.renameSync(folder.at("out"), folder.at("old"));
  for (const name of ["keys", "warren.lock", "warren.yaml", "old/.gitignore"]) {
    fs.rmSync(folder.at(name), { recursive: true });
  }
  return folder;
}

/** What `import` is to leave, without the times. */
function modesOf(folder: MeshFolder): readonly string[] {
  const listing = Object.entries(folder.listing()).filter(([path]) => !path.startsWith("old"));
  return listing.map(([path, text]) => `${text.slice(0, 3)} ${path}`);
}

test("import writes a mesh whose files are those that it was made of", async () => {
  const folder = await oldFolder();
  expect(await folder.run("import", folder.at("old"))).toEqual({
    status: 0,
    out: "warren.yaml: written, with its lock and keys (nodes: 3, clients: 1, private keys: 4, preshared keys: 4); next: warren check, then warren render",
    err: "",
  });
  expect(modesOf(folder)).toMatchInlineSnapshot(`
    [
      "700 keys/",
      "644 keys/.gitignore",
      "600 keys/.writing",
      "600 keys/a.key",
      "600 keys/b.key",
      "600 keys/c.key",
      "600 keys/phone.a.key",
      "600 keys/preshared.secret",
      "644 warren.lock",
      "644 warren.yaml",
    ]
  `);
  expect(folder.read("warren.yaml").replace(`${folder.path}/`, "")).toMatchInlineSnapshot(`
    "# Imported from "old". Next: warren check, then warren render.
    network: { name: mesh, addresses: [10.0.0.0/24], interface: warren0, dns: clouds.internal }
    nodes:
      a: { address: 10.0.0.1, endpoint: a.example, subnets: [192.168.10.0/24] }
      b: { address: 10.0.0.2, endpoint: b.example, listenPort: 4500, hooks: { postUp: "logger up" } }
      c: { address: 10.0.0.3 }
    clients:
      phone: { via: a, dns: true, address: 10.0.0.4 }
    "
  `);
  expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  const texts = textsOf(folder.listing(), /\.(conf|nft)$/);
  for (const [path, text] of Object.entries(texts).filter(([path]) => path.startsWith("old/"))) {
    expect(texts[path.replace("old/", "out/")]).toBe(text);
  }
});

test("import writes over no mesh file, no lock and no key", async () => {
  for (const [name, text] of [
    ["warren.yaml", MESH],
    ["warren.lock", '{"version": 1, "nodes": {}}\n'],
    ["keys/a.key", `${makePrivateKey()}\n`],
    ["keys/preshared.secret", ""],
  ] as const) {
    const folder = await oldFolder();
    if (name.startsWith("keys/")) fs.mkdirSync(folder.at("keys"), { mode: 0o700 });
    folder.write(name, text);
    const before = lastingOf(folder.listing());
    const { status, err } = await folder.run("import", folder.at("old"));
    const why =
      name === "warren.yaml" ? "there is a file already" : "there is another file already";
    expect({ status, err: err.split("\n")[0] }).toEqual({
      status: 2,
      err: `${name}: error cannot-write: ${why}`,
    });
    expect(lastingOf(folder.listing())).toEqual(before);
  }
});

test("import names what it had to change, with the line, and writes all the same", async () => {
  const folder = new MeshFolder();
  const [a, b] = [makePrivateKey(), makePrivateKey()];
  fs.mkdirSync(folder.at("old"), { mode: 0o700 });
  const peer = (key: string): string => `[Peer]\nPublicKey = ${key}\n`;
  folder.write(
    "old/a.conf",
    `[Interface]\nPrivateKey = ${a}\nAddress = 10.0.0.1/24\n${peer(publicKeyOf(b))}AllowedIPs = 10.0.0.2/32\nEndpoint = b.example:51820\nPersistentKeepalive = 25\n`,
  );
  folder.write(
    "old/b.conf",
    `[Interface]\nPrivateKey = ${b}\nListenPort = 51820\nAddress = 10.0.0.2/24\nTable = vpn\n${peer(publicKeyOf(a))}AllowedIPs = 10.0.0.1/32\n`,
  );
  const { status, out, err } = await folder.run("import", folder.at("old"));
  expect({ status, err }).toMatchInlineSnapshot(`
    {
      "err": "old/b.conf:5:9: error named-table: Table "vpn" is a name, which each host looks up in its own list
      write the table's number
    old/b.conf:5:9: error field-lost: the table of b cannot be expressed, and is left out
      a hook can do it, or the host itself",
      "status": 2,
    }
  `);
  expect(out).toContain("warren.yaml: written");
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(folder.read("keys/a.key")).toBe(`${a}\n`);
  const before = fs.readFileSync(folder.at("warren.yaml"));
  fs.rmSync(folder.at("warren.yaml"));
  fs.rmSync(folder.at("warren.lock"));
  const json = await folder.run("import", folder.at("old"), "--json");
  expect(json).toMatchObject({ status: 2, err: "" });
  expect(JSON.parse(json.out)).toEqual([
    expect.objectContaining({ code: "named-table", line: 5, severity: "error" }),
    expect.objectContaining({ code: "field-lost", line: 5, severity: "error" }),
  ]);
  expect(fs.readFileSync(folder.at("warren.yaml"))).toEqual(before);
});

test("import makes a mesh of wg-meshconf's table that renders what wg-meshconf wrote", async () => {
  const folder = new MeshFolder();
  const columns =
    "Name,Address,Endpoint,AllowedIPs,ListenPort,PersistentKeepalive,FwMark,PrivateKey,DNS,MTU,Table,PreUp,PostUp,PreDown,PostDown,SaveConfig";
  const row = (...cells: readonly string[]): string => cells.map((cell) => `"${cell}"`).join(",");
  const rest = ["", "", "", "", "", "", "", ""];
  const keys = [makePrivateKey(), makePrivateKey(), makePrivateKey()] as const;
  const rows = [
    row("a", "10.0.0.1/32", "a.example", "192.168.1.0/24", "51820", "", "", keys[0], ...rest),
    row("b", "10.0.0.2/32", "b.example", "", "4500", "", "0x10", keys[1], ...rest),
    row("c", "10.0.0.3/32", "", "", "51820", "25", "", keys[2], ...rest),
  ];
  folder.write("database.csv", [columns, ...rows, ""].join("\n"));
  const { status, err } = await folder.run("import", folder.at("database.csv"));
  expect({
    status,
    said: err.split("\n").filter((line) => !line.startsWith("  ")),
  }).toMatchInlineSnapshot(`
    {
      "said": [
        "database.csv:2:6: warning addresses-differ: addresses of 3 devices have the length /32, and get /29: a, b, c",
        "database.csv:4:2: warning keepalive-differs: the keepalive of c is another towards a, b",
        "database.csv:4:34: warning keepalive-differs: the keepalive of a is another towards c",
        "database.csv:4:34: warning keepalive-differs: the keepalive of b is another towards c",
      ],
      "status": 2,
    }
  `);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  const c = folder.read("out/c/warren0.conf");
  expect(c.split("\n").filter((line) => /^(?:AllowedIPs|Endpoint|Persistent)/.test(line))).toEqual([
    "AllowedIPs = 10.0.0.1/32, 192.168.1.0/24",
    "Endpoint = a.example:51820",
    "PersistentKeepalive = 25",
    "AllowedIPs = 10.0.0.2/32",
    "Endpoint = b.example:4500",
    "PersistentKeepalive = 25",
  ]);
  for (const [at, name] of ["a", "b", "c"].entries()) {
    expect(folder.read(`keys/${name}.key`)).toBe(`${keys[at]}\n`);
  }
  expect(folder.read("warren.yaml")).not.toMatch(/[A-Za-z0-9+/]{43}=/);
});

test("import names rules of Warren's that the mesh does not make again", async () => {
  const policy = "policy: [{ from: a, to: [b, 192.168.10.0/24], ports: [tcp/22] }]\n";
  const folder = await oldFolder(MESH + policy);
  const { status, err } = await folder.run("import", folder.at("old"));
  expect(status).toBe(2);
  expect(err.split("\n").filter((line) => !line.startsWith("  "))).toMatchInlineSnapshot(`
    [
      "old/a/warren0.conf:8:10: error rules-lost: a loads old/a/warren0.nft, which lets through something else than the mesh does",
      "old/b/warren0.conf:8:10: error rules-lost: b loads a file of rules, which is not read: what it lets through is not in the mesh",
      "old/c/warren0.conf:8:10: error rules-lost: c loads a file of rules, which is not read: what it lets through is not in the mesh",
    ]
  `);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
});

test("import refuses a place where there is nothing", async () => {
  const folder = new MeshFolder();
  fs.mkdirSync(folder.at("old"));
  const before = lastingOf(folder.listing());
  expect(await folder.run("import", folder.at("old"))).toMatchObject({ status: 2, out: "" });
  expect(await folder.run("import", folder.at("none"))).toMatchObject({ status: 2, out: "" });
  expect(lastingOf(folder.listing())).toEqual(before);
});

test("import says that nothing was written, and why", async () => {
  const folder = new MeshFolder();
  folder.write("wg0.conf", "[Interface]\nAddress = 10.0.0.1/24\n");
  folder.write("picture.conf", "\0");
  const before = lastingOf(folder.listing());
  const { status, out, err } = await folder.run("import", folder.at("wg0.conf"));
  expect({ status, out, err }).toMatchInlineSnapshot(`
    {
      "err": "wg0.conf:1:1: warning no-private-key: there is no PrivateKey, and no hook that sets one
      write PrivateKey = and the key, or PostUp = wg set %i private-key and its file
    wg0.conf: error cannot-read: nothing was written: no device in it has a key
      add its PrivateKey, or give the files of those who list it, too",
      "out": "",
      "status": 2,
    }
  `);
  expect((await folder.run("import", folder.at("picture.conf"))).err).toMatchInlineSnapshot(`
    "picture.conf:1:1: error not-text: the file is not text
      save it as UTF-8, or take it away
    picture.conf: error cannot-read: nothing was written: there is no device in it
      name a folder of wg-quick files, or one file that describes a device or a mesh"
  `);
  expect(await folder.run("import", folder.at("wg0.conf"), "--json")).toMatchObject({
    status: 2,
    out: expect.stringContaining("no-private-key"),
    err: expect.stringContaining("nothing was written"),
  });
  expect(lastingOf(folder.listing())).toEqual(before);
});

test("import writes a private key that was pasted at a peer nowhere but into its own file", async () => {
  const folder = new MeshFolder();
  const [a, b] = [makePrivateKey(), makePrivateKey()];
  fs.mkdirSync(folder.at("old"), { mode: 0o700 });
  const file = (own: string, host: number, peer: string, other: number): string =>
    `[Interface]\nPrivateKey = ${own}\nAddress = 10.0.0.${host}/24\n[Peer]\nPublicKey = ${peer}\nAllowedIPs = 10.0.0.${other}/32\nEndpoint = h${other}.example:51820\n`;
  folder.write(
    "old/a.conf",
    `${file(a, 1, b, 2)}[Peer]\nPublicKey = ${b}\nAllowedIPs = 10.0.0.2/32\n`,
  );
  folder.write("old/b.conf", file(b, 2, publicKeyOf(a), 1));
  const { out, err } = await folder.run("import", folder.at("old"));
  expect(err).toContain("a.conf:9:13: error private-key-shown");
  expect(err).toContain("warren keys rotate b");
  const written = textsOf(folder.listing(), /^(?!old)/);
  const holders = Object.keys(written).filter((name) => (written[name] ?? "").includes(b));
  expect(holders).toEqual(["keys/b.key"]);
  expect(out + err).not.toContain(b);
});
