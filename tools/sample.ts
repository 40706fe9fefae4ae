/** Meshes for tests: from YAML text to devices and diagnostics, with keys that depend on names alone. */
import { hash } from "node:crypto";
import * as core from "@warren/core";
import { parse } from "yaml";

export interface Sample {
  readonly mesh: core.Mesh;
  readonly lock: core.Lock;
  readonly index: core.Index;
  readonly devices: readonly core.Device[];
  readonly diagnostics: core.Diagnostics;
  readonly proof: core.Proof;
}

/** Compiles and verifies a mesh that must have the right form; what the proof says is in `diagnostics`. */
export function sampleOf(text: string, lock: core.Lock = core.EMPTY_LOCK): Sample {
  return sampleOfDocument(parse(text), lock);
}

export function sampleOfDocument(document: unknown, before: core.Lock = core.EMPTY_LOCK): Sample {
  const { mesh, lock, index } = indexOfDocument(document, before);
  const diagnostics = new core.Diagnostics();
  const devices = [...core.compile(index)];
  const proof = core.verify(mesh, lock, devices, diagnostics);
  return { mesh, lock, index, devices, diagnostics, proof };
}

/** The same without the pairs, for meshes whose pairs are many. */
export function indexOfDocument(
  document: unknown,
  before: core.Lock = core.EMPTY_LOCK,
): Pick<Sample, "mesh" | "lock" | "index"> {
  const diagnostics = new core.Diagnostics();
  const mesh = readMesh(document, diagnostics);
  const allocation = mesh && core.allocate(mesh, before, diagnostics);
  if (mesh === undefined || allocation === undefined || diagnostics.hasErrors) {
    throw new Error(`the sample is wrong:\n${printDiagnostics(diagnostics)}`);
  }
  const lock = lockFor(mesh, allocation, before);
  return { mesh, lock, index: core.index(mesh, lock) };
}

/** Everything that Warren says of a mesh, one line a diagnostic; empty when nothing is wrong. */
export function check(text: string): string {
  const diagnostics = new core.Diagnostics();
  const mesh = readMesh(parse(text), diagnostics);
  if (mesh !== undefined && !diagnostics.hasErrors) {
    const allocation = core.allocate(mesh, core.EMPTY_LOCK, diagnostics);
    if (!diagnostics.hasErrors) {
      const lock = lockFor(mesh, allocation, core.EMPTY_LOCK);
      core.verify(mesh, lock, core.compile(core.index(mesh, lock)), diagnostics);
    }
  }
  return printDiagnostics(diagnostics);
}

export function printDiagnostics(diagnostics: core.Diagnostics): string {
  return diagnostics.list
    .map(
      ({ severity, code, path, message }) =>
        `${severity} ${code} ${core.printPath(path)}: ${core.printText(message)}`,
    )
    .join("\n");
}

/** A key of the right form that nobody holds, the same for the same name. */
export function sampleKey(name: string): core.PublicKey {
  const key = core.parsePublicKey(hash("sha256", `public ${name}`, "base64"));
  if (key instanceof core.Problem) throw new Error(String(key));
  return key;
}

/** Secrets of the right form, from nothing but names. */
export const sampleSecrets: core.Secrets = {
  privateKey: (name) => hash("sha256", `private ${name}`, "base64") as core.PrivateKey,
  presharedKey: ({ low, high, epoch }) =>
    hash("sha256", `preshared ${low} ${high} ${epoch}`, "base64") as core.PresharedKey,
};

function readMesh(document: unknown, diagnostics: core.Diagnostics): core.Mesh | undefined {
  const mesh = core.parseMesh(document, diagnostics);
  if (mesh !== undefined) {
    core.checkMesh(mesh, diagnostics);
    core.checkPending(mesh, diagnostics);
  }
  return mesh;
}

function lockFor(mesh: core.Mesh, allocation: core.Allocation, before: core.Lock): core.Lock {
  const nodes = mesh.nodes.map(({ name, publicKey }) => {
    const addresses = allocation.nodes.get(name) ?? [];
    return [name, { addresses, publicKey: publicKey ?? sampleKey(name) }] as const;
  });
  const entries = core.entrancesOf(mesh).map(({ id, name, client: { publicKey } }) => {
    const addresses = allocation.entries.get(id) ?? [];
    return [id, { addresses, publicKey: publicKey ?? sampleKey(name) }] as const;
  });
  return { ...before, nodes: new Map(nodes), entries: new Map(entries) };
}
