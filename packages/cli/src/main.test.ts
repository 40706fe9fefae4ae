/** Tests of the command as a process: how it ends, and what it says when it cannot. */
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MAIN, MeshFolder, NETWORK, TEMPORARY } from "./cli-run.contract.ts";

/** Where Node keeps what it has compiled, so that not each process does it again. */
const cache = join(TEMPORARY, `warren-cli-cache-${process.pid}`);
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const MESH = `${NETWORK}nodes: { a: { endpoint: a.example }, b: {} }\n`;

test("main ends with the status of its command", async () => {
  const folder = new MeshFolder(MESH);
  const ends = await Promise.all([
    folder.spawn({ cache }, "check", "-f", folder.at("none.yaml")),
    folder.spawn({ cache }, "check", "--jsn"),
  ]);
  expect(ends.map(({ status }) => status)).toEqual([2, 64]);
});

test("main tells a script in JSON what the world refused", async () => {
  const folder = new MeshFolder(MESH);
  const words = ["check", "--json", "-f", folder.at("none.yaml")];
  const { status, out } = await folder.spawn({ cache }, ...words);
  const finding = { severity: "error", code: "cannot-read", file: "none.yaml", line: 1 };
  expect(status).toBe(2);
  expect(JSON.parse(out)).toMatchObject([finding]);
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
