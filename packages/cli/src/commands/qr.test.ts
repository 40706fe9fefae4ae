/** Tests of clients' keys: made once, shown once, kept only when that is wished, and read by a camera. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import jsQR from "jsqr";
import { wgLack, WgSocket } from "../../../../tools/wg-socket.ts";
import { MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";
import { publicKeyOf } from "@warren/crypto";
import type { PrivateKey } from "@warren/core";

const MESH = `${NETWORK}nodes:
  a: { endpoint: 203.0.113.1, subnets: [192.168.10.0/24] }
  b: { endpoint: 203.0.113.2 }
clients:
  pad: { via: a, publicKey: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= }
  phone: { via: a, dns: true }
  tab: { via: [b, a], access: nodes }
`;

/** Modules of what a terminal shows, two in a character: true is dark. */
function modulesOf(shown: string): boolean[][] {
  const dark: Readonly<Record<string, readonly [boolean, boolean]>> = {
    "█": [false, false],
    "▀": [false, true],
    "▄": [true, false],
    " ": [true, true],
  };
  return shown.split("\n").flatMap((line) => {
    const cells = Array.from(line).map((cell) => dark[cell] ?? [false, false]);
    return [cells.map(([upper]) => upper), cells.map(([, lower]) => lower)];
  });
}

/** What a camera reads of a code that is shown, four pixels a module. */
function scan(shown: string): string {
  const modules = modulesOf(shown);
  const scale = 4;
  const width = (modules[0]?.length ?? 0) * scale;
  const pixels = new Uint8ClampedArray(width * modules.length * scale * 4).map((_, at) => {
    const [x, y] = [Math.floor(at / 4) % width, Math.floor(at / 4 / width)];
    const isDark = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
    return at % 4 === 3 || !isDark ? 255 : 0;
  });
  return jsQR.default(pixels, width, modules.length * scale)?.data ?? "";
}

function privateKeyIn(text: string): PrivateKey {
  return (/^PrivateKey = (.*)$/m.exec(text)?.[1] ?? "") as PrivateKey;
}

const REMINDER =
  "phone: new key, shown this once; now run warren render, and bring the files that change to their hosts, first to a";

test("qr shows a code whose key is that of the lock, and nowhere in the folder", async () => {
  const folder = new MeshFolder(MESH);
  const { status, out, err } = await folder.run("qr", "phone");
  expect({ status, err }).toEqual({ status: 0, err: `phone, through a:\n${REMINDER}` });
  const text = scan(out);
  const key = privateKeyIn(text);
  expect(publicKeyOf(key)).toBe(folder.lock().clients["phone a"]?.publicKey);
  expect(JSON.stringify(folder.listing())).not.toContain(key);
  expect(text).not.toContain("#");
  expect(Object.keys(textsOf(folder.listing())).filter((path) => /phone/.test(path))).toEqual([]);
  // Its node is told of it by the next render, with the same preshared key.
  await folder.run("render");
  const [, preshared = ""] = /^PresharedKey = (.*)$/m.exec(text) ?? [];
  expect(folder.read("out/a/warren0.conf")).toContain(
    `PresharedKey = ${preshared}\nAllowedIPs = 10.0.0.4/32\n`,
  );
});

test("qr shows what wg-quick strips and wg takes without a word", async (context) => {
  context.skip(wgLack() !== undefined, wgLack());
  const folder = new MeshFolder(MESH);
  folder.write("phone.conf", scan((await folder.run("qr", "phone")).out));
  fs.chmodSync(folder.at("phone.conf"), 0o600);
  const run = promisify(execFile);
  const { stdout, stderr } = await run("wg-quick", ["strip", folder.at("phone.conf")]);
  expect(stderr).toBe("");
  folder.write("stripped.conf", stdout);
  const socket = new WgSocket(`wq${process.pid}`);
  await socket.listen();
  const { words, body } = await socket.setconf(folder.at("stripped.conf"));
  await socket.close();
  expect(words).toBe("");
  const hex = (key = ""): string => Buffer.from(key, "base64").toString("hex");
  const allowed = body.split("\n").filter((line) => line.startsWith("allowed_ip="));
  expect(body).toContain(`private_key=${hex(privateKeyIn(stdout))}\n`);
  expect(body).toContain(`public_key=${hex(folder.lock().nodes["a"]?.publicKey)}\n`);
  expect(body).toContain("endpoint=203.0.113.1:51820\npersistent_keepalive_interval=25\n");
  expect(allowed).toEqual(["allowed_ip=10.0.0.0/24", "allowed_ip=192.168.10.0/24"]);
});

