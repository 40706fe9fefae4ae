/** What a measurement of all pairs says to people: a table, what is odd with the way out, and how many are well. */
import {
  HANDSHAKE_SECONDS,
  IPV6_LEAST_MTU,
  listSome,
  printAddress,
  printCount,
  say,
} from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import type { Refused } from "./hosts.ts";
import type { Reason } from "./refusals.ts";
import type { Measured, Probed } from "./probing.ts";
import { printMatrix, printRoundTrip } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn, MESH_FILE, printDuration } from "../terminal/words.ts";

/** More nodes than that make a table that nobody can read. */
const TABLE_NODES = 12;

/** `file`: the mesh file, which the ways out are about. */
export function printProbe(terminal: Terminal, { pairs, refused }: Probed, file = MESH_FILE): void {
  const silent = new Set(refused.map(({ name }) => name));
  const table = tableOf(terminal, { pairs, silent });
  if (table.length > 0) {
    terminal.print(say`round trips in milliseconds, from the left to the top`);
    for (const line of ["", ...table, ""]) terminal.print(line);
  }
  printOdd(terminal, { pairs, refused }, file);
  for (const line of viaLines(pairs)) terminal.print(line);
  terminal.print(extremesOf(pairs));
  terminal.print(summaryOf({ pairs, refused }));
}

/** Without the table: what is not as it should be, and how many pairs are well. */
export function printVerdict(terminal: Terminal, probed: Probed, file = MESH_FILE): void {
  printOdd(terminal, probed, file);
  terminal.print(summaryOf(probed));
}

/** For --json. */
export function printablePairs({ pairs }: Probed): readonly object[] {
  return pairs.map(({ source, target, isAllowed, roundTripMs, pathMtu, handshakeSeconds, via }) => {
    return { source, target, isAllowed, roundTripMs, pathMtu, handshakeSeconds, via };
  });
}

function printOdd(terminal: Terminal, { pairs, refused }: Probed, file: string): void {
  const silent = new Set(refused.map(({ name }) => name));
  const asked = pairs.filter(({ source, isAllowed }) => isAllowed && !silent.has(source));
  const lost = lostHosts(asked);
  for (const pair of asked) {
    if (lost.has(pair.source) || lost.has(pair.target)) continue;
    const oddity = findOddity(pair, file);
    if (oddity !== undefined) printOddity(terminal, nameOf(pair), oddity);
  }
  for (const [name, pair] of lost) {
    if (!silent.has(name)) printOddity(terminal, name, loneliness(pair, file));
  }
  for (const each of refused) printOddity(terminal, each.name, each);
}

/** One after the other, with what to do about it. */
export function printOddity(terminal: Terminal, where: Text, { cause, fix }: Reason): void {
  terminal.print(say`${terminal.paint("bold", where)}: ${cause}\n  ${fix}`);
}

export function isAllReached({ pairs }: Probed): boolean {
  return pairs.every(({ isAllowed, roundTripMs }) => !isAllowed || roundTripMs !== undefined);
}

export function summaryOf({ pairs }: Probed): Phrase {
  const allowed = pairs.filter(({ isAllowed }) => isAllowed);
  const reached = allowed.filter(({ roundTripMs }) => roundTripMs !== undefined);
  const counts = [reached, allowed].map(({ length }) => printCount(length));
  return say`${counts[0] ?? ""} of ${counts[1] ?? ""} pairs reach each other`;
}

/** What another measurement has changed, a line each. */
export function changesOf(terminal: Terminal, before: Probed, after: Probed): readonly Text[] {
  const was = notesOf(terminal, before);
  return [...notesOf(terminal, after)].flatMap(([where, note]) => {
    if (was.get(where) === note) return [];
    return [say`${where}: ${note === "" ? say`is well again` : note}`];
  });
}

