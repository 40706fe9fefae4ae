/** warren keys: shows who has which key, and makes new ones. */
import { join } from "node:path";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { unknownNode } from "../app-error.ts";
import { entryKeyFile, keyFile } from "../keys/key-ring.ts";
import { demandGivenKeys, givenKeysFile, printGivenKeys } from "../keys/given-keys.ts";
import { makePresharedKey, makePrivateKey, publicKeyOf } from "@warren/crypto";
import { staged } from "../files/staging.ts";
import type { Staging } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Places, Plan, Workspace } from "../workspace.ts";
import { commandOn, nextCommand } from "../terminal/words.ts";
import { printRecords, writeBeside } from "../writing.ts";
import { loadPlan, printJson } from "./plan.ts";
import type { FileOption, JsonOption } from "./plan.ts";

/** Public keys of all nodes and clients, or of one; its private key only when asked for in so many words. */
export function showKeys(
  terminal: Terminal,
  name: string | undefined,
  options: FileOption & JsonOption & { readonly private: boolean },
): number {
  const plan = loadPlan(terminal, options, { keys: options.private ? "private" : "public" });
  if (plan === undefined) return 2;
  if (options.private) return printPrivate(terminal, plan, name, options);
  const isMeant = (row: KeyRow): boolean => (row.node ?? row.client) === name;
  const rows = [...nodeRows(plan), ...clientRows(plan)].filter(
    (row) => name === undefined || isMeant(row),
  );
  if (name !== undefined && rows.length === 0) nodeOf(plan, name);
  const printed = rows.map(({ label: _, ...row }) => row);
  if (options.json) printJson(terminal, printed);
  else {
    const width = Math.max(...rows.map(({ label }) => label.length));
    for (const { label, node, client, publicKey } of rows) {
      const maker = node === undefined ? `qr ${client}` : "render";
      terminal.print(
        core.say`${label.padEnd(width)}  ${publicKey ?? core.say`(made by warren ${maker})`}`,
      );
    }
  }
  return 0;
}

interface KeyRow {
  readonly label: string;
  readonly node?: core.Name;
  readonly client?: core.Name;
  readonly via?: core.Name;
  readonly publicKey: core.PublicKey | undefined;
  /** Where the private key is or will be, unless it is elsewhere. */
  readonly keyFile: string | undefined;
}

function nodeRows({ mesh, keys }: Plan): readonly KeyRow[] {
  return mesh.nodes.map(({ name, publicKey }) => ({
    label: name,
    node: name,
    publicKey: keys.missing.has(name) ? undefined : keys.publicKeys.get(name),
    keyFile: publicKey === undefined ? keyFile(name) : undefined,
  }));
}

function clientRows({ mesh, keys }: Plan): readonly KeyRow[] {
  return core.entrancesOf(mesh).map((entrance) => ({
    label: entrance.name,
    client: entrance.client.name,
    via: entrance.via,
    publicKey: keys.entryKeys.get(entrance.id),
    keyFile: keys.kept.has(entrance.id) ? entryKeyFile(entrance) : undefined,
  }));
}

/** A new private key for a node: everybody's file changes with the next render. */
export function rotateKey(terminal: Terminal, name: string, options: FileOption): number {
  return writing(terminal, options, (plan, { places }) => {
    const node = nodeOf(plan, name);
    const given = plan.lock.nodes.get(node.name);
    if (given?.isKeyOnHost === true) {
      markDue(plan, node.name, places);
      terminal.print(
        core.say`${name} makes a new key on its host; run ${commandOn(options.file, "push")}`,
      );
      return;
    }
    if (node.publicKey !== undefined) {
      const fix = core.say`make a new one there, and write its public half into nodes.${name}.publicKey`;
      throw new AppError("usage", core.say`the private key of ${name} is kept elsewhere`, { fix });
    }
    const privateKey = makePrivateKey();
    const publicKey = publicKeyOf(privateKey);
    const nodes = new Map(plan.lock.nodes).set(node.name, { addresses: [], ...given, publicKey });
    const text = printRecords({ ...plan.lock, nodes }, plan.keys);
    const pairs = [...plan.lock.givenPresharedKeys].filter((pair) => {
      return core.namesOf(pair).includes(node.name);
    });
    staged((staging) => {
      staging.ignoreAll(places.keysFolder);
      stageGivenKeys(staging, places, pairs);
      staging.put(join(places.keysFolder, keyFile(node.name)), `${privateKey}\n`, "owner");
      staging.put(places.lockFile, text, "everybody");
    });
    terminal.print(
      core.say`${name} has the new public key ${publicKey}; run ${nextCommand(options.file, plan.lock)}; all files change`,
    );
  });
}

