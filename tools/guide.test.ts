/** The guide, as its reader types it: what needs no other machine. The rest is run by e2e/guide.test.ts. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { blocksOf, GUIDE, judge, parsePage, readPage, writeScript } from "./guide.ts";
import type { Page } from "./guide.ts";

const names = readdirSync(GUIDE).filter((name) => name.endsWith(".md"));
const pages = names.filter((name) => !name.endsWith(".zh-CN.md"));

test.each(pages)("%s prints what it says", async (name) => {
  expect(await run(readPage(name))).toEqual([]);
});

async function run(page: Page): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "warren-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stage = { folder, hasHosts: false };
  const script = writeScript(page, stage);
  // A command that does not even parse ends the script; judge() sees what is missing.
  await promisify(execFile)("bash", [script], { env: {} }).catch(() => undefined);
  return judge(page, stage);
}
