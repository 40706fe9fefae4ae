/** A mesh file with its lock and keys: what stands beside it, and what it means once read and checked. */
import { basename, dirname, join } from "node:path";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { readDocument } from "./yaml/document.ts";
import { readTextIfThere } from "./files/file-text.ts";
import { hasErrors, locateFindings } from "./findings.ts";
import { readKeyRing } from "./keys/key-ring.ts";
import type { ClientWish, KeyNeed, KeyRing } from "./keys/key-ring.ts";
import { fingerprintOf } from "@warren/crypto";

/** Where things stand: beside `warren.yaml` `warren.lock` and `keys/`, beside `x.yaml` `x.lock` and `x.keys/`. */
export interface Places {
  readonly meshFile: string;
  readonly lockFile: string;
  readonly keysFolder: string;
}

/** A mesh that was read: compiled and proven when its form and rules hold. */
export interface Workspace {
  readonly places: Places;
  /** What was read: the mesh file's text, after the edit if there was one. */
  readonly text: string;
  readonly findings: readonly core.Finding[];
  readonly plan?: Plan;
}

export interface Plan {
  readonly mesh: core.Mesh;
  /** The lock as it should be: everything that was given out, now too. */
  readonly lock: core.Lock;
  readonly index: core.Index;
  readonly keys: KeyRing;
  readonly proof: core.Proof;
}

export interface LoadOptions {
  readonly keys: KeyNeed;
  /** Every warning is an error. */
  readonly isStrict?: boolean;
  readonly client?: ClientWish;
  /** Public keys that hosts have told: theirs from now on, and recorded as such. */
  readonly hostKeys?: ReadonlyMap<core.Name, core.PublicKey>;
  /** The lock to read instead of the one beside the mesh. */
  readonly lockFile?: string;
  readonly edit?: Edit;
  readonly judge?: Judge;
}

/** What more is to be said of a mesh that holds: what a format cannot express, what stands on top of it. */
export type Judge = (mesh: core.Mesh, diagnostics: core.Diagnostics, index: core.Index) => void;

/** What to make of the mesh file's text before it is read; or why that cannot be. */
export type Edit = (text: string) => string | readonly core.Finding[];

export function placesOf(meshFile: string): Places {
  const folder = dirname(meshFile);
  const stem = basename(meshFile).replace(/\.(ya?ml|json)$/, "");
  const keys = stem === "warren" ? "keys" : `${stem}.keys`;
  return { meshFile, lockFile: join(folder, `${stem}.lock`), keysFolder: join(folder, keys) };
}

/** Reads, checks, compiles and proves. The user's mistakes are findings; only the world's refusal throws. */
export function loadWorkspace(meshFile: string, options: LoadOptions): Workspace {
  const places = placesOf(meshFile);
  const written = readText(meshFile);
  const text = options.edit === undefined ? written : options.edit(written);
  if (typeof text !== "string") return { places, text: written, findings: text };
  const document = readDocument(text);
  const diagnostics = new core.Diagnostics();
  const lock = readLock(options.lockFile ?? places.lockFile);
  const isReadable = document.faults.length === 0;
  const mesh = isReadable ? core.parseMesh(document.value, diagnostics) : undefined;
  const plan =
    mesh === undefined || lock.value === undefined
      ? undefined
      : planMesh(keyed({ mesh, lock: lock.value, places, options }), diagnostics);
  const judged = options.isStrict === true ? diagnostics.strict() : diagnostics;
  const findings = [...lock.findings, ...locateFindings(meshFile, document, judged)];
  return { places, text, findings, ...(plan === undefined || hasErrors(findings) ? {} : { plan }) };
}

interface PlanInput {
  readonly mesh: core.Mesh;
  readonly lock: core.Lock;
  readonly places: Places;
  readonly options: LoadOptions;
}

/** What hosts have told of their keys goes into the lock, and from there the nodes know it. */
function keyed(input: PlanInput): PlanInput {
  const nodes = new Map(input.lock.nodes);
  for (const [name, publicKey] of input.options.hostKeys ?? []) {
    const { addresses = [] } = nodes.get(name) ?? {};
    nodes.set(name, { addresses, publicKey, isKeyOnHost: true });
  }
  const lock = { ...input.lock, nodes };
  const mesh = { ...input.mesh, nodes: core.withKeysOnHosts(input.mesh.nodes, lock) };
  return { ...input, mesh, lock };
}