/** Undefined where nothing is odd, and where nothing was asked. */
export function findOddity(pair: Measured, file = MESH_FILE): Reason | undefined {
  const { isAllowed, roundTripMs, pathMtu, mtu, handshakeSeconds: age, to } = pair;
  if (!isAllowed) return undefined;
  if (roundTripMs === undefined) return silence(pair, file);
  if (pathMtu !== undefined && pathMtu < mtu) {
    return {
      cause: say`packets of more than ${pathMtu} bytes do not come through, and the MTU of the tunnels is ${mtu}`,
      fix:
        pathMtu < IPV6_LEAST_MTU
          ? say`mend the way between: not even IPv6's least packets come through`
          : say`lower it: ${commandOn(file, `set network mtu=${pathMtu}`)}; or mend the way between, which drops larger ones`,
    };
  }
  if (age === undefined || age <= HANDSHAKE_SECONDS) return undefined;
  return {
    cause: say`it answers, but the last handshake is ${printDuration(age)} old: that was no tunnel, or the clock was set`,
    fix: say`see there which way it takes: ip route get ${printAddress(to)}`,
  };
}

/** Hosts that none of several others reaches, and that reach none, each with the pair that tells most. */
function lostHosts(asked: readonly Measured[]): ReadonlyMap<string, Measured> {
  const names = new Set<string>(asked.flatMap(({ source, target }) => [source, target]));
  const ofTargets = Map.groupBy(asked, ({ target }): string => target);
  const ofSources = Map.groupBy(asked, ({ source }): string => source);
  return new Map(
    [...names].flatMap((name): (readonly [string, Measured])[] => {
      const towards = ofTargets.get(name) ?? [];
      const all = [...towards, ...(ofSources.get(name) ?? [])];
      const others = new Set(all.flatMap(({ source, target }) => [source, target]));
      if (others.size < 3 || all.some(({ roundTripMs }) => roundTripMs !== undefined)) return [];
      const telling = towards.find(({ endpoint, via }) => endpoint !== undefined && !via) ?? all[0];
      return telling === undefined ? [] : [[name, telling]];
    }),
  );
}

function loneliness(pair: Measured, file: string): Reason {
  const { cause, fix } = silence(pair, file);
  return { cause: say`nobody reaches it, and it reaches nobody: ${cause}`, fix };
}

function silence(pair: Measured, file: string): Reason {
  const { source, target, via, endpoint, handshakeSeconds: age, isUnresolved } = pair;
  if (via !== undefined) {
    return {
      cause: say`no answer by way of ${via}`,
      fix: say`mend its tunnels first, if they are named here; else see: ${commandOn(file, `trace ${source} ${target} icmp`)}`,
    };
  }
  if (isUnresolved === true && endpoint !== undefined) return noAddress(source, endpoint);
  if (endpoint === undefined) {
    return {
      cause: say`no answer: ${target} has to begin the handshake, and does not`,
      fix: say`look at it: ${commandOn(file, `status ${target}`)}`,
    };
  }
  if (age !== undefined && age <= HANDSHAKE_SECONDS) {
    return {
      cause: say`no answer, and the last handshake is ${printDuration(age)} old`,
      fix: say`look whether the tunnel is up on ${target}; and if so, for rules of others there that drop what comes out of it: nft list ruleset`,
    };
  }
  return {
    cause:
      age === undefined
        ? say`no answer, and never a handshake with ${endpoint}`
        : say`no answer, and no handshake with ${endpoint} for ${printDuration(age)}`,
    fix: say`look whether the tunnel is up on ${target}, and whether its firewall and its provider's let UDP in there`,
  };
}

/** `endpoint`: a name, with or without a port. */
export function noAddress(source: string, endpoint: string): Reason {
  const name = endpoint.replace(/:\d+$/, "");
  return {
    cause: say`${source} has found no address for ${name}`,
    fix: say`see there what its resolver says (getent ahosts ${name}); correct the name, or the resolver`,
  };
}

interface Table {
  readonly pairs: readonly Measured[];
  /** Hosts that could not be asked. */
  readonly silent: ReadonlySet<string>;
}

