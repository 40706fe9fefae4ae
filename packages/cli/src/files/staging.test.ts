/** Tests of writing many files as one change, where the disk is full, read-only, or gone in between. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { TestContext } from "vitest";
import { lastingOf, MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";
import { staged, writeNamed } from "./staging.ts";
import type { Written } from "./staging.ts";

const FEW = `${NETWORK}nodes:\n  a: { endpoint: a.example }\n  b: {}\n`;
const MANY = `${FEW}${Array.from({ length: 20 }, (_, at) => `  n${at}: {}\n`).join("")}`;

/** Mounts a disk of so many pages on the folder until the end of the test; skips where that cannot be done. */
function mountDisk(context: TestContext, { path }: MeshFolder, pages: number): void {
  context.skip(process.getuid?.() !== 0, "needs root, to mount a small disk");
  const error = mount("-t", "tmpfs", "-o", `size=${pages * 4}k`, "tmpfs", path);
  context.skip(error !== "", `needs to mount a small disk: ${error}`);
  onTestFinished(() => void spawnSync("umount", ["--lazy", path]));
}

/** Nobody can write into the folder any more: root because of the disk, others because of its mode. */
function makeReadOnly(context: TestContext, { path }: MeshFolder): void {
  if (process.getuid?.() !== 0) {
    for (const each of [path, join(path, "keys"), join(path, "keys/.writing"), join(path, "out")]) {
      if (fs.existsSync(each)) fs.chmodSync(each, 0o500);
      onTestFinished(() => {
        if (fs.existsSync(each)) fs.chmodSync(each, 0o700);
      });
    }
    return;
  }
  const error = mount("--bind", path, path) || mount("-o", "remount,bind,ro", path);
  onTestFinished(() => void spawnSync("umount", ["--lazy", path]));
  context.skip(error !== "", `needs to mount a folder read-only: ${error}`);
}

function mount(...words: readonly string[]): string {
  const { status, stderr } = spawnSync("mount", [...words], { encoding: "utf8" });
  return status === 0 ? "" : `mount said ${stderr.trim()}`;
}

test("staged() knows a folder by all its names", () => {
  const folder = new MeshFolder();
  fs.mkdirSync(folder.at("real"));
  fs.symlinkSync("real", folder.at("link"));
  staged((staging) => {
    staging.put(folder.at("real/one"), "1", "everybody");
    staging.put(folder.at("link/two"), "2", "everybody");
  });
  expect(fs.readdirSync(folder.at("real"))).toEqual(["one", "two"]);
});

test("staged() leaves alone what another command has under way beside it", () => {
  const folder = new MeshFolder();
  staged((staging) => {
    staging.put(folder.at("x.lock"), "x", "everybody");
    staged((other) => {
      other.put(folder.at("y.lock"), "y", "everybody");
    });
  });
  expect(Object.keys(folder.listing())).toEqual(["x.lock", "y.lock"]);
});

test("staged() removes what a killed command left of the same file", () => {
  const folder = new MeshFolder();
  folder.write(".x.lock.warren-new", "half");
  staged((staging) => staging.put(folder.at("x.lock"), "x", "everybody"));
  expect(Object.keys(folder.listing())).toEqual(["x.lock"]);
});

test("writeNamed() writes to what is no plain file, and to where a link leads", () => {
  const folder = new MeshFolder();
  folder.write("real", "longer than that");
  fs.symlinkSync("real", folder.at("link"));
  fs.symlinkSync("new", folder.at("dangling"));
  writeNamed(folder.at("link"), "a", "everybody");
  writeNamed(folder.at("dangling"), "b", "owner");
  expect(fs.lstatSync(folder.at("link")).isSymbolicLink()).toBe(true);
  expect(["real", "new"].map((name) => fs.readFileSync(folder.at(name), "utf8"))).toEqual([
    "a",
    "b",
  ]);
  expect(fs.statSync(folder.at("new")).mode & 0o777).toBe(0o600);
});

test("staged() puts everything in its place, or takes everything back", () => {
  const folder = new MeshFolder(FEW);
  fs.mkdirSync(folder.at("empty"));
  const before = lastingOf(folder.listing());
  const plan = (end: () => void): Written =>
    staged((staging) => {
      staging.put(folder.at("warren.yaml"), "changed\n", "everybody");
      staging.put(folder.at("one/two/three.txt"), "secret\n", "owner");
      staging.put(folder.at("one/four/five.txt"), "secret\n", "owner");
      staging.put(folder.at("empty/six.txt"), "six\n", "everybody");
      staging.remove(folder.at("warren.yaml"));
      end();
    });
  const stop = (): void => {
    throw new Error("stop");
  };
  expect(() => plan(stop)).toThrow("stop");
  expect(lastingOf(folder.listing())).toEqual(before);
  expect(plan(() => {})).toMatchObject({ unchanged: 0, removed: [folder.at("warren.yaml")] });
  expect(Object.keys(folder.listing())).toEqual([
    "empty/",
    "empty/six.txt",
    "one/",
    "one/four/",
    "one/four/five.txt",
    "one/two/",
    "one/two/three.txt",
  ]);
});

