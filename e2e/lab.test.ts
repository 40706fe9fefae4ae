/** The lab as people run it: real WireGuard between real namespaces, and nothing left of it afterwards. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LabRun, MAIN, reasonToSkip, startLab, TemporaryFolder } from "./lab-run.ts";
import { readMachine } from "./machine.ts";

const ALL_REACHED = "56 of 56 pairs reached";
const MOMENTS = 12;
/** How long the kernel may take to end what a killed lab held. */
const KERNEL_PATIENCE_MS = 2000;

let folder: TemporaryFolder;
let before: ReturnType<typeof readMachine>;

beforeEach((ctx) => {
  const reason = reasonToSkip();
  if (reason !== undefined) ctx.skip(reason);
  folder = new TemporaryFolder();
  before = look();
});

afterEach(() => {
  folder?.remove();
});

test("npm start joins four clouds, and nothing is left of them", async () => {
  const lab = startLab(folder, "--once");
  expect({ status: await lab.status, errors: lab.errors }).toEqual({ status: 0, errors: "" });
  expect(lab.lastLine).toBe(ALL_REACHED);
  expect(look()).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("npm start runs another mesh, with a network for each site", async () => {
  const mesh = join(import.meta.dirname, "../examples/regions.yaml");
  const lab = startLab(folder, "--once", mesh);
  expect({ status: await lab.status, errors: lab.errors }).toEqual({ status: 0, errors: "" });
  expect(lab.lastLine).toBe("20 of 20 pairs reached");
  expect(look()).toEqual(before);
});

test("--stop shows the gap in the node's rows and columns, and nowhere else", async () => {
  const lab = startLab(folder, "--once", "--stop", "gcp");
  expect(await lab.status).toBe(1);
  expect(lab.lastLine).toBe("30 of 56 pairs reached");
  const rows = readTable(lab.output);
  const nodes = rows.map(({ node }) => node);
  for (const [row, { node, cells }] of rows.entries()) {
    const expected = nodes.map((target, column) => {
      if (row === column) return "·";
      return node === "gcp" || target === "gcp" ? "✗" : "answer";
    });
    expect(cells.map((cell) => (/^\d/.test(cell) ? "answer" : cell))).toEqual(expected);
  }
  expect(look()).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("a standing lab can be entered with the command it prints, until Ctrl-C", async () => {
  const lab = startLab(folder);
  await lab.until(ALL_REACHED);
  const command = /nsenter .* wg show(?=.*# aws)/.exec(lab.output)?.[0] ?? "";
  const [program = "", ...words] = command.split(" ");
  const shown = execFileSync(program, words, { encoding: "utf8" });
  expect(shown.match(/latest handshake/g)).toHaveLength(3);
  expect(look()).not.toEqual(before);
  lab.killGroup("SIGINT");
  expect(await lab.status).toBe(130);
  expect(look()).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("two labs stand side by side", async () => {
  const one = startLab(folder);
  await one.until(ALL_REACHED);
  const ones = folder.content;
  const startedAt = readFileSync(join(folder.path, ones[0] ?? "", "started-at"), "utf8");
  expect(startedAt).toMatch(/^\d+$/);
  const other = startLab(folder, "--once");
  expect({ status: await other.status, errors: other.errors }).toEqual({ status: 0, errors: "" });
  expect(folder.content).toEqual(ones);
  one.killGroup("SIGTERM");
  expect(await one.status).toBe(143);
  expect(look()).toEqual(before);
});

test("SIGINT, SIGTERM and SIGHUP leave nothing behind at any moment", async () => {
  const signals = [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const;
  const moments = await spreadMoments();
  for (const [at, delayMs] of moments.entries()) {
    const [signal, interrupted] = signals[at % signals.length] ?? signals[0];
    const lab = startLab(folder, "--once");
    await interrupt(lab, signal, delayMs);
    // It may have been quicker this time, and done.
    const status = lab.lastLine === ALL_REACHED ? await lab.status : interrupted;
    const left = { status: await lab.status, errors: lab.errors, folder: folder.content };
    expect({ delayMs, ...left }).toEqual({ delayMs, status, errors: "", folder: [] });
    expect(look()).toEqual(before);
  }
});

test("after kill -9 the kernel cleans up, and the next lab removes the folder", async () => {
  for (const delayMs of (await spreadMoments()).filter((_, at) => at % 2 === 0)) {
    await interrupt(startLab(folder, "--once"), "SIGKILL", delayMs);
    await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  }
  const killed = startLab(folder);
  await killed.until(ALL_REACHED);
  killed.process.kill("SIGKILL");
  await killed.status;
  await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  const left = folder.content;
  expect(left).toHaveLength(1);
  const next = startLab(folder, "--once");
  expect(await next.status).toBe(0);
  expect(next.errors).toBe(
    `removed ${folder.path}/${left[0]}, left behind by a lab that was killed\n`,
  );
  expect(folder.content).toEqual([]);
});

test("a lab whose parent is killed ends, too", async () => {
  const shell = new LabRun(["sh", "-c", '"$@"; :', "sh", process.execPath, MAIN], folder);
  await shell.until(ALL_REACHED);
  shell.process.kill("SIGKILL");
  await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  await expect.poll(() => folder.content).toEqual([]);
});

test("a lab whose reader is gone ends, too", async () => {
  const lab = startLab(folder);
  lab.process.stdout?.destroy();
  expect(await lab.status).toBe(141);
  expect(look()).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("a lab whose world is ended from outside says so", async () => {
  const lab = startLab(folder);
  await lab.until(ALL_REACHED);
  process.kill(childOf(lab.process.pid), "SIGKILL");
  expect(await lab.status).toBe(1);
  expect(lab.errors).toContain("the lab was ended from outside");
  await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("a lab that hangs while it ends can still be interrupted", async () => {
  const lab = startLab(folder);
  await lab.until(ALL_REACHED);
  const init = childOf(childOf(lab.process.pid));
  process.kill(init, "SIGSTOP");
  const impatience = setInterval(() => lab.killGroup("SIGINT"), 250);
  expect(await lab.status).toBe(130);
  clearInterval(impatience);
  expect(folder.content).toEqual([]);
  process.kill(init, "SIGCONT");
  await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
});

function look(): ReturnType<typeof readMachine> {
  return readMachine(folder.path);
}

/** Delays after the start, spread evenly over the time a whole run takes here. */
async function spreadMoments(): Promise<readonly number[]> {
  const startedAtMs = performance.now();
  await startLab(folder, "--once").status;
  const wholeMs = performance.now() - startedAtMs;
  return Array.from({ length: MOMENTS }, (_, at) => Math.round((wholeMs * (at + 0.2)) / MOMENTS));
}

/** The moment itself is what is tested: this is the one place that waits for time to pass. */
async function interrupt(lab: LabRun, signal: NodeJS.Signals, delayMs: number): Promise<void> {
  const kill = () => (signal === "SIGKILL" ? lab.process.kill(signal) : lab.killGroup(signal));
  const timer = setTimeout(kill, delayMs);
  await lab.status;
  clearTimeout(timer);
}

interface Row {
  readonly node: string;
  readonly cells: readonly string[];
}

function readTable(output: string): readonly Row[] {
  const lines = output.split("\n").filter((line) => / (node|machine) +\d/.test(line));
  return lines.map((line) => {
    const [node = "", _kind, _address, ...cells] = line.split(/ +/);
    return { node, cells };
  });
}

function childOf(pid: number | undefined): number {
  return Number(execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" }));
}
