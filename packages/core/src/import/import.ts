/**
 * Makes a mesh out of devices that somebody else wrote: the one of several guesses that does what they
 * say with the fewest differences, each of which is a finding. What it gives always holds.
 */
import type { Finding, Place } from "../finding.ts";
import * as messages from "../messages/import.ts";
import type { PresharedKey, PrivateKey } from "../model/keys.ts";
import type { Lock, PairName } from "../model/lock.ts";
import { entryName } from "../model/names.ts";
import type { Name } from "../model/names.ts";
import type { Device } from "../plan/device.ts";
import type { ForeignDevice } from "../read/foreign.ts";
import { withoutIdleSites } from "./document.ts";
import type { MeshDocument } from "./document.ts";
import { differences } from "./differences.ts";
import { readFacts } from "./facts.ts";
import type { Facts } from "./facts.ts";
import { guess, inventedEndpoint } from "./guess.ts";
import type { Guess } from "./guess.ts";
import { hooksOf } from "./hooks.ts";
import { readParties } from "./parties.ts";
import { readPresharedKeys } from "./preshared.ts";
import { replaceShownKeys } from "./shown-keys.ts";
import { settle } from "./trial.ts";
import type { Ground, Trial } from "./trial.ts";
import { linksOf } from "./ways.ts";

export interface Imported {
  readonly document: MeshDocument;
  readonly lock: Lock;
  readonly devices: readonly Device[];
  /** Of nodes by their names, of clients by those of their entrances. */
  readonly privateKeys: ReadonlyMap<Name, PrivateKey>;
  readonly presharedKeys: ReadonlyMap<PairName, PresharedKey>;
  /** Pairs that need a new preshared key: their ends have two. */
  readonly freshKeys: ReadonlySet<PairName>;
  readonly findings: readonly Finding[];
}

/** Devices must know their public keys, as far as anybody does. Undefined where there is none. */
export function importMesh(devices: readonly ForeignDevice[]): Imported | undefined {
  const findings: Finding[] = [];
  const meant = replaceShownKeys(devices);
  const parties = readParties(meant.devices, findings);
  if (parties.length === 0) return undefined;
  for (const { place, owner } of meant.shown) {
    const name = parties.find(({ publicKey }) => publicKey === owner)?.name;
    findings.push(messages.privateKeyShown(place, name));
  }
  const facts = readFacts(parties, findings);
  const ground = groundOf(facts);
  const tried = guessesOf(facts).map((each) => tryGuess(facts, ground, each));
  const [best] = tried.toSorted((one, other) => one.count - other.count);
  if (best === undefined) return undefined;
  const finished = finish(facts, ground, best);
  return { ...finished, findings: [...findings, ...finished.findings] };
}

/** The simplest first; those that say the same only once. */
function guessesOf(facts: Facts): readonly Guess[] {
  const all = [false, true].flatMap((hasSites) =>
    [false, true].map((isWide) => guess(facts, { hasSites, isWide })),
  );
  const known = new Set<string>();
  return all.filter(({ document }) => {
    const text = JSON.stringify(document);
    return !known.has(text) && known.add(text);
  });
}

interface Tried {
  readonly guess: Guess;
  readonly trial: Trial;
  /** How much of it differs from the files. */
  readonly count: number;
}

function tryGuess(facts: Facts, ground: Ground, made: Guess): Tried {
  const start = settle(made.document, placed(ground, made));
  const links = linksOf(facts, made, start);
  const linked =
    links.length === 0 ? undefined : settle({ ...made.document, links }, placed(ground, made));
  const trials = [start, ...(linked === undefined ? [] : [linked])].map((trial) => {
    const findings = [...trial.findings, ...differences(facts, trial)];
    return { guess: made, trial, count: weigh(findings) + LOST * countLost(facts, trial) };
  });
  // Where links make nothing better, none are written.
  const [first, second] = trials;
  if (first === undefined) throw new Error("no trial");
  return second !== undefined && second.count < first.count ? second : first;
}

