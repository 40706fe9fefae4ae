/** The lab as people run it: real WireGuard between real namespaces, and nothing left of it afterwards. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LabRun, MAIN, reasonToSkip, startLab, TemporaryFolder } from "./lab-run.ts";
import { readMachine } from "./machine.ts";

const ALL_REACHED = "56 of 56 pairs reached";
const ONE_DOWN = "30 of 56 pairs reached";
/** The last that a lab says that stands. */
const STANDS = "warren up closes it";
const MOMENTS = 6;
const TYPE_MS = 20_000;
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

test("a standing lab can be looked into and changed with the commands it prints, until Ctrl-C", async () => {
  const lab = startLab(folder);
  await lab.until(STANDS);
  expect(type(lab, "wg show").match(/latest handshake/g)).toHaveLength(3);
  expect(type(lab, "warren node list clouds").match(/ current /g)).toHaveLength(4);
  expect(await openPage(lab)).toBe("ok\n");
  type(lab, "warren down");
  await lab.until(ONE_DOWN);
  const rows = readTable(lab.output).slice(-8);
  const nodes = rows.map(({ node }) => node);
  for (const [row, { node, cells }] of rows.entries()) {
    const expected = nodes.map((target, column) => {
      if (row === column) return "·";
      return node === "gcp" || target === "gcp" ? "✗" : "answer";
    });
    expect(cells.map((cell) => (/^\d/.test(cell) ? "answer" : cell))).toEqual(expected);
  }
  expect(look()).not.toEqual(before);
  lab.killGroup("SIGINT");
  expect({ status: await lab.status, errors: lab.errors }).toEqual({ status: 130, errors: "" });
  expect(look()).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("two labs stand side by side", async () => {
  const one = startLab(folder);
  await one.until(STANDS);
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
  await killed.until(STANDS);
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
  await shell.until(STANDS);
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
  await lab.until(STANDS);
  process.kill(childOf(lab.process.pid), "SIGKILL");
  expect(await lab.status).toBe(1);
  expect(lab.errors).toContain("the lab was ended from outside");
  await expect.poll(look, { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  expect(folder.content).toEqual([]);
});

test("a lab that hangs while it ends can still be interrupted", async () => {
  const lab = startLab(folder);
  await lab.until(STANDS);
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

/** What a line of the lab's directions prints, typed as it stands there. */
function type(lab: LabRun, end: string): string {
  const line = lab.output
    .split("\n")
    .find((each) => each.includes(` ${end}   #`) || each.includes(`/${end}   #`));
  const [program = "", ...words] = line?.replace(/#.*/, "").trim().split(" ") ?? [];
  return execFileSync(program, words, { encoding: "utf8", timeout: TYPE_MS });
}

/** The server's health, through the port of this machine that the lab's link leads to. */
async function openPage(lab: LabRun): Promise<string> {
  const [link = ""] = /https:\/\/127.0.0.1:\d+\//.exec(lab.output) ?? [];
  const [answer] = (await once(
    get(`${link}healthz`, { rejectUnauthorized: false }),
    "response",
  )) as [IncomingMessage];
  return await text(answer);
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

/** The first that it started: of a lab, its world. Not the lowest number: these begin anew at times. */
function childOf(pid: number | undefined): number {
  const words = ["-o", "pid=", "--sort", "start_time", "--ppid", String(pid)];
  const children = execFileSync("ps", words, { encoding: "utf8" });
  return Number(children.trim().split("\n")[0]);
}
