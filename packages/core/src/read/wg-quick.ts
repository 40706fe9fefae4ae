/** Reads a file of wg-quick, or one of `wg setconf` and `wg showconf`, as the device that it sets up. */
import type { Finding, Place } from "../finding.ts";
import { prefixOf } from "../ip/prefix.ts";
import * as messages from "../messages/foreign-quick.ts";
import { byteOrderMark } from "../messages/foreign-wg.ts";
import { parseInterfaceName } from "../model/names.ts";
import { Problem } from "../problem.ts";
import type { BlockContext } from "./config-blocks.ts";
import { hasByteOrderMark, splitLines } from "./config-lines.ts";
import type { ForeignDevice, ForeignPeer, Reading } from "./foreign.ts";
import { readQuickKeys, readQuickLine, splitQuickKeys } from "./quick-keys.ts";
import type { QuickKeys } from "./quick-keys.ts";
import { readWgLines } from "./wg-config.ts";
import type { WgConfig, WgPeer } from "./wg-config.ts";
import { isZeroKey } from "./wg-fields.ts";

/** What a text cannot say of itself. */
export interface ConfigSource {
  /** As messages are to show it. */
  readonly file: string;
  /** The device's. */
  readonly name: string;
  readonly isWorldReadable: boolean;
}

/** One device, always: with whatever of it makes sense. */
export function readWgQuick(text: string, source: ConfigSource): Reading {
  const { file } = source;
  const context = startReading(text, file, true);
  const lines = splitLines(text);
  const { own, rest } = splitQuickKeys(lines, context);
  const config = readWgLines(rest, context);
  // What wg-quick overlooks was meant all the same.
  const hidden = config.hidden.map(({ line, key }) => readQuickLine(line, key, file));
  const quick = readQuickKeys([...own, ...hidden], context);
  const device = deviceOf(config, quick, source);
  checkName(device, context);
  checkPrivateKey(device, context);
  return { devices: [device], findings: sortFindings(context.findings) };
}

/** What `wg showconf` prints and `wg setconf` reads: no addresses and no hooks. */
export function readShowconf(text: string, source: ConfigSource): Reading {
  const context = startReading(text, source.file, false);
  const config = readWgLines(splitLines(text), context);
  const quick = readQuickKeys([], context);
  const devices = [deviceOf(config, quick, source)];
  return { devices, findings: sortFindings(context.findings) };
}

function startReading(text: string, file: string, isQuick: boolean): BlockContext {
  const findings = hasByteOrderMark(text) ? [byteOrderMark({ file, line: 1, column: 1 })] : [];
  return { file, findings, isQuick };
}

function deviceOf(config: WgConfig, quick: QuickKeys, source: ConfigSource): ForeignDevice {
  const { privateKey, listenPort, fwmark } = config;
  const { file, name, isWorldReadable } = source;
  const interfaceName = interfaceOf(file);
  return {
    name,
    place: { file, line: 1, column: 1 },
    ...(interfaceName === undefined ? {} : { interface: interfaceName }),
    ...(privateKey === undefined || isZeroKey(privateKey.value) ? {} : { privateKey }),
    ...(listenPort === undefined || listenPort.value === 0 ? {} : { listenPort }),
    ...(fwmark === undefined || fwmark.value === 0 ? {} : { fwmark }),
    ...quick,
    peers: mergePeers(config.peers),
    isWorldReadable,
  };
}

/** Of a file's name, where that is one of an interface. */
function interfaceOf(file: string): string | undefined {
  const name = /([^/]*)\.conf$/.exec(file)?.[1] ?? "";
  const parsed = parseInterfaceName(name);
  return parsed instanceof Problem ? undefined : parsed;
}

/** Two sections of one key are one peer: the later's AllowedIPs, and of the rest what the later has. */
function mergePeers(peers: readonly WgPeer[]): readonly ForeignPeer[] {
  const merged = new Map<string, ForeignPeer>();
  for (const peer of peers) {
    const { publicKey } = peer;
    if (publicKey === undefined) continue;
    const { value } = publicKey;
    merged.set(value, { ...merged.get(value), ...peerOf(peer), publicKey });
  }
  return [...merged.values()];
}

function peerOf(peer: WgPeer): Omit<ForeignPeer, "publicKey"> {
  const { place, presharedKey, endpoint, keepaliveSeconds } = peer;
  const name = nameOf(peer.comments);
  const allowedIps = peer.allowedIps.map(({ value, place: at }) => {
    return { value: prefixOf(value.address, value.length), place: at };
  });
  return {
    place,
    allowedIps,
    ...(name === undefined ? {} : { name }),
    ...(presharedKey === undefined || isZeroKey(presharedKey.value) ? {} : { presharedKey }),
    ...(endpoint === undefined || endpoint.value.port === 0 ? {} : { endpoint }),
    ...(keepaliveSeconds === undefined ? {} : { keepaliveSeconds }),
  };
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

function checkName({ place }: ForeignDevice, { findings }: BlockContext): void {
  const name = /[^/]*$/.exec(place.file)?.[0] ?? "";
  if (interfaceOf(name) === undefined) findings.push(messages.badFileName(place, name));
}

function checkPrivateKey(device: ForeignDevice, { findings }: BlockContext): void {
  const { preUp, postUp } = device.hooks;
  const hasHook = [...preUp, ...postUp].some(({ value }) => value.includes("private-key"));
  const isWrong = findings.some(({ code }) => code === "bad-key" || code === "zero-key");
  if (device.privateKey === undefined && !hasHook && !isWrong) {
    findings.push(messages.noPrivateKey(device.place));
  }
}

/** In the order of the lines. */
function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((one, other) => comparePlaces(one, other));
}

function comparePlaces(one: Place, other: Place): number {
  return one.line - other.line || one.column - other.column;
}
