/** warren push: brings the mesh to its hosts over SSH, from nothing to running, and back. */
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { printFindings } from "../findings.ts";
import { staged } from "../files/staging.ts";
import { createSecrets } from "../keys/key-ring.ts";
import { findClones } from "../push/clones.ts";
import { HostRun } from "../push/host-run.ts";
import { bringable, materialsOf, payloadOf } from "../push/payload.ts";
import { columnOf, jsonOf, printRun } from "../push/report.ts";
import { keyCloned, nodeGone } from "../push/troubles.ts";
import { isAllReached, printVerdict, printablePairs } from "../remote/probe-report.ts";
import { pairsOf, probeAll } from "../remote/probing.ts";
import type { Probed } from "../remote/probing.ts";
import { chooseNodes } from "../remote/hosts.ts";
import { Connections, inParallel, sshTargetOf } from "../remote/ssh.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn, countOf } from "../terminal/words.ts";
import { loadWorkspace } from "../workspace.ts";
import type { Plan } from "../workspace.ts";
import { printRecords, stageKeys, writeBeside } from "../writing.ts";
import { printJson } from "./plan.ts";

export interface PushOptions {
  readonly file: string;
  readonly json: boolean;
  readonly strict: boolean;
  readonly dryRun: boolean;
  readonly remove: boolean;
  /** Whether a removal from all hosts is meant. */
  readonly all: boolean;
  readonly anyway: boolean;
  readonly within: number;
  readonly parallel: number;
}

/** 2 when a host is not as the mesh says; the others are. */
export async function push(
  terminal: Terminal,
  names: readonly string[],
  options: PushOptions,
): Promise<number> {
  refuseVagueRemoval(names, options);
  const { findings, plan } = loadWorkspace(options.file, {
    keys: "private",
    isStrict: options.strict,
  });
  if (plan === undefined || !options.json) printFindings(terminal, findings, options);
  if (plan === undefined) return 2;
  const connections = new Connections();
  const stop = (): void => {
    connections.abandon();
    terminal.say(
      core.say`interrupted: a host that was being changed finishes it, or undoes it within ${options.within} s; run it again to go on`,
    );
    process.kill(process.pid, "SIGINT");
  };
  process.once("SIGINT", stop);
  try {
    const { within, anyway: isForced } = options;
    const runs = chooseNodes(plan.mesh, names).map((node) => {
      const remote = connections.host(sshTargetOf(node));
      return new HostRun(node, remote, { within, isForced, isRemoval: options.remove });
    });
    const work = options.remove ? remove : options.dryRun ? look : bring;
    const after = await work(terminal, { plan, runs, options });
    const isLeft = options.remove || options.dryRun;
    const probed = isLeft ? undefined : await verify(terminal, { plan: after, runs, options });
    report(terminal, { plan: after, runs, options }, probed);
    const isReached = probed === undefined || isAllReached(probed);
    return isReached && runs.every(({ isWell }) => isWell) ? 0 : 2;
  } finally {
    process.off("SIGINT", stop);
    await connections.close();
  }
}

/** A word too few would take the whole mesh down. */
function refuseVagueRemoval(
  names: readonly string[],
  { remove: isRemoval, all, dryRun, file }: PushOptions,
): void {
  if (!isRemoval || all || dryRun || names.length > 0) return;
  const fix = core.say`name the hosts; or say that all of them are meant: ${commandOn(file, "push --remove --all")}`;
  throw new AppError("usage", core.say`--remove says not from which hosts`, { fix });
}

interface Job {
  readonly plan: Plan;
  readonly runs: readonly HostRun[];
  readonly options: PushOptions;
}

/** All hosts at once, as many as may be; those in trouble are left alone. */
async function each(
  terminal: Terminal,
  { runs, options }: Job,
  what: core.Phrase,
  work: (run: HostRun) => Promise<void>,
): Promise<void> {
  const able = runs.filter(({ isWell }) => isWell);
  let done = 0;
  terminal.progress(core.say`${what}: ${done} of ${able.length}`);
  await inParallel(able, options.parallel, async (run) => {
    await work(run);
    done += 1;
    terminal.progress(core.say`${what}: ${done} of ${able.length}`);
  });
}