function tableOf(terminal: Terminal, { pairs, silent }: Table): readonly string[] {
  const sources = [...new Set(pairs.map(({ source }) => source))];
  const targets = [...new Set(pairs.flatMap(({ source, target }) => [source, target]))].sort();
  if (targets.length > TABLE_NODES) return [];
  const cells = new Map(pairs.map((pair) => [nameOf(pair), pair]));
  const cellOf = (pair: Measured | undefined): string => {
    if (pair === undefined || !pair.isAllowed) return "·";
    if (silent.has(pair.source)) return terminal.paint("yellow", "?");
    const text = printRoundTrip(pair.roundTripMs);
    if (pair.roundTripMs === undefined) return terminal.paint("red", text);
    return findOddity(pair) === undefined ? text : terminal.paint("yellow", text);
  };
  return printMatrix({
    sources: sources.map((name) => [name]),
    targets: targets.map((name) => [name]),
    cells: sources.map((source) =>
      targets.map((target) => cellOf(cells.get(nameOf({ source, target })))),
    ),
  });
}

/** Who reaches whom through another, a line for each that carries. */
function viaLines(pairs: readonly Measured[]): readonly Phrase[] {
  const carried = pairs.filter(({ roundTripMs }) => roundTripMs !== undefined);
  const carriers = [...new Set(carried.flatMap(({ via }) => via ?? []))].sort();
  return carriers.map((carrier) => {
    const names = carried.filter(({ via }) => via === carrier).map(nameOf);
    return say`via ${carrier}: ${listSome(names)}`;
  });
}

/** Whose they are, where not all is alike and well. */
function extremesOf(pairs: readonly Measured[]): Phrase {
  const [least] = pairs.toSorted((one, other) => sizeOf(one) - sizeOf(other));
  const most = Math.max(...pairs.flatMap(({ pathMtu }) => pathMtu ?? []));
  const [oldest] = pairs.toSorted((one, other) => ageOf(other) - ageOf(one));
  return say`path MTU: ${rangeOf(least, most)}; oldest handshake: ${oldestOf(oldest)}`;
}

function rangeOf(least: Measured | undefined, most: number): Text | number {
  if (least?.pathMtu === undefined) return "–";
  if (least.pathMtu === most) return most;
  return say`${least.pathMtu} (${nameOf(least)}) to ${most}`;
}

function oldestOf(oldest: Measured | undefined): Text {
  if (oldest?.handshakeSeconds === undefined) return "–";
  const age = printDuration(oldest.handshakeSeconds);
  return oldest.handshakeSeconds > HANDSHAKE_SECONDS ? say`${age} (${nameOf(oldest)})` : age;
}

function sizeOf({ pathMtu = Number.MAX_SAFE_INTEGER }: Measured): number {
  return pathMtu;
}

function ageOf({ handshakeSeconds = -1 }: Measured): number {
  return handshakeSeconds;
}

/** By pair or host, what is to be said of it; nothing where all is well. */
function notesOf({ read }: Terminal, { pairs, refused }: Probed): ReadonlyMap<string, string> {
  const silent = new Map(refused.map(({ name, cause }: Refused) => [name, read(cause)]));
  const hosts = [...new Set<string>(pairs.map(({ source }) => source))];
  const asked = pairs.filter(({ source }) => !silent.has(source));
  return new Map([
    ...hosts.map((host) => [host, silent.get(host) ?? ""] as const),
    ...asked.map((pair) => [nameOf(pair), read(noteOf(pair))] as const),
  ]);
}

/** Without what changes all the time. */
function noteOf(pair: Measured): Text {
  if (pair.isAllowed && pair.roundTripMs === undefined) return say`no answer`;
  return findOddity({ ...pair, handshakeSeconds: 0 })?.cause ?? "";
}

function nameOf({ source, target }: Pick<Measured, "source" | "target">): string {
  return `${source} → ${target}`;
}