test("render() changes nothing while the disk is full, however much of it fits", async (context) => {
  const folder = new MeshFolder();
  mountDisk(context, folder, 40);
  folder.write("warren.yaml", MANY);
  const results = new Set<number>();
  for (let pages = 5; pages < 60; pages += 5) {
    expect(mount("-o", `remount,size=${pages * 4}k`, folder.path)).toBe("");
    const before = lastingOf(folder.listing());
    const { status, err } = await folder.run("render");
    results.add(status);
    if (status === 0) break;
    expect(err).toMatch(
      /^\S+: error cannot-write: cannot write: no space is left\n {2}free some and run it again$/m,
    );
    expect({ pages, ...lastingOf(folder.listing()) }).toEqual({ pages, ...before });
  }
  expect([...results]).toEqual([2, 0]);
});

test("render() leaves what was rendered before as it is while the disk is full", async (context) => {
  const folder = new MeshFolder();
  mountDisk(context, folder, 20);
  folder.write("warren.yaml", FEW);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  const lock = folder.lock();
  folder.write("warren.yaml", MANY);
  const before = lastingOf(folder.listing());
  expect(await folder.run("render")).toMatchObject({ status: 2 });
  expect(lastingOf(folder.listing())).toEqual(before);
  expect(mount("-o", "remount,size=4m", folder.path)).toBe("");
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(folder.lock().nodes).toMatchObject(lock.nodes);
});

test("commands read from a read-only folder, and write nothing", async (context) => {
  const [fresh, rendered] = [new MeshFolder(FEW), new MeshFolder(FEW)];
  expect(await rendered.run("render")).toMatchObject({ status: 0 });
  rendered.write("warren.yaml", MANY);
  for (const folder of [fresh, rendered]) {
    makeReadOnly(context, folder);
    const before = folder.listing();
    for (const command of ["check", "trace a b", "diff", "keys show"]) {
      expect(await folder.run(...command.split(" "))).toMatchObject({ status: 0 });
    }
    for (const command of ["render", "keys rotate a", "keys rotate-psk a b", "init -f new.yaml"]) {
      const words = command.replace("new.yaml", folder.at("new.yaml")).split(" ");
      const { status, err } = await folder.run(...words);
      expect(status).toBe(2);
      expect(err).toMatch(
        /error cannot-write: cannot write.*: (the file system is read-only|permission denied)\n {2}\S/,
      );
    }
    expect(folder.listing()).toEqual(before);
  }
});

/** From the nth call that changes the disk on all of them fail: what they left is what a killed process leaves. */
function dieAt(call: number): void {
  let left = call;
  const counted = (write: () => void, writeHalf = (): void => {}): void => {
    left -= 1;
    if (left === 0) writeHalf();
    if (left <= 0) throw new Error("killed");
    write();
  };
  const { writeFileSync, renameSync, rmSync, rmdirSync, mkdirSync } = fs;
  vi.spyOn(fs, "writeFileSync").mockImplementation((file, text, options) => {
    const write = (part: typeof text): void => writeFileSync(file, part, options);
    counted(
      () => write(text),
      () => write("half"),
    );
  });
  vi.spyOn(fs, "renameSync").mockImplementation((...list) => counted(() => renameSync(...list)));
  vi.spyOn(fs, "rmSync").mockImplementation((...list) => counted(() => rmSync(...list)));
  vi.spyOn(fs, "rmdirSync").mockImplementation((...list) => counted(() => rmdirSync(...list)));
  vi.spyOn(fs, "mkdirSync").mockImplementation((path, options) => {
    counted(() => void mkdirSync(path, options));
    return undefined;
  });
  syncBuiltinESMExports();
}

function revive(): void {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
}

test.each([
  ["first", "", FEW],
  ["next", FEW, FEW.replace("a.example", "a2.example").replace("b:", "c:")],
])(
  "the %s render, gone at any moment, leaves every file whole and is completed by another",
  async (_, old, mesh) => {
    const moments = async (call: number): Promise<boolean> => {
      const folder = new MeshFolder(old === "" ? mesh : old);
      if (old !== "") await folder.run("render");
      const before = textsOf(folder.listing());
      folder.write("warren.yaml", mesh);
      dieAt(call);
      onTestFinished(revive);
      const { status } = await folder.run("render");
      revive();
      const killed = textsOf(folder.listing());
      expect(await folder.run("render")).toMatchObject({ status: 0 });
      const after = textsOf(folder.listing());
      expect(Object.keys(after).filter((path) => path.endsWith("-new"))).toEqual([]);
      for (const [path, text] of Object.entries(after)) {
        expect([before[path], text]).toContain(killed[path]);
        // What was given out stays: a key that is in its place, an address that is in the lock.
        const isGiven = /^keys\/[^.]|\.lock$/.test(path) && before[path] === undefined;
        expect(isGiven ? [text, undefined] : [killed[path]]).toContain(killed[path]);
      }
      return status === 0;
    };
    let call = 1;
    while (!(await moments(call))) call += 1;
    expect(call).toBeGreaterThan(10);
  },
);
