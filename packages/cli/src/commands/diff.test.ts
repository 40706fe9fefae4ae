/** Tests of what differs: between meshes, and between a mesh and what was rendered of it. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example }
  interface: { endpoint: c.example }
`;

async function renderedFolder(): Promise<MeshFolder> {
  const folder = new MeshFolder(MESH);
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  return folder;
}

test("diff() finds no difference after a render, wherever the folder is named from", async () => {
  const folder = await renderedFolder();
  const before = folder.listing();
  for (const output of [folder.at("out"), `${folder.path}/./out/`, `${folder.at("keys")}/../out`]) {
    expect(await folder.run("diff", "-o", output)).toEqual({
      status: 0,
      out: "no difference",
      err: "",
    });
  }
  expect(folder.listing()).toEqual(before);
});

test("diff() tells which lines of whose files the next render changes, and no secret", async () => {
  const folder = await renderedFolder();
  folder.write(
    "warren.yaml",
    MESH.replace("b.example", "b.example:999").replace("192.168.10.0", "192.168.11.0"),
  );
  await folder.run("keys", "rotate-psk", "a", "interface");
  expect(await folder.run("diff")).toMatchObject({ status: 0, err: "" });
  expect((await folder.run("diff")).out).toMatchInlineSnapshot(`
    "~ 3 devices with other files: a, b, interface
    ~ peer entries of b change on a, interface: Endpoint
    ~ peer entries of interface change on a: PresharedKey
    ~ peer entries of a change on b: AllowedIPs
    ~ peer entries of a change on interface: AllowedIPs, PresharedKey
    ~ rules change on a

    ~ a/warren0.conf
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = b.example:999
      ~ interface
        - PresharedKey = (hidden)
        + PresharedKey = (hidden)
    ~ a/warren0.nft
      ~ rules
        - 		ip daddr 192.168.10.0/24 accept
        - 		iifname "warren0" oifname != "warren0" ip daddr 192.168.10.0/24 masquerade
        + 		ip daddr 192.168.11.0/24 accept
        + 		iifname "warren0" oifname != "warren0" ip daddr 192.168.11.0/24 masquerade
    ~ b/warren0.conf
      ~ a
        - AllowedIPs = 10.0.0.1/32, 192.168.10.0/24
        + AllowedIPs = 10.0.0.1/32, 192.168.11.0/24
    ~ interface/warren0.conf
      ~ a
        - PresharedKey = (hidden)
        - AllowedIPs = 10.0.0.1/32, 192.168.10.0/24
        + PresharedKey = (hidden)
        + AllowedIPs = 10.0.0.1/32, 192.168.11.0/24
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = b.example:999
    4 files differ"
  `);
});

test("diff() says nothing of settings where somebody added a comment or a name", async () => {
  const folder = await renderedFolder();
  fs.appendFileSync(folder.at("out/a/warren0.conf"), "# seen by hand\n");
  expect((await folder.run("diff")).out).toMatchInlineSnapshot(`
    "~ 1 device with other files: a

    ~ a/warren0.conf
      ~ interface
        - # seen by hand
    1 file differs"
  `);
  await folder.run("render");
  fs.appendFileSync(folder.at("out/hosts"), "10.0.0.9 printer\n");
  expect((await folder.run("diff")).out).toMatchInlineSnapshot(`
    "~ hosts
      ~ names
        - 10.0.0.9 printer
    1 file differs"
  `);
});

test("diff() tells files that come and go", async () => {
  const folder = await renderedFolder();
  folder.write("warren.yaml", MESH.replace("  b:", "  bb:"));
  folder.write("out/b/foreign.conf", "not ours\n");
  expect((await folder.run("diff")).out).toMatchInlineSnapshot(`
    "~ 4 devices with other files: a, b, bb, interface
    + tunnels come: bb with a, interface
    - tunnels go: b with a, interface

    ~ a/warren0.conf
      - b
      + bb
    - b/warren0.conf
    + bb/warren0.conf
    ~ hosts
      ~ names
        - 10.0.0.2 b.clouds.internal b
        + 10.0.0.2 bb.clouds.internal bb
    ~ interface/warren0.conf
      - b
      + bb
    5 files differ"
  `);
  fs.rmSync(folder.at("out"), { recursive: true });
  expect((await folder.run("diff")).out).toContain("\n+ a/warren0.conf\n+ a/warren0.nft\n");
});

test("diff() compares two meshes by their locks, and reads no key", async () => {
  const folder = await renderedFolder();
  for (const [from, to] of [
    ["warren.yaml", "new.yaml"],
    ["warren.lock", "new.lock"],
  ] as const) {
    fs.copyFileSync(folder.at(from), folder.at(to));
  }
  fs.rmSync(folder.at("keys"), { recursive: true });
  expect(await folder.run("diff", folder.at("new.yaml"))).toEqual({
    status: 0,
    out: "no difference",
    err: "",
  });
  folder.write("new.yaml", MESH.replace("b.example", "b2.example"));
  const { out } = await folder.run("diff", folder.at("warren.yaml"), folder.at("new.yaml"));
  expect(out).toMatchInlineSnapshot(`
    "~ 2 devices with other files: a, interface
    ~ peer entries of b change on a, interface: Endpoint

    ~ a/warren0.conf
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = b2.example:51820
    ~ interface/warren0.conf
      ~ b
        - Endpoint = b.example:51820
        + Endpoint = b2.example:51820
    2 files differ"
  `);
  const { out: json } = await folder.run(
    "diff",
    folder.at("warren.yaml"),
    folder.at("new.yaml"),
    "--json",
  );
  expect((JSON.parse(json) as { files: unknown }).files).toEqual(
    ["a", "interface"].map((node) => ({
      file: `${node}/warren0.conf`,
      kind: "changed",
      blocks: [
        {
          name: "b",
          kind: "changed",
          removed: ["Endpoint = b.example:51820"],
          added: ["Endpoint = b2.example:51820"],
        },
      ],
    })),
  );
});

test("diff() prints the findings of both meshes as one list", async () => {
  const folder = new MeshFolder("nodes: 5\n");
  folder.write("new.yaml", "nodes: 6\n");
  const words = [folder.at("warren.yaml"), folder.at("new.yaml")];
  const { status, out } = await folder.run("diff", ...words, "--json");
  const list = JSON.parse(out) as { file: string; code: string }[];
  expect(status).toBe(2);
  expect(list.map(({ file, code }) => `${file} ${code}`)).toEqual([
    "warren.yaml missing-field",
    "warren.yaml wrong-type",
    "new.yaml missing-field",
    "new.yaml wrong-type",
  ]);
});

test("diff() refuses an output folder that is a file", async () => {
  const folder = await renderedFolder();
  expect(await folder.run("diff", "-o", folder.at("warren.lock"))).toEqual({
    status: 2,
    out: "",
    err: "warren.lock: error cannot-read: cannot read: a file stands where a folder is needed\n  move it away",
  });
});

test("diff() compares a copy without a lock by the other's lock", async () => {
  const folder = await renderedFolder();
  folder.write("old.yaml", MESH);
  const same = { status: 0, out: "no difference", err: "" };
  expect(await folder.run("diff", folder.at("old.yaml"))).toEqual(same);
  expect(await folder.run("diff", folder.at("warren.yaml"), folder.at("old.yaml"))).toEqual(same);
});

test("diff() sees that another network secret changes every preshared key", async () => {
  const folder = await renderedFolder();
  folder.write("old.yaml", MESH);
  const lock = folder.read("warren.lock");
  const other = `${"A".repeat(43)}=`;
  folder.write("old.lock", lock.replace(/("networkSecret": ")[^"]*/, `$1${other}`));
  const { out } = await folder.run("diff", folder.at("old.yaml"));
  expect(out).toContain("3 files differ");
  expect(out).toContain("+ PresharedKey = (hidden)");
});