/** What a push would do; keys that are still to be made stand for others. */
async function look(terminal: Terminal, job: Job): Promise<Plan> {
  const { plan } = job;
  const materials = materialsOf(createSecrets(plan.keys));
  await each(terminal, job, core.say`looking`, async (run) => {
    const device = deviceOf(plan, run.node);
    await run.survey(device);
    if (!run.isWell) return;
    await run.plan(device, payloadOf(device, materials, run.serviceManager), isKeyDue(plan, run));
  });
  return plan;
}

/** Everything that all hosts need before any of them is changed: tools, keys, and the lock that knows them. */
async function bring(terminal: Terminal, job: Job): Promise<Plan> {
  const { plan, runs } = job;
  await each(terminal, job, core.say`looking`, (run) => run.survey(deviceOf(plan, run.node)));
  const told = new Map<core.Name, core.PublicKey>();
  await each(terminal, job, core.say`preparing`, async (run) => {
    const device = deviceOf(plan, run.node);
    for (const name of await run.install(device)) {
      terminal.say(core.say`${run.node.name}: installed ${name}`);
    }
    const isDue = isKeyDue(plan, run);
    // A host that has nothing of ours may have lost its key with all else.
    const isLost = run.isBare && plan.lock.nodes.get(run.node.name)?.isKeyOnHost === true;
    const isMissing = plan.keys.missing.has(run.node.name);
    if (!run.isWell || !(isDue || isLost || isMissing)) return;
    const key = await run.makeKey(device, isDue);
    if (key !== undefined) told.set(run.node.name, key);
  });
  const hostKeys = withoutClones(job, told);
  // Nothing to bring: then nothing is written, either.
  if (runs.every(({ isWell }) => !isWell)) return plan;
  const keyed = record(terminal, job.options, hostKeys);
  for (const run of runs) if (!keyed.index.byName.has(run.node.name)) run.refuse(nodeGone());
  const materials = materialsOf(createSecrets(keyed.keys));
  await each(terminal, job, core.say`bringing`, async (run) => {
    const own = deviceOf(keyed, run.node);
    await run.apply(own, payloadOf(own, materials, run.serviceManager));
  });
  return keyed;
}

/** Whoever tells another's key is left alone; of two that are new, the first has it. */
function withoutClones(
  { plan, runs }: Job,
  told: ReadonlyMap<core.Name, core.PublicKey>,
): ReadonlyMap<core.Name, core.PublicKey> {
  const inOrder = new Map(
    runs.flatMap(({ node: { name } }) => {
      const key = told.get(name);
      return key === undefined ? [] : [[name, key] as const];
    }),
  );
  const clones = findClones(inOrder, plan.keys);
  for (const run of runs) {
    const owner = clones.get(run.node.name);
    if (owner !== undefined) run.refuse(keyCloned(owner, plan.mesh.network.interface));
  }
  return new Map([...inOrder].filter(([name]) => !clones.has(name)));
}

/** The lock is written before a host is told what it says: a kill between is mended by the next run. */
function record(
  terminal: Terminal,
  { file, strict }: PushOptions,
  hostKeys: ReadonlyMap<core.Name, core.PublicKey>,
): Plan {
  let keyed: Plan | undefined;
  const wish = { file, isStrict: strict, keys: "host", hostKeys } as const;
  writeBeside(terminal, wish, (plan, { places }) => {
    staged((staging) => stageKeys(staging, plan, places));
    keyed = plan;
  });
  if (keyed !== undefined) return keyed;
  const fix = core.say`see what was said above, and run it again`;
  throw new AppError("cannot-read", core.say`the mesh changed meanwhile, and is wrong now`, {
    fix,
    file,
  });
}

