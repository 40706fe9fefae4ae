/** Which temporary folders a lab may remove. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimFolder, createFolder, removeStaleFolders } from "../lab/folder.ts";
import { TemporaryFolder } from "./lab-run.ts";

let parent: TemporaryFolder;
/** Some other process that runs. */
let other: ChildProcess;

beforeEach(async () => {
  parent = new TemporaryFolder();
  other = spawn("sleep", ["60"]);
  await once(other, "spawn");
});

afterEach(() => {
  other.kill();
  parent.remove();
});

test("createFolder() lets nobody else in", () => {
  const folder = createFolder(parent.path);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("removeStaleFolders() removes the folder of a process that is gone", () => {
  const folder = create(goneProcess());
  expect(removeStaleFolders(parent.path)).toEqual([folder]);
  expect(existsSync(folder)).toBe(false);
});

test("removeStaleFolders() removes a folder whose process number is another program's by now", () => {
  const folder = create(other.pid, "1");
  expect(removeStaleFolders(parent.path)).toEqual([folder]);
});

test("removeStaleFolders() keeps the folder of a lab that runs", () => {
  const stat = readFileSync(`/proc/${other.pid}/stat`, "utf8");
  create(other.pid, stat.split(" ")[21]);
  expect(removeStaleFolders(parent.path)).toEqual([]);
});

test("removeStaleFolders() keeps the folder of a lab that has just begun, and not claimed it yet", () => {
  create(other.pid);
  expect(removeStaleFolders(parent.path)).toEqual([]);
});

test("removeStaleFolders() keeps what is not a lab's, or another user's", (ctx) => {
  if (process.getuid?.() !== 0) ctx.skip("needs root to make another user's folder");
  const folder = create(goneProcess());
  chownSync(folder, 65534, 65534);
  mkdirSync(join(parent.path, "warren-lab-notes"));
  expect(removeStaleFolders(parent.path)).toEqual([]);
});

test("claimFolder() records when this process began", () => {
  const folder = createFolder(parent.path);
  claimFolder(folder);
  expect(readFileSync(join(folder, "started-at"), "utf8")).toMatch(/^\d+$/);
});

function create(pid: number | undefined, startedAt?: string): string {
  const folder = join(parent.path, `warren-lab-${pid}`);
  mkdirSync(folder);
  if (startedAt !== undefined) writeFileSync(join(folder, "started-at"), startedAt);
  return folder;
}

/** Process numbers end at 4194304 (PID_MAX_LIMIT): nobody has this one. */
function goneProcess(): number {
  return 4_194_305;
}
