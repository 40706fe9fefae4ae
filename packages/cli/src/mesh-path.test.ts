/** Tests of check PATH on a mesh file: which files are one, and what is said of one that is not there. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "./cli-run.contract.ts";

const MESH = `# two hosts\n${NETWORK}nodes: { a: { endpoint: a.example }, b: {} }\n`;
const JSON_MESH = JSON.stringify({
  network: { name: "clouds", addresses: ["10.0.0.0/24"] },
  nodes: { a: { endpoint: "a.example" }, b: {} },
});

test.each([
  ["mesh.yaml", MESH],
  ["mesh.YML", MESH],
  ["mesh.json", JSON_MESH],
  ["mesh", MESH],
  ["mesh.json.bak", JSON_MESH],
  ["mesh.bak", JSON.stringify(JSON.parse(JSON_MESH), undefined, 2)],
])("isMeshPath() has check prove %s", async (name, text) => {
  const folder = new MeshFolder();
  folder.write(name, text);
  expect(await folder.run("check", folder.at(name))).toEqual({
    status: 0,
    out: "proven: 2 nodes, 1 tunnel, 2 paths of 2 hold both ways",
    err: "",
  });
});

test.each([
  ["a.conf", "[Interface]\nListenPort = 51820\n"],
  ["showconf", "[Interface]\nListenPort = 51820\n"],
  ["nodes.conf", "nodes: {}\n"],
])("isMeshPath() leaves %s to the lint", async (name, text) => {
  const folder = new MeshFolder();
  folder.write(name, text);
  const { out } = await folder.run("check", folder.at(name));
  expect(out).toMatch(/^linted: /);
});

test("isMeshPath() leaves folders and wg-gen-web's file to the lint", async () => {
  const folder = new MeshFolder();
  fs.mkdirSync(folder.at("old.yaml"));
  expect((await folder.run("check", folder.at("old.yaml"))).err).toContain("no WireGuard files");
  folder.write("server.json", "{}");
  expect((await folder.run("check", folder.at("server.json"))).out).toMatch(/^(linted: |$)/);
});

test.each(["loop.yaml", "loop"])("isMeshPath() leaves it to others to refuse %s", async (name) => {
  const folder = new MeshFolder();
  fs.symlinkSync(name, folder.at(name));
  expect(await folder.run("check", folder.at(name))).toMatchObject({
    status: 2,
    err: `${name}: error cannot-read: cannot read: its links lead in a circle
  name the file itself, or mend the link`,
  });
});

test("check PATH says where a mesh file comes from that is not there", async () => {
  const folder = new MeshFolder();
  const { status, err } = await folder.run("check", folder.at("nosuch.yaml"));
  expect(status).toBe(2);
  expect(err).toMatchInlineSnapshot(`
    "nosuch.yaml: error cannot-read: there is no such file
      name a mesh file with -f, or write a first one: warren init"
  `);
});