/** Each step stands on the one before: the first that finds an error is the last. */
function planMesh(input: PlanInput, diagnostics: core.Diagnostics): Plan | undefined {
  const { mesh, places, options } = input;
  core.checkMesh(mesh, diagnostics);
  core.checkPending(mesh, diagnostics);
  if (diagnostics.hasErrors) return undefined;
  const allocation = core.allocate(mesh, input.lock, diagnostics);
  const { keys: need, client } = options;
  const wish = { folder: places.keysFolder, need, ...(client === undefined ? {} : { client }) };
  const keys = readKeyRing(mesh, input.lock, wish, diagnostics);
  if (diagnostics.hasErrors) return undefined;
  const lock = nextLock(input, allocation, keys);
  const index = core.index(mesh, lock);
  const proof = core.verify(mesh, lock, core.compile(index), diagnostics);
  options.judge?.(mesh, diagnostics, index);
  return { mesh, lock, index, keys, proof };
}

/**
 * What stands in the document and no longer: records of removed nodes and clients go, so that their addresses are
 * free. Epochs stay: a node that comes back must not bring back a preshared key that was retired.
 */
function nextLock(
  { mesh, lock }: PlanInput,
  allocation: core.Allocation,
  keys: KeyRing,
): core.Lock {
  const nodes = mesh.nodes.map(({ name }): [core.Name, core.LockedNode] => {
    const publicKey = keys.publicKeys.get(name);
    const addresses = allocation.nodes.get(name) ?? [];
    const before = lock.nodes.get(name);
    if (publicKey === undefined) return [name, { addresses }];
    // What is known of the key, as long as it is the same.
    return [name, { ...(before?.publicKey === publicKey ? before : {}), addresses, publicKey }];
  });
  const entries = core.entrancesOf(mesh).map(({ id }): [core.EntryId, core.LockedNode] => {
    const publicKey = keys.entryKeys.get(id);
    const addresses = allocation.entries.get(id) ?? [];
    return [id, { addresses, ...(publicKey === undefined ? {} : { publicKey }) }];
  });
  const secret =
    keys.networkSecret === undefined ? lock.networkSecret : fingerprintOf(keys.networkSecret);
  return {
    nodes: new Map(nodes),
    entries: new Map(entries),
    presharedKeyEpochs: lock.presharedKeyEpochs,
    givenPresharedKeys: lock.givenPresharedKeys.union(new Set(keys.given.keys())),
    ...(secret === undefined ? {} : { networkSecret: secret }),
  };
}

/** The lock, empty where there is none; its mistakes with their places, as the mesh file's. */
function readLock(file: string): {
  readonly value?: core.Lock;
  readonly findings: readonly core.Finding[];
} {
  const text = readTextIfThere(file);
  if (text === undefined) return { value: core.EMPTY_LOCK, findings: [] };
  const quick = core.parseLock(core.parseJson(text), new core.Diagnostics());
  // A text that is not ours word for word may hold a name twice: JSON readers keep the last one silently.
  if (quick !== undefined && core.printLock(quick) === text) return { value: quick, findings: [] };
  // Slower, but it knows the places of what is wrong, as JSON or as a lock.
  const document = readDocument(text);
  const diagnostics = new core.Diagnostics();
  const isReadable = document.faults.length === 0;
  const value = isReadable ? core.parseLock(document.value, diagnostics) : undefined;
  const findings = locateFindings(file, document, diagnostics).map((finding) => {
    return { ...finding, fix: core.say`${finding.fix}; or restore the lock as it last was` };
  });
  return value === undefined ? { findings } : { value, findings };
}

function readText(file: string): string {
  const text = readTextIfThere(file);
  if (text !== undefined) return text;
  const fix = core.say`name a mesh file with -f, or write a first one: warren init`;
  throw new AppError("cannot-read", core.say`there is no such file`, { fix, file });
}
