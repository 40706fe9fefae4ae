/** npm start: four clouds on one machine, joined by a server and real agents, and the measurement of who reaches whom. */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClouds } from "./clouds.ts";
import type { Cloud } from "./clouds.ts";
import { claimFolder, createFolder, removeFolder, removeStaleFolders } from "./folder.ts";
import { parseOptions, USAGE, type Options } from "./options.ts";
import { pingAll, shakeHands } from "./pings.ts";
import type { Ping } from "./pings.ts";
import { loadPlan } from "./plan.ts";
import type { CloudPlan } from "./plan.ts";
import { join as joinMesh, openPage, serverHost, startServer } from "./plane.ts";
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
const WARREN = fileURLToPath(new URL("../warren", import.meta.url));
/** As `warren` has it: what was compiled once starts three times as fast. */
const CACHE = fileURLToPath(new URL("../node_modules/.cache/compile", import.meta.url));
/** What agents and the server keep lies in here: on each host in a folder of its own. */
const LASTING = "/var/lib";
/** Between two looks at who reaches whom. */
const LOOK_MS = 4000;

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
      return run(request, listen());
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
  const plan = await loadPlan(MESH, folder);
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  const environment = {
    PATH: folders.filter(Boolean).join(delimiter),
    LC_ALL: "C",
    NODE_COMPILE_CACHE: CACHE,
  };
  const missing = await findMissing(environment);
  if (missing.length > 0) return printProof(plan.proof, missing);
  const world = await World.create(environment, signal);
  try {
    const lab = await build(world, plan, folder);
    const first = await measure(lab.clouds);
    if (options.once) return countReached(first) === first.length ? 0 : 1;
    process.stdout.write(printDirections(lab));
    // Who ends the world ends its pings, too: there is nothing to say of that.
    watch(lab.clouds, first, signal).catch(() => undefined);
    await Promise.race([once(signal, "abort"), world.ended]);
    throw new Error("the lab was ended from outside\n  start it again");
  } finally {
    await world.close();
  }
}

interface Lab {
  readonly server: Cloud;
  readonly clouds: readonly Cloud[];
  readonly network: string;
  /** For the browser of this machine. */
  readonly page: string;
}

async function build(world: World, { hosts, network }: CloudPlan, folder: string): Promise<Lab> {
  const step = createSteps();
  const drawn = [serverHost(join(folder, "server")), ...hosts];
  for (const host of drawn) mkdirSync(host.folder, { mode: 0o700 });
  const [server, ...clouds] = await step(
    `${hosts.length} clouds: a host each, a private network, a machine in it; and a server's host`,
    createClouds(world, drawn, { folder, place: LASTING }),
  );
  if (server === undefined) throw new Error("the server's host was not created");
  const invitation = await step(
    `server: warren server; warren apply -f examples/four-clouds.yaml`,
    startServer(server.host, MESH, network),
  );
  for (const {
    plan: { name },
    host,
  } of clouds) {
    await step(`${name}: warren join TOKEN --name ${name}`, joinMesh(host, name, invitation));
  }
  return { server, clouds, network, page: await openPage(server.host, invitation) };
}

/** Tells what is under way, and when it was done. */
function createSteps(): <T>(text: string, work: Promise<T>) => Promise<T> {
  const startedAtMs = performance.now();
  return async (text, work) => {
    report(text);
    const result = await work;
    report("");
    const seconds = (performance.now() - startedAtMs) / 1000;
    process.stdout.write(`${seconds.toFixed(1).padStart(5)} s  ${text}\n`);
    return result;
  };
}

async function measure(clouds: readonly Cloud[]): Promise<readonly Ping[]> {
  report("everybody pings everybody");
  await shakeHands(clouds);
  const pings = await pingAll(clouds);
  report("");
  print(pings);
  return pings;
}

/** Prints the table again whenever it is another pair that is not reached. */
async function watch(
  clouds: readonly Cloud[],
  first: readonly Ping[],
  signal: AbortSignal,
): Promise<void> {
  let known = first;
  while (!signal.aborted) {
    await setTimeout(LOOK_MS, undefined, { signal });
    const pings = await pingAll(clouds);
    const isSame = pings.every(
      ({ roundTripMs }, at) =>
        (roundTripMs === undefined) === (known[at]?.roundTripMs === undefined),
    );
    if (!isSame) print(pings);
    known = pings;
  }
}

/** Progress, for a terminal alone: one line that the next one replaces. */
function report(progress: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${progress}`);
}

function print(pings: readonly Ping[]): void {
  const colour = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
  process.stdout.write(
    `\nround trips in milliseconds, from the left to the top\n\n${printTable(pings, { colour })}\n${printSummary(pings)}\n`,
  );
}

/** Where to look, and what to try, while it stands. */
function printDirections({ server, clouds, network, page }: Lab): string {
  const sudo = process.env["SUDO_USER"] === undefined ? "" : "sudo ";
  const [first = server, last = first] = [clouds[0], clouds.at(-1)];
  const rows = [
    [server, `${WARREN} node list ${network}`, "all nodes, as the server knows them"],
    [first, `${WARREN} status`, "one node's tunnels"],
    [first, "wg show", "the same, by wg"],
    [last, `${WARREN} down`, "a gap, which the table shows; warren up closes it"],
  ] as const;
  const lines = rows.map(
    ([{ host, plan }, words, about]) =>
      `  ${sudo}nsenter -a -r -t ${host.pid} ${words}   # ${plan.name}: ${about}\n`,
  );
  return `
the page, by a link that signs in once; your browser does not know the server's own certificate:
  ${page}

from another terminal, until Ctrl-C ends it without a trace:
${lines.join("")}`;
}

/** Without a lab the same mesh is proven on paper. */
function printProof(proof: string, missing: readonly string[]): number {
  process.stdout.write(
    `${proof}\n\nnot run as real WireGuard, because this machine lacks:\n${missing.map((it) => `  ${it}\n`).join("")}`,
  );
  return 0;
}