test("qr shows no key again, and makes another only when it is told to", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("qr", "phone");
  const before = folder.listing();
  const { address, publicKey } = lockedPhone(folder);
  expect(await folder.run("qr", "phone")).toEqual({
    status: 2,
    out: "",
    err: "warren: error cannot-read: the private key of phone is not kept here: it was shown when it was made\n  make another, which takes its place: warren qr phone --new-key",
  });
  expect(await folder.run("qr", "phone", "--keep-key")).toMatchObject({ status: 2 });
  expect(folder.listing()).toEqual(before);
  const { out, err } = await folder.run("qr", "phone", "--new-key");
  const after = lockedPhone(folder);
  expect(err).toContain(REMINDER);
  expect(after.publicKey).toBe(publicKeyOf(privateKeyIn(scan(out))));
  expect([after.address, after.publicKey === publicKey]).toEqual([address, false]);
});

function lockedPhone(folder: MeshFolder): {
  address: string | undefined;
  publicKey: string | undefined;
} {
  const { addresses, publicKey } = folder.lock().clients["phone a"] ?? {};
  return { address: addresses?.[0], publicKey };
}

test("qr keeps a key when it is told to, shows it as often as asked, and forgets it for a new one", async () => {
  const folder = new MeshFolder(MESH);
  const first = await folder.run("qr", "phone", "--keep-key");
  expect(first.err).toContain("phone: new key; now run warren render");
  expect(fs.statSync(folder.at("keys/phone.a.key")).mode & 0o777).toBe(0o600);
  expect(folder.read("keys/phone.a.key").trim()).toBe(privateKeyIn(scan(first.out)));
  const before = folder.listing();
  const again = await folder.run("qr", "phone");
  expect(again).toEqual({ status: 0, out: first.out, err: "phone, through a:" });
  expect(folder.listing()).toEqual(before);
  await folder.run("render");
  expect(folder.read("out/phone/warren0.conf")).toContain(privateKeyIn(scan(first.out)));
  const kept = await folder.run("qr", "phone", "--new-key", "--keep-key");
  expect(folder.read("keys/phone.a.key").trim()).toBe(privateKeyIn(scan(kept.out)));
  expect(kept.out).not.toBe(first.out);
  await folder.run("qr", "phone", "--new-key");
  expect(fs.existsSync(folder.at("keys/phone.a.key"))).toBe(false);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(fs.existsSync(folder.at("out/phone"))).toBe(false);
});

test("qr shows a code for each way in, each with a key and address of its own", async () => {
  const folder = new MeshFolder(MESH);
  const only = await folder.run("qr", "tab", "--via", "b");
  expect(only.err).toContain("tab.b, through b:\n");
  const rest = await folder.run("qr", "tab");
  expect(rest.status).toBe(0);
  expect(rest.err).toContain("the private key of tab.b is not kept here");
  expect(rest.err).toContain("tab.a, through a:");
  const { out } = await folder.run("qr", "tab", "--new-key");
  const lines = out.split("\n");
  const codes = [lines.slice(0, lines.length / 2), lines.slice(lines.length / 2)];
  const texts = codes.map((code) => scan(code.join("\n")));
  const { clients } = folder.lock();
  expect(texts.map((text) => publicKeyOf(privateKeyIn(text)))).toEqual([
    clients["tab a"]?.publicKey,
    clients["tab b"]?.publicKey,
  ]);
  expect(texts.map((text) => /^Address = (.*)$/m.exec(text)?.[1])).toEqual([
    "10.0.0.5/32",
    "10.0.0.6/32",
  ]);
});