test("diff() tells of networkd's units what it tells of wg-quick's files", async () => {
  const nodes =
    "nodes:\n  a: { endpoint: a.example, subnets: [10.1.0.0/16, 10.2.0.0/16] }\n  b: {}\n";
  const folder = new MeshFolder(`${NETWORK}${nodes}`);
  await folder.run("export", "networkd", "-o", folder.at("units"));
  folder.write(
    "warren.yaml",
    `${NETWORK}${nodes.replace("10.1.0.0", "10.3.0.0")}  c: { endpoint: c }\n`,
  );
  const { out } = await folder.run("diff", "--format", "networkd", "-o", folder.at("units"));
  expect(out).toMatchInlineSnapshot(`
    "~ 3 devices with other files: a, b, c
    + tunnels come: c with a, b
    ~ settings change on b: Destination
    ~ peer entries of a change on b: AllowedIPs
    ~ rules change on a

    ~ a/warren0.netdev
      + c
    ~ a/warren0.nft
      ~ rules
        - 		elements = { 10.1.0.0/16, 10.2.0.0/16 }
        - 		iifname "warren0" oifname != "warren0" ip daddr 10.1.0.0/16 masquerade
        + 		elements = { 10.3.0.0/16, 10.2.0.0/16 }
        + 		iifname "warren0" oifname != "warren0" ip daddr 10.3.0.0/16 masquerade
    ~ b/warren0.netdev
      ~ a
        - AllowedIPs = 10.0.0.1/32, 10.1.0.0/16, 10.2.0.0/16
        + AllowedIPs = 10.0.0.1/32, 10.2.0.0/16, 10.3.0.0/16
      + c
    ~ b/warren0.network
      ~ [Route]
        - Destination = 10.1.0.0/16
        + Destination = 10.3.0.0/16
    + c/warren0.netdev
    + c/warren0.network
    ~ hosts
      ~ names
        + 10.0.0.3 c.clouds.internal c
    7 files differ"
  `);
});

