/** What `wg setconf` and `wg showconf` call a configuration: the same verdict as wg's, and the same values. */
import type { Finding, Place } from "../finding.ts";
import * as messages from "../messages/foreign-wg.ts";
import { REFUSALS } from "../messages/refusals.ts";
import type { Refuser } from "../messages/refusals.ts";
import { findEarlier } from "../remember.ts";
import { readBlocks } from "./config-blocks.ts";
import type { Block, BlockContext, Entry } from "./config-blocks.ts";
import { hasByteOrderMark, splitLines } from "./config-lines.ts";
import type { ConfigLine } from "./config-lines.ts";
import { optional, readInterfaceFields, readPeerFields } from "./wg-fields.ts";
import type { WgInterface, WgPeer } from "./wg-fields.ts";

export interface WgConfig extends WgInterface {
  /** One for each [Peer], though two may name one key. */
  readonly peers: readonly WgPeer[];
  /** Keys of wg-quick in sections that wg-quick does not see. */
  readonly hidden: readonly Entry[];
}

/** Depends: on names that only the machine can look up. */
export type Verdict = "taken" | "refused" | "depends";

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
  checkTwice(entries, context);
  return { ...readInterfaceFields(entries, context), peers, hidden };
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

function readPeer({ place, comments, entries }: Block, context: BlockContext): WgPeer {
  checkTwice(entries, context);
  if (!entries.some(({ key }) => key === "PublicKey")) {
    context.findings.push(messages.noPublicKey(place));
  }
  return { place, ...optional("name", nameOf(comments)), ...readPeerFields(entries, context) };
}

/** `Name: b` or `Name = b` before a lone word; wg-gen-web writes more behind a slash. */
function nameOf(comments: readonly string[]): string | undefined {
  for (const comment of comments) {
    const named = /^(?:friendly[_ ]?)?name\s*[:=]\s*(.+)$/i.exec(comment)?.[1];
    if (named !== undefined) return named.trim();
  }
  const words = comments.map((comment) => comment.split(" / ", 1)[0]?.trim() ?? "");
  return words.find((word) => /^[\p{L}\d][\p{L}\d._@-]*$/u.test(word));
}

/** AllowedIPs add up; of anything else the last one counts. */
function checkTwice(entries: readonly Entry[], { findings }: BlockContext): void {
  const firsts = new Map<string, Place>();
  for (const { key, place } of entries) {
    const first = findEarlier(firsts, key, place);
    if (first !== undefined && key !== "AllowedIPs") {
      findings.push(messages.keyTwice(place, key, first));
    }
  }
}

function checkPeers(peers: readonly WgPeer[], { findings }: BlockContext): void {
  const firsts = new Map<string, Place>();
  for (const { publicKey } of peers) {
    if (publicKey === undefined) continue;
    const { value, place } = publicKey;
    const first = findEarlier(firsts, value, place);
    if (first !== undefined) findings.push(messages.peerTwice(place, first));
  }
}