test("qr writes a picture or a file for its owner alone, instead of showing anything", async () => {
  const folder = new MeshFolder(MESH);
  const [svg, conf] = [folder.at("phone.svg"), folder.at("phone.conf")];
  const { status, out, err } = await folder.run("qr", "phone", "--svg", svg, "--conf", conf);
  expect({ status, out }).toEqual({ status: 0, out: "" });
  expect(err).toContain("phone.svg: written; it holds the private key\nphone.conf: written;");
  for (const file of [svg, conf]) expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(folder.read("phone.svg")).toMatch(/^<svg .*<\/svg>\n$/);
  expect(folder.read("phone.conf")).toMatch(/^# Made by Warren.*\n# phone\n\[Interface\]\n/);
  expect(publicKeyOf(privateKeyIn(folder.read("phone.conf")))).toBe(lockedPhone(folder).publicKey);
});

test("qr prints a configuration or a picture instead of writing a file that is called -", async () => {
  const folder = new MeshFolder(MESH);
  const conf = await folder.run("qr", "phone", "--conf", "-");
  expect(conf).toMatchObject({ status: 0, err: REMINDER });
  expect(conf.out).toMatch(/^# Made by Warren.*\n# phone\n\[Interface\]\n/);
  expect(publicKeyOf(privateKeyIn(conf.out))).toBe(lockedPhone(folder).publicKey);
  const svg = await folder.run("qr", "phone", "--new-key", "--svg", "-");
  expect(svg).toMatchObject({ status: 0, err: REMINDER });
  expect(svg.out).toMatch(/^<svg .*<\/svg>$/);
  expect(fs.existsSync("-")).toBe(false);
  const both = await folder.run("qr", "phone", "--new-key", "--svg", "-", "--conf", "-");
  expect(both).toMatchObject({ status: 64, out: "" });
});

test("qr takes a way in by the name that its files have", async () => {
  const folder = new MeshFolder(MESH);
  const { status, err } = await folder.run("qr", "tab.b");
  expect(status).toBe(0);
  expect(err).toMatch(/^tab\.b, through b:\ntab\.b: new key/);
  expect(Object.keys(folder.lock().clients)).toContain("tab b");
  const { err: only } = await folder.run("qr", "phone.a");
  expect(only).toMatch(/^phone, through a:\n/);
});

test("qr writes over nothing, and makes no folder", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("render");
  const before = folder.listing();
  for (const words of [
    ["--conf", folder.at("warren.yaml")],
    ["--svg", folder.at("warren.lock")],
    ["--conf", folder.at("nowhere/phone.conf")],
    ["--conf", folder.at("x"), "--svg", folder.at("./x")],
  ]) {
    expect(await folder.run("qr", "phone", ...words)).toMatchObject({ out: "" });
    expect(folder.listing()).toEqual(before);
  }
});

test("qr and render refuse a kept key that another has taken the place of", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("qr", "phone", "--keep-key");
  const old = folder.read("keys/phone.a.key");
  await folder.run("qr", "phone", "--new-key");
  folder.write("keys/phone.a.key", old);
  expect(await folder.run("render")).toMatchObject({
    status: 2,
    err: expect.stringContaining("error key-retired:") as string,
  });
  expect(await folder.run("qr", "phone", "--new-key")).toMatchObject({ status: 0 });
  expect(await folder.run("render")).toMatchObject({ status: 0 });
});

test("qr prints the text, too, when it is told to", async () => {
  const folder = new MeshFolder(MESH);
  const { out } = await folder.run("qr", "phone", "--text");
  const text = out.slice(out.indexOf("# Made by Warren"));
  expect(scan(out.slice(0, -text.length - 1))).toBe(`${text.replaceAll(/^(#.*)?\n/gm, "")}\n`);
});

test.each([
  [["x"], 'there is no client "x"', "known are pad, phone, tab"],
  [["a"], 'there is no client "a"', "known are pad, phone, tab"],
  [
    ["pad"],
    "the private key of pad is kept elsewhere",
    "warren render writes its file; put the key in where that says so",
  ],
  [["x.a"], 'there is no client "x"', "known are pad, phone, tab"],
  [["phone.b"], 'phone does not enter through "b"', "known are a"],
  [["tab.a", "--via", "b"], 'there is no client "tab.a"', "known are pad, phone, tab"],
  [["phone", "--via", "b"], 'phone does not enter through "b"', "known are a"],
  [
    ["tab", "--svg", "x.svg"],
    "tab has several ways in, and a file holds one",
    "choose one of a, b with --via",
  ],
])("qr refuses %j", async (words, message, fix) => {
  const folder = new MeshFolder(MESH);
  await folder.run("render");
  const before = folder.listing();
  const err = `warren: error usage: ${message}\n  ${fix}`;
  expect(await folder.run("qr", ...words)).toEqual({ status: 64, out: "", err });
  expect(folder.listing()).toEqual(before);
});

test("qr makes no key for a configuration that no code holds, unless it becomes a file", async () => {
  const ranges = Array.from({ length: 180 }, (_, at) => `192.168.${at}.128/25`);
  const folder = new MeshFolder(MESH.replace("192.168.10.0/24", ranges.join(", ")));
  await folder.run("render");
  const before = folder.listing();
  expect(await folder.run("qr", "phone")).toEqual({
    status: 64,
    out: "",
    err: expect.stringMatching(
      /\nwarren: error usage: the configuration of phone has 3\d{3} bytes, and a QR code holds 2953\n {2}bring it as a file: --conf FILE; or let the client reach less: access: \[nodes\]$/,
    ) as string,
  });
  expect(folder.listing()).toEqual(before);
  const conf = folder.at("phone.conf");
  expect(await folder.run("qr", "phone", "--conf", conf)).toMatchObject({ status: 0 });
});
