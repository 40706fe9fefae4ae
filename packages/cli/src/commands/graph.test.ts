/** Tests of pictures from the command line: where they go, in which form, and that nothing else changes. */
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { createTerminal } from "../terminal/terminal.ts";
import { graph } from "./graph.ts";

const MESH = `network: { name: clouds, addresses: [10.0.0.0/24] }
nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example }
`;

test("graph() writes a picture into a folder of its own, and prints its path", async () => {
  const folder = new MeshFolder(MESH);
  const before = folder.listing();
  const { status, out, err } = await folder.run("graph");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatch(/\/warren-graph-\w+\/clouds\.svg$/);
  onTestFinished(() => rmSync(dirname(out), { recursive: true }));
  expect(readFileSync(out, "utf8")).toMatch(/^<svg [^]*<title>a\n[^]*<\/svg>\n$/);
  expect(folder.listing()).toEqual(before);
});

test("graph() opens the picture where somebody watches and a program opens files", async () => {
  const folder = new MeshFolder(MESH);
  folder.write("opener", `#!/bin/sh\necho "$1" > '${folder.at("opened")}'\n`);
  chmodSync(folder.at("opener"), 0o755);
  const { status, path, err } = await watched(folder, folder.at("opener"));
  expect({ status, err }).toEqual({ status: 0, err: "" });
  await vi.waitUntil(() => existsSync(folder.at("opened")) && folder.read("opened") !== "");
  expect(folder.read("opened").trim()).toBe(path);
});

test("graph() says what is missing where nothing opens files, and has printed the path", async () => {
  const folder = new MeshFolder(MESH);
  const { status, path, err } = await watched(folder, folder.at("nothing"));
  expect(status).toBe(0);
  expect(existsSync(path)).toBe(true);
  expect(err).toContain("to open it with: open it by hand, or name a file with -o");
});

test("graph() writes the same bytes wherever it is told to, and no lock and no keys", async () => {
  const folder = new MeshFolder(MESH);
  const printed = await folder.run("graph", "-o", "-");
  expect(await folder.run("graph", "-o", folder.at("a.svg"))).toEqual({
    status: 0,
    out: "",
    err: "a.svg: written",
  });
  expect(folder.read("a.svg").trimEnd()).toBe(printed.out);
  const before = folder.listing();
  await folder.run("graph", "-o", folder.at("a.svg"));
  expect(folder.listing()).toEqual(before);
  expect(Object.keys(before)).toEqual(["a.svg", "warren.yaml"]);
});

test("graph() overwrites nothing of the mesh, whatever a link calls it", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("render");
  symlinkSync("warren.lock", folder.at("link.svg"));
  symlinkSync("keys", folder.at("pictures"));
  const before = folder.listing();
  for (const name of ["warren.yaml", "link.svg", "keys/a.key", "pictures/a.key", "pictures/new"]) {
    const { status, err } = await folder.run("graph", "-o", folder.at(name));
    expect([status, err]).toEqual([64, expect.stringContaining("belongs to the mesh itself")]);
  }
  expect(folder.listing()).toEqual(before);
});

test("graph() prints DOT, and JSON that holds the same", async () => {
  const folder = new MeshFolder(MESH);
  expect((await folder.run("graph", "--format", "dot")).out).toMatch(/^graph "clouds" \{\n[^]*\}$/);
  const json = await folder.run("graph", "--format", "json");
  expect(JSON.parse(json.out)).toMatchObject({
    name: "clouds",
    counts: { tunnels: 1, carried: 0, apart: 0 },
    links: [{ between: ["a", "b"], kind: "public" }],
  });
});

test("graph() draws the addresses that were given out", async () => {
  const folder = new MeshFolder(MESH.replace("  a:", "  x: { address: 10.0.0.1 }\n  a:"));
  await folder.run("render");
  folder.write("warren.yaml", MESH);
  const { out } = await folder.run("graph", "--format", "json");
  expect(JSON.parse(out)).toMatchObject({
    nodes: [{ addresses: ["10.0.0.2"] }, { addresses: ["10.0.0.3"] }],
  });
});

test.each(["warren.yaml", "warren.lock", "keys/a.key"])(
  "graph() refuses to write over %s",
  async (name) => {
    const folder = new MeshFolder(MESH);
    await folder.run("render");
    const before = folder.listing();
    expect(await folder.run("graph", "-o", folder.at(name))).toEqual({
      status: 64,
      out: "",
      err: `warren: error usage: ${name} belongs to the mesh itself\n  choose another name for the picture`,
    });
    expect(folder.listing()).toEqual(before);
  },
);

test("graph() says what is wrong with a mesh instead of drawing it", async () => {
  const folder = new MeshFolder(MESH.replace("b.example", "a b"));
  const before = folder.listing();
  const said = await folder.run("graph", "-o", folder.at("a.svg"));
  expect(said).toMatchObject({ status: 2, out: "" });
  expect(said.err).toMatch(/^warren\.yaml:4:18: error /);
  expect(folder.listing()).toEqual(before);
});

/** The command as a person at a desktop sees it. */
async function watched(
  folder: MeshFolder,
  opener: string,
): Promise<{ readonly status: number; readonly path: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const stdout = { isTTY: true, write: (text: string) => (out += text) };
  const stderr = { isTTY: true, write: (text: string) => (err += text) };
  const terminal = createTerminal(stdout, stderr, { isColourWanted: false, opener });
  const status = await graph(terminal, { file: folder.at("warren.yaml"), format: "svg" });
  const path = out.trim();
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  return { status, path, err };
}

test("graph() draws the example of the README as the README shows it", async () => {
  const root = join(import.meta.dirname, "../../../..");
  const folder = new MeshFolder(readFileSync(join(root, "examples/regions.yaml"), "utf8"));
  const { status, out } = await folder.run("graph", "-o", "-");
  expect(status).toBe(0);
  // To draw it anew: ./warren graph -f examples/regions.yaml -o docs/regions.svg
  expect(out).toBe(readFileSync(join(root, "docs/regions.svg"), "utf8").trimEnd());
});
