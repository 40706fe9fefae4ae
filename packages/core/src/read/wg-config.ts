/** What `wg setconf` and `wg showconf` call a configuration: the same verdict as wg's, and the same values. */
import type { Place } from "../finding.ts";
import * as messages from "../messages/foreign-wg.ts";
import { findEarlier } from "../remember.ts";
import { readBlocks } from "./config-blocks.ts";
import type { Block, BlockContext, Entry } from "./config-blocks.ts";
import type { ConfigLine } from "./config-lines.ts";
import { optional, readInterfaceFields, readPeerFields } from "./wg-fields.ts";
import type { WgInterface, WgPeer } from "./wg-fields.ts";

export interface WgConfig extends WgInterface {
  /** One for each [Peer], though two may name one key. */
  readonly peers: readonly WgPeer[];
  /** Keys of wg-quick in sections that wg-quick does not see. */
  readonly hidden: readonly Entry[];
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
