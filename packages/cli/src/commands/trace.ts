/** warren trace: tells the way of a packet between two nodes or addresses, hop by hop. */
import * as core from "@warren/core";
import { AppError } from "../app-error.ts";
import { hasErrors, printFindings } from "../findings.ts";
import type { Terminal } from "../terminal.ts";
import { loadWorkspace } from "../workspace.ts";

export interface TraceOptions {
  readonly file: string;
  readonly json: boolean;
}

export function trace(
  terminal: Terminal,
  ends: { readonly source: string; readonly target: string },
  { file, json }: TraceOptions,
): number {
  const { findings, plan } = loadWorkspace(file, { keys: "public", isStrict: false });
  if (hasErrors(findings) || plan === undefined) {
    printFindings(terminal, findings, { json });
    return 2;
  }
  const told = core.trace(plan.index, ...findEnds(plan.index, ends));
  if (json) terminal.print(JSON.stringify(told, undefined, 2));
  else printTrace(terminal, told, ends);
  return told.reaches ? 0 : 2;
}

function printTrace(
  terminal: Terminal,
  { steps, reaches }: core.Trace,
  { source, target }: { readonly source: string; readonly target: string },
): void {
  for (const { node, text, holds } of steps) {
    const mark = holds ? terminal.paint("green", "✓") : terminal.paint("red", "✗");
    terminal.print(`${mark} ${terminal.paint("bold", node)} ${text}`);
  }
  const verdict = reaches ? "reaches" : "does not reach";
  terminal.print(`${source} ${terminal.paint(reaches ? "green" : "red", verdict)} ${target}`);
}

/** Both at addresses of one family: a packet has only one. */
function findEnds(
  index: core.Index,
  ends: { readonly source: string; readonly target: string },
): readonly [core.TraceEnd, core.TraceEnd] {
  const first = findEnd(index, ends.source);
  const target = findEnd(index, ends.target, first.address.family);
  const source = findEnd(index, ends.source, target.address.family);
  if (source.address.family !== target.address.family) {
    const fix = "give both as IPv4 or both as IPv6, or name a node";
    throw new AppError("usage", `no packet goes from ${ends.source} to ${ends.target}`, { fix });
  }
  return [source, target];
}

/** A node by its name, at its address of the family that is wanted; or whoever owns an address. */
function findEnd(index: core.Index, word: string, family?: core.Family): core.TraceEnd {
  const address = core.parseAddress(word);
  if (!(address instanceof core.Problem)) {
    const end = core.findEnd(index, address);
    if (end !== undefined) return end;
    const fix = "name a node, one of its addresses, or an address in a subnet behind one";
    throw new AppError("usage", `nobody in the mesh has ${word}`, { fix });
  }
  const client = index.entries.find(({ name }) => name === word);
  if (/[.:/]/.test(word) && client === undefined)
    throw new AppError("usage", address.message, { fix: address.fix });
  // A client is behind the node that it enters through.
  const member = index.byName.get(client?.via ?? (word as core.Name));
  const addresses = (client ?? member)?.addresses ?? [];
  const own = addresses.find((each) => each.address.family === family) ?? addresses[0];
  if (member === undefined || own === undefined) {
    const names = index.members.map(({ node }) => node.name).slice(0, 20);
    throw new AppError("usage", `there is no node ${core.quote(word)}`, {
      fix: `known are ${names.join(", ")}`,
    });
  }
  return { member, address: own.address };
}
