/** Tests of the command as a process: how it ends. What kills it, or takes longer, is e2e/process.test.ts. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { MeshFolder, NETWORK, TEMPORARY } from "./cli-run.contract.ts";

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