/** Who reaches whom counts for more than how. */
const HEAVY = new Set([
  "allowed-ips-differ",
  "peer-added",
  "peer-lost",
  "endpoint-differs",
  "left-out",
  "range-replaced",
]);

/** Of somebody who is left out nothing differs any more. */
const LOST = 1000;

function countLost({ parties }: Facts, { mesh }: Trial): number {
  const known = new Set([...mesh.nodes, ...mesh.clients].map(({ name }) => name));
  return parties.filter(({ name }) => !known.has(name)).length;
}

function weigh(findings: readonly Finding[]): number {
  return findings.reduce((sum, { code }) => sum + (HEAVY.has(code) ? 4 : 1), 0);
}

function groundOf({ parties }: Facts): Ground {
  const [first] = parties;
  const places = new Map<string, Place>(parties.map(({ name, place }) => [name, place]));
  return {
    keys: new Map(parties.map(({ name, publicKey }) => [name, publicKey])),
    placeOf(_, name) {
      const place = places.get(name ?? "") ?? first?.place;
      if (place === undefined) throw new Error("nobody is there");
      return place;
    },
  };
}

function placed(ground: Ground, { places }: Guess): Ground {
  return { ...ground, placeOf: (path, name) => places.get(path) ?? ground.placeOf(path, name) };
}

/** Keys and hooks change nothing about who reaches whom: they come last. */
function finish(facts: Facts, ground: Ground, { guess: made, trial }: Tried): Imported {
  const preshared = readPresharedKeys(facts, trial.devices);
  const findings = [...trial.findings];
  const nodes = Object.entries(trial.document.nodes).map(([name, fields]) => {
    const party = facts.parties.find((each) => each.name === name);
    const device = trial.devices.get(name as Name);
    const hooks = party && device ? hooksOf(party, device, facts.byKey, findings) : {};
    return [name, Object.keys(hooks).length === 0 ? fields : { ...fields, hooks }] as const;
  });
  const { presharedKeys: _, ...network } = trial.document.network;
  const document: MeshDocument = {
    ...trial.document,
    network: { ...network, ...(preshared.isEverybody ? {} : { presharedKeys: false }) },
    nodes: Object.fromEntries(nodes),
  };
  const given = new Set([...preshared.keys.keys(), ...preshared.fresh]);
  const last = settle(withoutIdleSites(document), placed(ground, made), given);
  const unheard = made.invented.filter((party) => {
    return !facts.listings.get(party)?.some(({ entry }) => facts.swallowed.has(entry));
  });
  const invented = unheard.map((party) => {
    return messages.endpointUnknown(party.place, party.name, inventedEndpoint(party.name));
  });
  return {
    document: last.document,
    lock: last.lock,
    devices: [...last.devices.values()],
    privateKeys: privateKeysOf(facts, made, last),
    presharedKeys: preshared.keys,
    freshKeys: preshared.fresh,
    findings: [
      ...invented,
      ...findings,
      ...last.findings,
      ...preshared.findings,
      ...clientHooks(facts, made),
      ...differences(facts, last),
    ],
  };
}

function privateKeysOf(
  { parties }: Facts,
  { clients }: Guess,
  { mesh }: Trial,
): Imported["privateKeys"] {
  const known = new Set([...mesh.nodes, ...mesh.clients].map(({ name }) => name));
  return new Map(
    parties.flatMap((party) => {
      const key = party.device?.privateKey?.value;
      if (key === undefined || !known.has(party.name)) return [];
      const via = clients.get(party)?.via.name;
      return [[via === undefined ? party.name : entryName(party.name, via), key] as const];
    }),
  );
}

/** A client runs none. */
function clientHooks(facts: Facts, { clients }: Guess): readonly Finding[] {
  return facts.parties.flatMap((party) => {
    const [hook] = clients.has(party) ? Object.values(party.device?.hooks ?? {}).flat() : [];
    return hook === undefined ? [] : [messages.clientHooksLost(hook.place, party.name)];
  });
}
