/** npm start: four clouds on one machine, or any mesh, joined by real WireGuard, and the measurement of who reaches whom. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bringDown, bringUp, createClouds, type Cloud } from "./clouds.ts";
import { claimFolder, createFolder, removeFolder, removeStaleFolders } from "./folder.ts";
import { parseOptions, USAGE, type Options } from "./options.ts";
import { pingAll, shakeHands, type Ping } from "./pings.ts";
import { loadPlan } from "./plan.ts";
import { findMissing } from "./requirements.ts";
import { countReached, printSummary, printTable } from "./table.ts";
import { World } from "./world.ts";

/** The lab was told to end early: with this exit status. */
class Stopped extends Error {
  readonly status: number;

  constructor(status: number) {
    super("stopped");
    this.status = status;
  }
}

/** Exit statuses as shells give them: 128 + the signal's number. */
const STATUSES = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
const USAGE_STATUS = 64;
/** A terminal's Ctrl-C reaches us twice when npm passes its own on; a later one is impatience. */
const IMPATIENT_AFTER_MS = 2000;
const PARENT_CHECK_MS = 1000;
/** Where ip, nft and sysctl lie; "su" without "-" leaves them out. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

const MESH = fileURLToPath(new URL("../examples/four-clouds.yaml", import.meta.url));

process.exit(await main(process.argv.slice(2)));

async function main(words: readonly string[]): Promise<number> {
  const request = parseOptions(words);
  switch (request.kind) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "wrong":
      process.stderr.write(`${request.problem}\n${USAGE}`);
      return USAGE_STATUS;
    case "run":
      if (existsSync(request.mesh ?? MESH)) return run(request, listen());
      process.stderr.write(`there is no mesh file "${request.mesh}"\n${USAGE}`);
      return USAGE_STATUS;
  }
}

/** From here on nothing ends this process unprepared but kill -9, after which the kernel cleans up. */
function listen(): AbortSignal {
  const controller = new AbortController();
  let stoppedAtMs = Infinity;
  const stop = (status: number) => {
    if (Date.now() - stoppedAtMs > IMPATIENT_AFTER_MS) process.exit(status);
    stoppedAtMs = Math.min(stoppedAtMs, Date.now());
    controller.abort(new Stopped(status));
  };
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => stop(STATUSES[signal]));
  }
  // Whoever read our output has gone.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", () => stop(STATUSES.SIGPIPE));
  }
  // npm that is killed tells nobody; its orphans get another parent.
  const parent = process.ppid;
  const check = () => process.ppid !== parent && stop(STATUSES.SIGHUP);
  setInterval(check, PARENT_CHECK_MS).unref();
  return controller.signal;
}

async function run(options: Options, signal: AbortSignal): Promise<number> {
  try {
    const status = await proveOrMeasure(options, signal);
    signal.throwIfAborted();
    return status;
  } catch (error) {
    report("");
    if (signal.reason instanceof Stopped) return signal.reason.status;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function proveOrMeasure(options: Options, signal: AbortSignal): Promise<number> {
  for (const stale of removeStaleFolders(tmpdir())) {
    process.stderr.write(`removed ${stale}, left behind by a lab that was killed\n`);
  }
  const folder = createFolder(tmpdir());
  process.on("exit", () => removeFolder(folder));
  claimFolder(folder);
  const plan = await loadPlan(options.mesh ?? MESH, join(folder, "out"));
  const names = plan.hosts.map(({ name }) => name);
  if (options.stop !== undefined && !names.includes(options.stop)) {
    process.stderr.write(`there is no node "${options.stop}": there are ${names.join(", ")}\n`);
    return USAGE_STATUS;
  }
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  const environment = { PATH: folders.filter(Boolean).join(delimiter), LC_ALL: "C" };
  const missing = await findMissing(environment);
  if (missing.length > 0) return printProof(plan.proof, missing);
  const world = await World.create(environment, signal);
  try {
    report("building the clouds");
    const clouds = await createClouds(world, plan.hosts, folder);
    const pings = await measure(clouds, options);
    report("");
    print(clouds, pings, options);
    if (options.once) return countReached(pings) === pings.length ? 0 : 1;
    await Promise.race([once(signal, "abort"), world.ended]);
    throw new Error("the lab was ended from outside\n  start it again");
  } finally {
    await world.close();
  }
}

async function measure(clouds: readonly Cloud[], options: Options): Promise<readonly Ping[]> {
  report("starting WireGuard on every host");
  await Promise.all(clouds.map(bringUp));
  const stopped = clouds.filter(({ plan }) => plan.name === options.stop);
  await Promise.all(stopped.map(bringDown));
  report("waiting for handshakes");
  await shakeHands(clouds.filter((cloud) => !stopped.includes(cloud)));
  report("everybody pings everybody");
  return pingAll(clouds);
}

/** Progress, for a terminal alone: one line that the next one replaces. */
function report(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${progress}`);
}

function print(clouds: readonly Cloud[], pings: readonly Ping[], options: Options): void {
  const colour = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
  const stopped = options.stop === undefined ? "" : `; the tunnel of ${options.stop} is down`;
  process.stdout.write(
    `round trips in milliseconds, from the left to the top${stopped}\n\n${printTable(pings, { colour })}\n`,
  );
  if (!options.once) process.stdout.write(printDirections(clouds));
  process.stdout.write(`${printSummary(pings)}\n`);
}

/** Where to look while it stands. */
function printDirections(clouds: readonly Cloud[]): string {
  const sudo = process.env["SUDO_USER"] === undefined ? "" : "sudo ";
  const rows = clouds.map(
    ({ plan, host }) =>
      `  ${sudo}nsenter -a -r -t ${host.pid} wg show   # ${plan.name}: ${join(plan.folder, `${plan.interface}.conf`)}\n`,
  );
  return `look inside from another terminal, until Ctrl-C ends it without a trace:\n${rows.join("")}\n`;
}

/** Without a lab the same mesh is proven on paper. */
function printProof(proof: string, missing: readonly string[]): number {
  process.stdout.write(
    `${proof}\n\nnot run as real WireGuard, because this machine lacks:\n${missing.map((it) => `  ${it}\n`).join("")}`,
  );
  return 0;
}