/** The old key stays in use until the host has told the new one: others go on listing a node that cannot be reached. */
function markDue({ lock, keys }: Plan, name: core.Name, { lockFile }: Places): void {
  const nodes = new Map(lock.nodes);
  nodes.set(name, { addresses: [], ...lock.nodes.get(name), isKeyDue: true });
  const text = printRecords({ ...lock, nodes }, keys);
  staged((staging) => staging.put(lockFile, text, "everybody"));
}

/** A new preshared key for one pair: only their two files change with the next render. */
export function rotatePresharedKey(
  terminal: Terminal,
  first: string,
  second: string,
  options: FileOption,
): number {
  return writing(terminal, options, (plan, { places }) => {
    const one = nodeOf(plan, first).name;
    const other = nodeOf(plan, second).name;
    if (one === other) {
      throw new AppError("usage", core.say`a pair has two nodes`, {
        fix: core.say`name two different ones`,
      });
    }
    const name = core.pairName(one, other);
    const isGiven = plan.lock.givenPresharedKeys.has(name);
    if (!plan.mesh.network.presharedKeys && !isGiven) {
      const fix = core.say`remove presharedKeys: false from the network`;
      throw new AppError("usage", core.say`the mesh has no preshared keys`, { fix });
    }
    const epoch = (plan.lock.presharedKeyEpochs.get(name) ?? 0) + 1;
    const presharedKeyEpochs = new Map(plan.lock.presharedKeyEpochs).set(name, epoch);
    const text = printRecords({ ...plan.lock, presharedKeyEpochs }, plan.keys);
    staged((staging) => {
      stageGivenKeys(staging, places, isGiven ? [name] : []);
      staging.put(places.lockFile, text, "everybody");
    });
    terminal.print(
      core.say`${one} and ${other} share a new preshared key; run ${nextCommand(options.file, plan.lock)}; their two files change`,
    );
  });
}

function printPrivate(
  terminal: Terminal,
  plan: Plan,
  name: string | undefined,
  { json }: JsonOption,
): number {
  if (name === undefined) {
    throw new AppError("usage", core.say`whose private key?`, {
      fix: core.say`name one node: warren keys show NODE --private`,
    });
  }
  const entrance = core.entrancesOf(plan.mesh).find((each) => each.name === name);
  const key = plan.keys.privateKeys.get((entrance ?? nodeOf(plan, name)).name);
  if (key === undefined) {
    const fix =
      entrance === undefined
        ? core.say`it is made by warren render, or kept on its host`
        : core.say`it is on the device alone: warren qr ${entrance.client.name} --new-key --keep-key keeps another`;
    throw new AppError("cannot-read", core.say`the private key of ${name} is not here`, { fix });
  }
  const owner =
    entrance === undefined ? { node: name } : { client: entrance.client.name, via: entrance.via };
  if (json) printJson(terminal, [{ ...owner, privateKey: key }]);
  else terminal.print(key);
  return 0;
}

/** New keys for pairs that were given theirs, in one file: each pair has its old or its new one. */
function stageGivenKeys(
  staging: Staging,
  { keysFolder }: Places,
  pairs: readonly core.PairName[],
): void {
  if (pairs.length === 0) return;
  const file = givenKeysFile(keysFolder);
  const before = demandGivenKeys(keysFolder);
  const made = pairs.map((pair) => [pair, makePresharedKey()] as const);
  staging.put(file, printGivenKeys(new Map([...before, ...made])), "owner");
}

/** The lock's word is enough: a key whose file was lost can be rotated too. */
function writing(
  terminal: Terminal,
  { file }: FileOption,
  work: (plan: Plan, workspace: Workspace) => void,
): number {
  return writeBeside(terminal, { file, keys: "public" }, (plan, workspace) => {
    if (plan.keys.missing.size > 0) {
      throw new AppError("usage", core.say`some nodes have no key yet`, {
        fix: core.say`make the first ones: warren render`,
      });
    }
    work(plan, workspace);
  });
}

function nodeOf({ mesh }: Plan, name: string): core.Node {
  const node = mesh.nodes.find((each) => each.name === name);
  if (node !== undefined) return node;
  if (mesh.clients.some((each) => each.name === name)) {
    const fix = core.say`a new key for it: warren qr ${name} --new-key`;
    throw new AppError("usage", core.say`${name} is a client, not a node`, { fix });
  }
  throw unknownNode(mesh, name);
}
