/** The command as a process: killed at any moment, side by side with others, without a reader. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import {
  killAt,
  MAIN,
  MeshFolder,
  NETWORK,
  TEMPORARY,
  textsOf,
} from "../packages/cli/src/cli-run.contract.ts";
import { makePrivateKey } from "@warren/crypto";
import { runs } from "../tools/runs.ts";

/** Where Node keeps what it has compiled, so that not each process does it again. */
const cache = join(TEMPORARY, `warren-cli-cache-${process.pid}`);
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const MESH = `${NETWORK}nodes:\n  a: { endpoint: a.example }\n  b: { endpoint: b.example }\n  c: {}\n`;

/** 200 nodes around three that can be dialled, at another port each time. */
function meshOf(port: number): string {
  const hubs = ["x", "y", "z"].map(
    (name) => `  ${name}: { endpoint: "${name}.example:${port}" }\n`,
  );
  const nodes = Array.from({ length: 197 }, (_, at) => `  n${at}: {}\n`);
  return `network: { name: clouds, addresses: [10.0.0.0/16] }\nnodes:\n${[...hubs, ...nodes].join("")}`;
}

function isOfPort(port: number, text = ""): boolean {
  return text.includes(`.example:${port}\n`) && !text.includes(`.example:${port - 1}\n`);
}

test("render, killed at any moment, leaves every file whole, and the next run completes", async () => {
  let port = 1000;
  const folder = new MeshFolder(meshOf(port));
  await folder.run("render");
  let before = textsOf(folder.listing());
  // 200 files written, and 200 renamed.
  const moments = fc.integer({ min: 1, max: 400 });
  await fc.assert(
    fc.asyncProperty(moments, async (call) => {
      port += 1;
      folder.write("warren.yaml", meshOf(port));
      expect(await folder.spawn({ cache, preload: killAt(call) }, "render")).toMatchObject({
        signal: "SIGKILL",
      });
      const killed = textsOf(folder.listing());
      expect(await folder.run("render")).toMatchObject({ status: 0 });
      const after = textsOf(folder.listing());
      expect(Object.keys(after)).toEqual(Object.keys(before));
      const isWhole = (path: string): boolean => [before[path], after[path]].includes(killed[path]);
      expect(Object.keys(after).filter((path) => !isWhole(path))).toEqual([]);
      // A new port changes every node's file, not its length, and nothing that was given out.
      const isRight = (path: string): boolean =>
        path.endsWith(".conf")
          ? isOfPort(port, after[path]) && after[path]?.length === before[path]?.length
          : after[path] === before[path] || path === "warren.yaml";
      expect(Object.keys(after).filter((path) => !isRight(path))).toEqual([]);
      before = after;
    }),
    runs(2),
  );
});

test("ten renders at once end well, and give every node one key", async () => {
  const folder = new MeshFolder(MESH);
  const ends = await Promise.all(
    Array.from({ length: 10 }, () => folder.spawn({ cache }, "render")),
  );
  for (const end of ends) expect(end).toMatchObject({ status: 0, err: "" });
  expect(ends.map(({ out }) => out).sort()).toEqual([
    ...Array.from({ length: 9 }, () => "out: 0 files written, 5 unchanged"),
    "out: 11 files written, 0 unchanged",
  ]);
  expect(await folder.run("diff")).toMatchObject({ out: "no difference" });
});

const EDITED = `# clouds\n${NETWORK}nodes:\n  a: { endpoint: a.example }   # first\n  b: {}\n`;

interface Document {
  readonly nodes: Readonly<Record<string, unknown>>;
}

test("twenty adds at once keep twenty nodes, each with an address of its own", async () => {
  const folder = new MeshFolder(EDITED);
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
  const ends = await Promise.all(
    names.map((name) => folder.spawn({ cache }, "add", name, `endpoint=${name}.example`)),
  );
  for (const end of ends) expect(end).toMatchObject({ status: 0, err: "" });
  const { nodes } = parse(folder.read("warren.yaml")) as Document;
  expect(Object.keys(nodes).sort()).toEqual(["a", "b", ...names].sort());
  const given = Object.values(folder.lock().nodes).flatMap(({ addresses }) => addresses);
  expect(new Set(given).size).toBe(22);
  // What each was told is what it has.
  for (const [at, { out }] of ends.entries()) {
    const { addresses } = folder.lock().nodes[`n${at}`] ?? { addresses: [] };
    expect(out).toBe(`n${at}: added, with the address ${addresses[0]}; now run warren render`);
  }
  expect(folder.read("warren.yaml")).toContain(EDITED);
});

test.each([
  ["add", "c", "endpoint=c.example"],
  ["remove", "b"],
])("%s %s, killed at any moment, leaves the old or the new file", async (...words) => {
  // An address that nobody would be given who came today.
  const folder = new MeshFolder(EDITED.replace("b: {}", "b: { address: 10.0.0.9 }"));
  await folder.run("render");
  folder.write("warren.yaml", EDITED);
  const lock = folder.read("warren.lock");
  const restore = (): void => {
    folder.write("warren.yaml", EDITED);
    folder.write("warren.lock", lock);
    rmSync(folder.at("keys/c.key"), { force: true });
  };
  expect(await folder.run(...words)).toMatchObject({ status: 0 });
  const [after, locked] = [folder.read("warren.yaml"), folder.read("warren.lock")];
  const seen = new Set<string>();
  for (let call = 1; ; call += 1) {
    restore();
    const end = await folder.spawn({ cache, preload: killAt(call) }, ...words);
    seen.add(folder.read("warren.yaml"));
    expect([EDITED, after]).toContain(folder.read("warren.yaml"));
    expect([lock, locked]).toContain(folder.read("warren.lock"));
    if (end.signal === null) break;
    // Whoever is left has the address and the key from before.
    const isDone = folder.read("warren.yaml") === after;
    expect(await folder.run("render")).toMatchObject({ status: 0 });
    const { nodes } = folder.lock();
    const old = (JSON.parse(lock) as { nodes: typeof nodes }).nodes;
    const kept = isDone && words[0] === "remove" ? { a: old["a"] } : old;
    expect(nodes).toMatchObject(kept);
    expect(Object.keys(textsOf(folder.listing())).filter((path) => path.includes("-new"))).toEqual(
      [],
    );
  }
  expect([...seen]).toEqual([EDITED, after]);
});

