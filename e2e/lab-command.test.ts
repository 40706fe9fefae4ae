/** What the lab's command line does on every machine, whatever that lacks. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { LabRun, MAIN, startLab, TemporaryFolder, unprivileged } from "./lab-run.ts";

let folder: TemporaryFolder;

beforeEach(() => {
  folder = new TemporaryFolder();
});

afterEach(() => {
  folder.remove();
});

test("without the rights of root the mesh is proven, and the lack is named", async (ctx) => {
  const prefix = unprivileged();
  if (prefix === undefined) return ctx.skip("needs a checkout that every user can read");
  folder.open();
  const lab = new LabRun([...prefix, process.execPath, MAIN, "--once"], folder);
  expect({ status: await lab.status, errors: lab.errors }).toEqual({ status: 0, errors: "" });
  expect(lab.output).toMatch(/^proven: 4 nodes, 6 tunnels, 12 paths of 12/);
  expect(lab.output).toContain("the rights of root: sudo npm start");
  expect(lab.output).not.toContain("pairs reached");
  expect(folder.content).toEqual([]);
});

test("what the lab does not know it refuses with its usage", async () => {
  for (const words of [["--twice"], ["gcp"]]) {
    const lab = startLab(folder, ...words);
    expect(await lab.status).toBe(64);
    expect(lab.errors).toMatch(/usage: npm start/);
    expect(folder.content).toEqual([]);
  }
});

test("--help says what can be asked for", async () => {
  const lab = startLab(folder, "--help");
  expect(await lab.status).toBe(0);
  expect(lab.output).toMatch(/^usage: npm start/);
});
