/** Reads a file of wg-quick, or one of `wg setconf` and `wg showconf`, as the device that it sets up. */
import type { Finding, Place } from "../finding.ts";
import * as messages from "../messages/foreign-quick.ts";
import { byteOrderMark, nulCharacter } from "../messages/foreign-wg.ts";
import { parseInterfaceName } from "../model/names.ts";
import { Problem } from "../problem.ts";
import { buildDevice } from "./build-device.ts";
import type { DeviceFrame } from "./build-device.ts";
import type { BlockContext } from "./config-blocks.ts";
import { hasByteOrderMark, splitLines } from "./config-lines.ts";
import type { ForeignDevice, Reading } from "./foreign.ts";
import { readQuickKeys, readQuickLine, splitQuickKeys } from "./quick-keys.ts";
import { readWgLines } from "./wg-config.ts";

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
  for (const { number } of splitLines(text).filter((line) => line.text.includes("\0"))) {
    context.findings.push(nulCharacter({ file, line: number, column: 1 }));
  }
  // bash reads no NUL, and what wg-quick passes on has none.
  const lines = splitLines(text.replaceAll("\0", ""));
  const { own, rest } = splitQuickKeys(lines, context);
  const config = readWgLines(rest, context);
  // What wg-quick overlooks was meant all the same.
  const hidden = config.hidden.map(({ line, key }) => readQuickLine(line, key, file));
  const quick = readQuickKeys([...own, ...hidden], context);
  const device = buildDevice(config, quick, frameOf(source));
  checkName(device, context);
  checkPrivateKey(device, context);
  // The same mistake twice, where a key below the head has it, too.
  const findings = context.findings.filter(({ code }) => {
    return code !== "hidden-interface" || hidden.length === 0;
  });
  return { devices: [device], findings: sortFindings(findings) };
}

/** What `wg showconf` prints and `wg setconf` reads: no addresses and no hooks. */
export function readShowconf(text: string, source: ConfigSource): Reading {
  const context = startReading(text, source.file, false);
  const config = readWgLines(splitLines(text), context);
  const quick = readQuickKeys([], context);
  const devices = [buildDevice(config, quick, { ...frameOf(source), isRunning: true })];
  return { devices, findings: sortFindings(context.findings) };
}

function startReading(text: string, file: string, isQuick: boolean): BlockContext {
  const findings = hasByteOrderMark(text) ? [byteOrderMark({ file, line: 1, column: 1 })] : [];
  return { file, findings, isQuick };
}

function frameOf({ file, name, isWorldReadable }: ConfigSource): DeviceFrame {
  const interfaceName = interfaceOf(file);
  return {
    name,
    place: { file, line: 1, column: 1 },
    ...(interfaceName === undefined ? {} : { interface: interfaceName }),
    isWorldReadable,
  };
}

/** Of a file's name, where that is one of an interface. */
function interfaceOf(file: string): string | undefined {
  const name = /([^/]*)\.conf$/.exec(file)?.[1] ?? "";
  const parsed = parseInterfaceName(name);
  return parsed instanceof Problem ? undefined : parsed;
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
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((one, other) => comparePlaces(one, other));
}

function comparePlaces(one: Place, other: Place): number {
  return one.line - other.line || one.column - other.column;
}
