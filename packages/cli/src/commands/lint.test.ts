/** Tests of check on somebody else's files: what it prints, and how it ends. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { makePrivateKey, publicKeyOf } from "@warren/crypto";

const examples = join(import.meta.dirname, "../../../../examples");

test.each(readdirSync(examples).filter((file) => file.endsWith(".yaml")))(
  "check PATH finds nothing in what render makes of examples/%s",
  async (file) => {
    const folder = new MeshFolder(readFileSync(join(examples, file), "utf8"));
    const { err } = await folder.run("render");
    // Clients have no files before they have keys.
    const clients = /^no file for (.*): /m.exec(err)?.[1]?.split(", ") ?? [];
    for (const name of clients) await folder.run("qr", name, "--keep-key");
    await folder.run("render");
    const said = await folder.run("check", folder.at("out"));
    expect(said).toMatchObject({ status: 0, err: "" });
    expect(said.out).toMatch(/^linted: \d devices, \d+ tunnels?, nothing wrong$/);
  },
);

/** Two hosts in a folder, of which the second expects another address of the first. */
function createMesh(listed = "10.0.0.11/32"): MeshFolder {
  const folder = new MeshFolder();
  const [a, b] = [makePrivateKey(), makePrivateKey()];
  mkdirSync(folder.at("mesh"), { mode: 0o700 });
  folder.write(
    "mesh/a.conf",
    `[Interface]
PrivateKey = ${a}
Address = 10.0.0.1/24

[Peer]
PublicKey = ${publicKeyOf(b)}
AllowedIPs = 10.0.0.2/32
Endpoint = b.example.com:51820
`,
  );
  folder.write(
    "mesh/b.conf",
    `[Interface]
PrivateKey = ${b}
Address = 10.0.0.2/24
ListenPort = 51820

[Peer]
PublicKey = ${publicKeyOf(a)}
AllowedIPs = ${listed}
`,
  );
  return folder;
}

test("check PATH says what is wrong, where, and what to write", async () => {
  const folder = createMesh();
  const before = folder.listing();
  const { status, out, err } = await folder.run("check", folder.at("mesh"));
  expect(status).toBe(2);
  expect(`${err}\n${out}`).toMatchInlineSnapshot(`
    "mesh/a.conf:8:12: warning keepalive-missing: "b" cannot dial back, and nothing is sent to keep the way open: a NAT closes it after some 30 s
      write PersistentKeepalive = 25
      the other place: mesh/b.conf:6:1
    mesh/b.conf:8:14: error path-one-way: packets of 10.0.0.1 come to "b" from "a", and are dropped: AllowedIPs for "a" does not hold them, and answers would not go there
      write AllowedIPs = 10.0.0.1/32
      the other place: mesh/a.conf:7:14
    linted: 2 devices, 1 tunnel, 1 error, 1 warning"
  `);
  expect(folder.listing()).toEqual(before);
});

test("check PATH ends with 0 when there are warnings alone, but with --strict", async () => {
  const folder = createMesh("10.0.0.1/32");
  expect(await folder.run("check", folder.at("mesh"))).toMatchObject({
    status: 0,
    out: "linted: 2 devices, 1 tunnel, 1 warning",
  });
  expect(await folder.run("check", folder.at("mesh"), "--strict")).toMatchObject({
    status: 2,
    out: "linted: 2 devices, 1 tunnel, 1 error",
  });
});

test("check PATH --json prints all findings with both places", async () => {
  const folder = createMesh();
  const { status, out, err } = await folder.run("check", folder.at("mesh"), "--json");
  expect({ status, err }).toEqual({ status: 2, err: "" });
  expect(JSON.parse(out)).toMatchObject([
    { code: "keepalive-missing", severity: "warning", file: "mesh/a.conf", line: 8 },
    {
      code: "path-one-way",
      severity: "error",
      file: "mesh/b.conf",
      line: 8,
      fix: "write AllowedIPs = 10.0.0.1/32",
      against: { file: "mesh/a.conf", line: 7 },
    },
  ]);
});

test("check PATH reads one file, and asks who may read it", async () => {
  const folder = createMesh("10.0.0.1/32");
  const file = folder.at("mesh", "b.conf");
  expect(await folder.run("check", file)).toMatchObject({
    status: 0,
    out: "linted: 1 device, 1 tunnel, nothing wrong",
  });
  chmodSync(folder.at("mesh"), 0o755);
  chmodSync(file, 0o644);
  const { err } = await folder.run("check", file);
  expect(err).toMatch(/^mesh\/b\.conf:1:1: warning world-readable: /);
});

test("check PATH says once of a table that everybody may read it", async () => {
  const folder = new MeshFolder();
  const rows = ["a", "b"].map((name, at) => `${name},10.0.0.${at + 1}/32,${makePrivateKey()}\n`);
  folder.write("mesh.csv", `Name,Address,PrivateKey\n${rows.join("")}`);
  chmodSync(folder.path, 0o755);
  chmodSync(folder.at("mesh.csv"), 0o644);
  const { err } = await folder.run("check", folder.at("mesh.csv"));
  expect(err.match(/^.*: warning world-readable: /gm)).toEqual([
    expect.stringMatching(/mesh\.csv:1:1: warning world-readable: $/),
  ]);
});

test("check PATH and import read the others where a link leads nowhere or round", async () => {
  const folder = createMesh("10.0.0.1/32");
  symlinkSync("nowhere", folder.at("mesh/c.conf"));
  symlinkSync("d.conf", folder.at("mesh/d.conf"));
  const checked = await folder.run("check", folder.at("mesh"));
  expect(checked).toMatchObject({
    status: 2,
    out: "linted: 2 devices, 1 tunnel, 2 errors, 1 warning",
  });
  const imported = await folder.run("import", folder.at("mesh"));
  for (const { err } of [checked, imported]) {
    expect(err).toMatch(/mesh\/c\.conf:1:1: error unreadable: the link leads nowhere$/m);
    expect(err).toMatch(
      /mesh\/d\.conf:1:1: error unreadable: cannot read: its links lead in a circle/m,
    );
  }
  expect(imported.status).toBe(2);
  expect(Object.keys(folder.listing()).join()).toContain("warren.yaml");
});

test("check PATH refuses what is not there", async () => {
  const folder = new MeshFolder();
  const { status, err } = await folder.run("check", folder.at("nowhere"));
  expect(status).toBeGreaterThan(0);
  expect(err).toContain("nowhere");
});

test("check PATH counts what is many times the same", async () => {
  const folder = new MeshFolder();
  for (let at = 0; at < 70; at += 1) {
    const key = makePrivateKey();
    folder.write(
      `n${at}.conf`,
      `[Interface]\nPrivateKey = ${key}\nAddress = 10.0.0.${at + 1}/24\n`,
    );
  }
  const { out, err } = await folder.run("check", folder.path);
  expect(out).toBe("linted: 70 devices, 0 tunnels, 70 warnings");
  expect(err.match(/nobody's peer$/gm)).toHaveLength(50);
  expect(err.split("\n").slice(-2)).toEqual([
    expect.stringMatching(/: warning node-alone: and 20 more like this$/),
    "  mend these first",
  ]);
});