test("diff() sees that hooks change places", async () => {
  const folder = await renderedFolder();
  const hooked = (...hooks: readonly string[]): string =>
    MESH.replace(
      "{ endpoint: b.example }",
      `{ endpoint: b.example, hooks: { postUp: [${hooks.join()}] } }`,
    );
  folder.write("warren.yaml", hooked("one", "two"));
  await folder.run("render");
  folder.write("warren.yaml", hooked("two", "one"));
  const { out } = await folder.run("diff");
  expect(out).toContain("+ PostUp = two");
  expect(out).toContain("1 file differs");
});

test("diff() begins with what a change of the mesh does, and tells scripts the same", async () => {
  const folder = await renderedFolder();
  fs.copyFileSync(folder.at("warren.yaml"), folder.at("old.yaml"));
  const words = ["endpoint=d.example", "subnets=192.168.13.0/24"];
  expect(await folder.run("add", "d", ...words)).toMatchObject({ status: 0 });
  await folder.run("set", "b", "endpoint=b2.example", "mtu=1300");
  const { out } = await folder.run("diff", folder.at("old.yaml"), "--brief");
  expect(out).toMatchInlineSnapshot(`
    "+ node d comes, with 10.0.0.4, and behind it 192.168.13.0/24
    + d reaches a, b, interface, both ways
    ~ 4 devices with other files: a, b, d, interface
    + tunnels come: d with a, b, interface
    ~ settings change on b: MTU
    ~ peer entries of b change on a, interface: Endpoint
    ~ rules change on d
    6 files differ"
  `);
  expect((await folder.run("diff", "--brief")).out).toMatchInlineSnapshot(`
    "~ 4 devices with other files: a, b, d, interface
    + tunnels come: d with a, b, interface
    ~ settings change on b: MTU
    ~ peer entries of b change on a, interface: Endpoint
    ~ rules change on d
    6 files differ"
  `);
  const { out: json } = await folder.run("diff", folder.at("old.yaml"), "--json");
  expect(JSON.parse(json)).toMatchObject({
    added: [{ kind: "node", name: "d", addresses: ["10.0.0.4"] }],
    removed: [],
    reach: [{ from: ["d"], to: ["a", "b", "interface"], isMutual: true, after: "*" }],
    files: [{ file: "a/warren0.conf" }, {}, {}, {}, {}, {}],
  });
});

test("diff() of two meshes knows a node that has only another name", async () => {
  const folder = await renderedFolder();
  folder.write("new.yaml", MESH.replace("  b:", "  bb:"));
  const words = [folder.at("warren.yaml"), folder.at("new.yaml"), "--brief"];
  expect((await folder.run("diff", ...words)).out).toMatchInlineSnapshot(`
    "~ b is now called bb
    ~ new keys: bb
    ~ 3 devices with other files: a, bb, interface
    5 files differ"
  `);
});