/** Takes everything off the hosts, and forgets keys that were theirs. */
async function remove(terminal: Terminal, job: Job): Promise<Plan> {
  const { plan, runs, options } = job;
  const isOwnKey = ({ node }: HostRun): boolean =>
    plan.lock.nodes.get(node.name)?.isKeyOnHost !== true && node.publicKey !== undefined;
  await each(terminal, job, core.say`looking`, (run) => run.survey(deviceOf(plan, run.node)));
  await each(terminal, job, core.say`removing`, async (run) => {
    // A key that was not made by us is not ours to remove.
    const device = { ...deviceOf(plan, run.node), isKeyElsewhere: isOwnKey(run) };
    await (options.dryRun ? run.plan(device, new Map(), false) : run.apply(device, new Map()));
  });
  const gone = new Set(runs.filter(({ isWell }) => isWell).map(({ node }) => node.name));
  for (const { node, kept } of runs) {
    if (kept.length > 0)
      terminal.say(core.say`${node.name}: ${core.listTexts(kept)} stay installed`);
  }
  if (!options.dryRun) forget(terminal, options, gone);
  return plan;
}

function forget(terminal: Terminal, { file }: PushOptions, gone: ReadonlySet<core.Name>): void {
  writeBeside(terminal, { file, keys: "public" }, (plan, { places }) => {
    const nodes = [...plan.lock.nodes].map(([name, node]): [core.Name, core.LockedNode] => {
      const isForgotten = node.isKeyOnHost === true && gone.has(name);
      return [name, isForgotten ? { addresses: node.addresses } : node];
    });
    const text = printRecords({ ...plan.lock, nodes: new Map(nodes) }, plan.keys);
    staged((staging) => staging.put(places.lockFile, text, "everybody"));
  });
}

function isKeyDue({ lock }: Plan, { node }: HostRun): boolean {
  return lock.nodes.get(node.name)?.isKeyDue === true;
}

function deviceOf({ index, keys }: Plan, { name }: core.Node): core.Device {
  const member = index.byName.get(name);
  if (member === undefined) throw new Error(`${name} is no member`);
  return bringable(core.device(index, member), keys.missing);
}

/** Whether those that were brought what they need reach each other now: all pairs, by the hosts themselves. */
async function verify(terminal: Terminal, { plan, runs, options }: Job): Promise<Probed> {
  const well = runs.filter(({ isWell }) => isWell);
  const names = new Set<core.Name>(well.map(({ node }) => node.name));
  terminal.progress(core.say`${countOf(well.length, "host")} reaching for each other`);
  const hosts = well.map(({ node, remote }) => ({ name: node.name, remote }));
  const pairs = pairsOf(plan).filter(
    ({ source, target }) => names.has(source) && names.has(target),
  );
  const { interface: device } = plan.mesh.network;
  const { parallel } = options;
  return await probeAll(hosts, pairs, { interface: device, isMtuWanted: false, parallel });
}

function report(terminal: Terminal, { plan, runs, options }: Job, probed?: Probed): void {
  const { json, dryRun } = options;
  if (json) {
    const pairs = probed === undefined ? {} : { pairs: printablePairs(probed) };
    const hosts = runs.map((run) => jsonOf(run, terminal));
    printJson(terminal, { hosts, ...pairs });
    return;
  }
  const names = new Map(plan.index.members.map(({ publicKey, node }) => [publicKey, node.name]));
  for (const run of runs) printRun(terminal, run, { isPlan: dryRun, names }, columnOf(runs));
  const failed = runs.filter(({ isWell }) => !isWell).length;
  if (failed > 0)
    terminal.say(core.say`${core.printCount(failed)} of ${countOf(runs.length, "host")} failed`);
  if (probed !== undefined && probed.pairs.length > 0) printVerdict(terminal, probed, options.file);
  if (!dryRun && runs.length < plan.mesh.nodes.length) {
    const all = commandOn(options.file, "push");
    terminal.print(core.say`the others hear of it when they are served, too: ${all}`);
  }
}
