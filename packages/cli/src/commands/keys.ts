/** warren keys: shows who has which key, and makes new ones. */
import { join } from "node:path";
import * as core from "@warren/core";
import { AppError } from "../app-error.ts";
import { exclusively } from "../exclusive.ts";
import { hasErrors, printFindings } from "../findings.ts";
import { keyFile } from "../key-ring.ts";
import { makePrivateKey, publicKeyOf } from "../secrets.ts";
import { staged } from "../staging.ts";
import type { Terminal } from "../terminal.ts";
import { loadWorkspace, placesOf } from "../workspace.ts";
import type { Plan, Workspace } from "../workspace.ts";

export interface KeysOptions {
  readonly file: string;
  readonly json: boolean;
}

/** Public keys of all nodes, or of one; its private key only when asked for in so many words. */
export function showKeys(
  terminal: Terminal,
  wish: { readonly name: string | undefined; readonly private: boolean },
  options: KeysOptions,
): number {
  const need = wish.private ? "private" : "public";
  const { plan, status } = load(terminal, options, need);
  if (plan === undefined) return status;
  if (wish.private) return printPrivate(terminal, plan, wish.name);
  const nodes = wish.name === undefined ? plan.mesh.nodes : [nodeOf(plan, wish.name)];
  const rows = nodes.map(({ name, publicKey }) => ({
    node: name,
    publicKey: plan.keys.missing.has(name) ? undefined : plan.keys.publicKeys.get(name),
    privateKey: publicKey === undefined ? keyFile(name) : "elsewhere",
  }));
  if (options.json) terminal.print(JSON.stringify(rows, undefined, 2));
  else {
    const width = Math.max(...rows.map(({ node }) => node.length));
    for (const { node, publicKey } of rows) {
      terminal.print(`${node.padEnd(width)}  ${publicKey ?? "(made by warren render)"}`);
    }
  }
  return 0;
}

/** A new private key for a node: everybody's file changes with the next render. */
export function rotateKey(terminal: Terminal, name: string, options: KeysOptions): number {
  return writing(terminal, options, ({ places }, plan) => {
    const node = nodeOf(plan, name);
    if (node.publicKey !== undefined) {
      const fix = `make a new one there, and write its public half into nodes.${name}.publicKey`;
      throw new AppError("usage", `the private key of ${name} is kept elsewhere`, { fix });
    }
    const privateKey = makePrivateKey();
    const publicKey = publicKeyOf(privateKey);
    const locked = plan.lock.nodes.get(node.name);
    const nodes = new Map(plan.lock.nodes).set(node.name, { addresses: [], ...locked, publicKey });
    const text = core.printLock({ ...plan.lock, nodes });
    staged((staging) => {
      staging.put(join(places.keysFolder, ".gitignore"), "*\n", 0o644);
      staging.put(join(places.keysFolder, keyFile(node.name)), `${privateKey}\n`, 0o600);
      staging.put(places.lockFile, text, 0o644);
    });
    terminal.print(
      `${name} has the new public key ${publicKey}; run warren render, then bring all files to their hosts`,
    );
  });
}

/** A new preshared key for one pair: only their two files change with the next render. */
export function rotatePresharedKey(
  terminal: Terminal,
  pair: { readonly one: string; readonly other: string },
  options: KeysOptions,
): number {
  return writing(terminal, options, ({ places }, plan) => {
    const one = nodeOf(plan, pair.one).name;
    const other = nodeOf(plan, pair.other).name;
    if (one === other) {
      throw new AppError("usage", "a pair has two nodes", { fix: "name two different ones" });
    }
    const name = core.pairName(one, other);
    const epoch = (plan.lock.presharedKeyEpochs.get(name) ?? 0) + 1;
    const presharedKeyEpochs = new Map(plan.lock.presharedKeyEpochs).set(name, epoch);
    staged((staging) =>
      staging.put(places.lockFile, core.printLock({ ...plan.lock, presharedKeyEpochs }), 0o644),
    );
    terminal.print(
      `${one} and ${other} share a new preshared key; run warren render, then bring their two files to them`,
    );
  });
}

function printPrivate(terminal: Terminal, plan: Plan, name: string | undefined): number {
  if (name === undefined) {
    throw new AppError("usage", "whose private key?", {
      fix: "name one node: warren keys show NODE --private",
    });
  }
  const key = plan.keys.privateKeys.get(nodeOf(plan, name).name);
  if (key === undefined) {
    const fix = "it is made by warren render, or kept on its host";
    throw new AppError("cannot-read", `the private key of ${name} is not here`, { fix });
  }
  terminal.print(key);
  return 0;
}

function writing(
  terminal: Terminal,
  options: KeysOptions,
  work: (workspace: Workspace, plan: Plan) => void,
): number {
  return exclusively(join(placesOf(options.file).keysFolder, ".writing"), () => {
    // The lock's word is enough: a key whose file was lost can be rotated too.
    const { plan, status, workspace } = load(terminal, options, "public");
    if (plan === undefined) return status;
    if (plan.keys.missing.size > 0) {
      throw new AppError("usage", "some nodes have no key yet", {
        fix: "make the first ones: warren render",
      });
    }
    work(workspace, plan);
    return 0;
  });
}

function load(
  terminal: Terminal,
  { file, json }: KeysOptions,
  keys: "public" | "private",
): { readonly workspace: Workspace; readonly plan: Plan | undefined; readonly status: number } {
  const workspace = loadWorkspace(file, { keys, isStrict: false });
  const { findings, plan } = workspace;
  if (!hasErrors(findings) && plan !== undefined) return { workspace, plan, status: 0 };
  printFindings(terminal, findings, { json });
  return { workspace, plan: undefined, status: 2 };
}

function nodeOf({ mesh }: Plan, name: string): core.Node {
  const node = mesh.nodes.find((each) => each.name === name);
  if (node !== undefined) return node;
  const names = mesh.nodes.map((each) => each.name).slice(0, 20);
  throw new AppError("usage", `there is no node ${core.quote(name)}`, {
    fix: `known are ${names.join(", ")}`,
  });
}
