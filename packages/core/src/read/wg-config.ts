/** What `wg setconf` and `wg showconf` call a configuration: the same verdict as wg's, and the same values. */
import type { Finding, Place } from "../finding.ts";
import * as messages from "../messages/foreign-wg.ts";
import { REFUSALS } from "../messages/refusals.ts";
import type { Refuser } from "../messages/refusals.ts";
import { parsePresharedKey, parsePrivateKey, parsePublicKey } from "../model/keys.ts";
import type { PresharedKey, PrivateKey, PublicKey } from "../model/keys.ts";
import { readBlocks } from "./config-blocks.ts";
import type { Block, BlockContext, Entry } from "./config-blocks.ts";
import { hasByteOrderMark, splitLines } from "./config-lines.ts";
import type { ConfigLine } from "./config-lines.ts";
import type { ForeignAddress, Placed } from "./foreign.ts";
import {
  readAllowedIps,
  readEndpoint,
  readInterval,
  readKey,
  readMark,
  readPortOf,
} from "./wg-fields.ts";
import type { WgEndpoint } from "./wg-fields.ts";

export interface WgConfig {
  readonly privateKey?: Placed<PrivateKey>;
  /** 0: any. */
  readonly listenPort?: Placed<number>;
  /** 0: none. */
  readonly fwmark?: Placed<number>;
  /** One for each [Peer], though two may name one key. */
  readonly peers: readonly WgPeer[];
  /** Keys of wg-quick in sections that wg-quick does not see. */
  readonly hidden: readonly Entry[];
}

export interface WgPeer {
  readonly place: Place;
  readonly comments: readonly string[];
  readonly publicKey?: Placed<PublicKey>;
  readonly presharedKey?: Placed<PresharedKey>;
  /** As written, with host bits. */
  readonly allowedIps: readonly Placed<ForeignAddress>[];
  readonly endpoint?: Placed<WgEndpoint>;
  readonly keepaliveSeconds?: Placed<number>;
}

/** Depends: on names that only the machine can look up. */
export type Verdict = "taken" | "refused" | "depends";

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** A whole file, as `wg setconf` of version 1.0.20210914 judges it. */
export function readWgConfig(
  text: string,
  file: string,
): { readonly config: WgConfig; readonly verdict: Verdict; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  if (hasByteOrderMark(text)) findings.push(messages.byteOrderMark({ file, line: 1, column: 1 }));
  const config = readWgLines(splitLines(text), { file, findings, isQuick: false });
  return { config, verdict: judge(config, findings), findings };
}

/** The lines of a file that are for wg. */
export function readWgLines(lines: readonly ConfigLine[], context: BlockContext): WgConfig {
  const blocks = readBlocks(lines, context);
  const interfaces = blocks.filter(({ kind }) => kind === "interface");
  const [first, ...others] = interfaces;
  for (const { place } of others) {
    context.findings.push(messages.interfaceTwice(place, first?.place ?? place));
  }
  const peers = blocks
    .filter(({ kind }) => kind === "peer")
    .map((block) => readPeer(block, context));
  checkPeers(peers, context);
  const hidden = interfaces.flatMap((block) => block.hidden);
  const entries = interfaces.flatMap((block) => block.entries);
  return { ...readInterface(entries, context), peers, hidden };
}

function judge({ peers }: WgConfig, findings: readonly Finding[]): Verdict {
  const refusers = findings.map(({ code }) => refuserOf(code));
  if (refusers.some((by) => by === "wg" || by === "old-wg")) return "refused";
  const hasName = peers.some(({ endpoint }) => typeof endpoint?.value.host === "string");
  return hasName || refusers.includes("machine") ? "depends" : "taken";
}

function refuserOf(code: string): Refuser | undefined {
  const refusals: Readonly<Record<string, { readonly by: Refuser }>> = REFUSALS;
  return refusals[code]?.by;
}

function readInterface(
  entries: readonly Entry[],
  context: BlockContext,
): Draft<Pick<WgConfig, "privateKey" | "listenPort" | "fwmark">> {
  const read: Draft<Pick<WgConfig, "privateKey" | "listenPort" | "fwmark">> = {};
  checkTwice(entries, context);
  for (const entry of entries) {
    const place = entry.valuePlace;
    if (entry.key === "PrivateKey") {
      const value = readKey(parsePrivateKey, entry, context);
      if (value !== undefined) read.privateKey = { value, place };
    } else if (entry.key === "ListenPort") {
      const value = readPortOf(entry, entry.value, context);
      if (value !== undefined) read.listenPort = { value, place };
    } else {
      const value = readMark(entry, context);
      if (value !== undefined) read.fwmark = { value, place };
    }
  }
  return read;
}

function readPeer(block: Block, context: BlockContext): WgPeer {
  const allowedIps: Placed<ForeignAddress>[] = [];
  const { place, comments, entries } = block;
  const peer: Draft<WgPeer> = { place, comments, allowedIps };
  checkTwice(entries, context);
  for (const entry of entries) {
    const at = entry.valuePlace;
    if (entry.key === "PublicKey") {
      const value = readKey(parsePublicKey, entry, context);
      if (value !== undefined) peer.publicKey = { value, place: at };
    } else if (entry.key === "PresharedKey") {
      const value = readKey(parsePresharedKey, entry, context);
      if (value !== undefined) peer.presharedKey = { value, place: at };
    } else if (entry.key === "AllowedIPs") {
      allowedIps.push(...readAllowedIps(entry, context));
    } else if (entry.key === "Endpoint") {
      const value = readEndpoint(entry, context);
      if (value !== undefined) peer.endpoint = { value, place: at };
    } else {
      const value = readInterval(entry, context);
      if (value !== undefined) peer.keepaliveSeconds = { value, place: at };
    }
  }
  if (!entries.some(({ key }) => key === "PublicKey")) {
    context.findings.push(messages.noPublicKey(place));
  }
  return peer;
}

/** AllowedIPs add up; of anything else the last one counts. */
function checkTwice(entries: readonly Entry[], { findings }: BlockContext): void {
  const firsts = new Map<string, Place>();
  for (const { key, place } of entries) {
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, place);
    else if (key !== "AllowedIPs") findings.push(messages.keyTwice(place, key, first));
  }
}

function checkPeers(peers: readonly WgPeer[], { findings }: BlockContext): void {
  const firsts = new Map<string, Place>();
  for (const { publicKey } of peers) {
    if (publicKey === undefined) continue;
    const { value, place } = publicKey;
    const first = firsts.get(value);
    if (first === undefined) firsts.set(value, place);
    else findings.push(messages.peerTwice(place, value, first));
  }
}