test("import that is killed at any moment is completed by the next, with the same keys", async () => {
  const folder = new MeshFolder(`${NETWORK}nodes: { a: { endpoint: a.example }, b: {} }\n`);
  await folder.run("render");
  renameSync(folder.at("out"), folder.at("old"));
  const other = `PresharedKey = ${makePrivateKey()}`;
  const twin = folder.read("old/b/warren0.conf").replace(/PresharedKey = .*/, other);
  folder.write("old/b/warren0.conf", twin);
  let kills = 0;
  for (let call = 1; ; call += 1) {
    for (const name of ["keys", "warren.lock", "warren.yaml"]) {
      rmSync(folder.at(name), { recursive: true, force: true });
    }
    const words = ["import", folder.at("old")];
    const { signal } = await folder.spawn({ cache, preload: killAt(call) }, ...words);
    if (signal === null) break;
    kills += 1;
    const left = existsSync(folder.at("keys/preshared.secret"))
      ? folder.read("keys/preshared.secret")
      : undefined;
    const isWhole = existsSync(folder.at("warren.yaml"));
    const said = await folder.run("import", folder.at("old"));
    // Both keys differ: the new one is made once.
    const kept = folder.read("keys/preshared.secret");
    expect(left ?? kept).toBe(kept);
    expect(said.err).toContain(isWhole ? "there is a file already" : "preshared-keys-differ");
    expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
  }
  expect(kills).toBeGreaterThan(4);
});

test("add leaves a file alone that an editor saves at the same moment", async () => {
  const folder = new MeshFolder(EDITED);
  const preload = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const real = fs.writeFileSync;
    fs.writeFileSync = (file, ...rest) => {
      real(file, ...rest);
      if (file.includes(".warren.yaml")) real(${JSON.stringify(folder.at("warren.yaml"))}, "# mine\\n", { flag: "a" });
    };
    syncBuiltinESMExports();
  `;
  expect(await folder.spawn({ cache, preload }, "add", "c", "endpoint=c.example")).toMatchObject({
    status: 75,
    out: "",
    err: "warren.yaml: error busy: somebody else has changed the file meanwhile\n  run the command again",
  });
  expect(folder.read("warren.yaml")).toBe(`${EDITED}# mine\n`);
  expect(Object.keys(folder.listing())).toEqual(["warren.yaml"]);
});

test.each([0o000, 0o077])("files are for their owner alone under umask %o", async (umask) => {
  const folder = new MeshFolder(MESH);
  expect(await folder.spawn({ cache, preload: `process.umask(${umask})` }, "render")).toMatchObject(
    { status: 0 },
  );
  const found = Object.entries(folder.listing()).filter(([path]) =>
    /^(out|keys)\/(?!hosts$)([^.]|$)/.test(path),
  );
  expect(found).toHaveLength(12);
  for (const [path, text] of found) {
    expect(`${path} ${text.slice(0, 3)}`).toBe(`${path} ${path.endsWith("/") ? "700" : "600"}`);
  }
});

test("main is done in silence when its reader has seen enough", async () => {
  const prefixes = Array.from({ length: 8000 }, (_, at) => `10.${at >> 7}.${(at & 127) * 2}.0/24`);
  const child = spawn(process.execPath, [MAIN, "cidr", ...prefixes]);
  let err = "";
  child.stderr.on("data", (text) => (err += String(text)));
  child.stdout.once("data", () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect({ status, err }).toEqual({ status: 0, err: "" });
});

test("main speaks the language of its environment, and another when it is told to", async () => {
  const folder = new MeshFolder(`${NETWORK}nodes:\n  a: { endpoint: a.example }\n`);
  const chinese = { cache, environment: { LC_ALL: "zh_CN.UTF-8" } };
  const ends = await Promise.all([
    folder.spawn(chinese, "check"),
    folder.spawn(chinese, "check", "--lang", "en"),
    folder.spawn(chinese, "chek"),
  ]);
  expect(ends.map(({ out, err }) => `${out}${err}`)).toMatchInlineSnapshot(`
    [
      "已证明：1 个节点、0 条隧道、0 条路径（共 0 条）双向成立",
      "proven: 1 node, 0 tunnels, 0 paths of 0 hold both ways",
      "warren: 错误 usage: 没有命令 "chek"
      是不是 check？",
    ]
  `);
});

test("main says when it cannot print", async (context) => {
  context.skip(!existsSync("/dev/full"), "needs /dev/full, a disk that is always full");
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "cidr", "10.0.0.0/8"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr:
      "warren: error cannot-write: cannot print: no space is left\n  free some and run it again\n",
  });
});
