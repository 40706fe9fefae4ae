/** An agent's files and lock, when the process that has them is killed. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { NetworkFiles } from "@warren/agent";
import { AppError, entriesOf, hashOf } from "@warren/api";
import type { Name } from "@warren/core";
import { digest } from "@warren/crypto";
import { killAt } from "../packages/cli/src/cli-run.contract.ts";
import { sampleOf, sampleSecrets } from "../tools/sample.ts";

const CLOUDS = "clouds" as Name;
const MODULE = join(import.meta.dirname, "../packages/agent/src/mod.ts");

test("writeDevice(), killed at any moment, leaves the old device or the new one", () => {
  const base = makeFolder();
  const files = new NetworkFiles(base, CLOUDS);
  const text = JSON.stringify({ ...deviceAt(1), entries: [...deviceAt(1).entries] });
  const revs = new Set<number | undefined>();
  files.writeDevice(deviceAt(1));
  for (let call = 1; call <= 12; call += 1) {
    const script = `
      import { NetworkFiles } from ${JSON.stringify(MODULE)};
      const device = JSON.parse(${JSON.stringify(text)});
      const files = new NetworkFiles(${JSON.stringify(base)}, "clouds");
      const entries = new Map(device.entries);
      for (let rev = 1; ; rev += 1) files.writeDevice({ ...device, rev: ${call} * 100 + rev, entries });`;
    const preload = `data:text/javascript,${encodeURIComponent(killAt(call))}`;
    const words = ["--import", preload, "--input-type=module", "-e", script];
    expect(spawnSync(process.execPath, words).signal).toBe("SIGKILL");
    const { device, trouble } = files.readDevice();
    expect(trouble).toBeUndefined();
    revs.add(device?.rev);
    expect(readdirSync(files.folder).filter((name) => name.endsWith(".bad"))).toEqual([]);
  }
  // Some were killed before the first was whole, others after that.
  expect(revs.size).toBeGreaterThan(2);
  files.writeDevice(deviceAt(2));
  expect(readdirSync(files.folder)).toEqual(["device.json"]);
});

test("lock() is another's as soon as the process that held it is killed", async () => {
  const base = makeFolder();
  const script = `
    import { NetworkFiles } from ${JSON.stringify(MODULE)};
    globalThis.lock = new NetworkFiles(${JSON.stringify(base)}, "clouds").lock();
    process.stdout.write("held");
    setInterval(() => {}, 1000);`;
  const words = ["--input-type=module", "-e", script];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const files = new NetworkFiles(base, CLOUDS);
  expect(() => files.lock()).toThrow(AppError);
  child.kill("SIGKILL");
  await once(child, "exit");
  files.lock().close();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "warren-agent-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function deviceAt(rev: number) {
  const { devices } = sampleOf(
    "network: { name: clouds, addresses: [10.0.0.0/24] }\nnodes: { a: {}, b: { endpoint: b.example } }",
  );
  const [device] = devices;
  if (device === undefined) throw new Error("the sample has no device");
  const entries = entriesOf(device, (id) => sampleSecrets.presharedKey(id));
  return { epoch: "first", rev, hash: hashOf(entries, digest), entries };
}
