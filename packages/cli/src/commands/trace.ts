/** warren trace: tells the way of a packet between two nodes or addresses, hop by hop. */
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { demand, unknownName } from "../app-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { loadPlan, printJson } from "./plan.ts";
import type { FileOption, JsonOption } from "./plan.ts";

export interface TraceWords {
  readonly source: string;
  readonly target: string;
  /** Such as tcp/22; absent: anything. */
  readonly port?: string | undefined;
}

export function trace(
  terminal: Terminal,
  words: TraceWords,
  options: FileOption & JsonOption,
): number {
  const port = words.port === undefined ? undefined : demand(core.parsePortRange(words.port));
  const plan = loadPlan(terminal, options, { keys: "public" });
  if (plan === undefined) return 2;
  const told = core.trace(plan.index, ...findEnds(plan.index, words), port);
  if (options.json) {
    const steps = told.steps.map((step) => ({ ...step, text: terminal.read(step.text) }));
    printJson(terminal, { ...told, steps });
  } else printTrace(terminal, told, words);
  return told.reaches ? 0 : 2;
}

function printTrace(
  terminal: Terminal,
  { steps, reaches }: core.Trace,
  { source, target, port }: TraceWords,
): void {
  for (const { node, text, holds } of steps) {
    const mark = holds ? terminal.paint("green", "✓") : terminal.paint("red", "✗");
    terminal.print(core.say`${mark} ${terminal.paint("bold", node)} ${text}`);
  }
  const verdict = reaches ? core.say`reaches` : core.say`does not reach`;
  const what = port === undefined ? "" : core.say` with ${port}`;
  const painted = terminal.paint(reaches ? "green" : "red", verdict);
  terminal.print(core.say`${source} ${painted} ${target}${what}`);
}

/** Both at addresses of one family: a packet has only one. */
function findEnds(index: core.Index, ends: TraceWords): readonly [core.TraceEnd, core.TraceEnd] {
  const wanted = parseEnd(ends.target)?.family;
  const first = findEnd(index, ends.source, { family: wanted });
  const target = findEnd(index, ends.target, { family: first.address.family, source: first });
  const source = findEnd(index, ends.source, { family: target.address.family });
  if (source.address.family !== target.address.family) {
    const fix = core.say`give both as IPv4 or both as IPv6, or name a node`;
    throw new AppError("usage", core.say`no packet goes from ${ends.source} to ${ends.target}`, {
      fix,
    });
  }
  return [source, target];
}

interface EndWish {
  readonly family: core.Family | undefined;
  /** Who sends to it: what nobody owns is reached through an exit of the sender's. */
  readonly source?: core.TraceEnd;
}

/** A node or client by its name, at its address of the family that is wanted; or whoever owns an address. */
function findEnd(index: core.Index, word: string, { family, source }: EndWish): core.TraceEnd {
  const address = parseEnd(word);
  if (address !== undefined) {
    const end =
      core.findEnd(index, address) ?? (source && core.findExit(index, source.name, address));
    if (end !== undefined) return end;
    const fix = core.say`name a node, one of its addresses, or an address in a subnet behind one`;
    throw new AppError("usage", core.say`nobody in the mesh has ${word}`, { fix });
  }
  const known = [
    ...index.members.map(({ node, addresses }) => ({ name: node.name, addresses })),
    ...index.entries,
  ];
  const found = known.find(({ name }) => name === word);
  const own = found?.addresses.find((each) => each.address.family === family);
  const spare = found?.addresses[0];
  if (found !== undefined && spare !== undefined) {
    return { name: found.name, address: (own ?? spare).address };
  }
  const keyless = core.entrancesOf(index.mesh).find(({ name }) => name === word);
  const client = keyless?.client ?? index.mesh.clients.find(({ name }) => name === word);
  const entries =
    keyless === undefined ? index.entries.filter((each) => each.client === client) : [];
  if (client !== undefined) throw unready(word, entries);
  const names = known.map(({ name }) => name);
  throw unknownName(core.say`there is no node or client ${core.quote(word)}`, word, names);
}

function unready(word: string, entries: readonly core.Entry[]): AppError {
  const names = core.listTexts(entries.map(({ name }) => name));
  if (entries.length > 0) {
    return new AppError("usage", core.say`${word} has several entries`, {
      fix: core.say`name one of ${names}`,
    });
  }
  return new AppError("usage", core.say`${word} has no key yet`, {
    fix: core.say`make one: warren qr ${word}`,
  });
}

/** Undefined when the word is a name. A client's entry has a dot, but is no address. */
function parseEnd(word: string): core.Address | undefined {
  const address = core.parseAddress(word);
  const isName = address instanceof core.Problem && !/^[\d.]+$|[:/]/.test(word);
  return isName ? undefined : demand(address);
}
