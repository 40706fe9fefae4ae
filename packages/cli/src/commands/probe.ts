/** warren probe: has every host measure its ways to all others, once or again and again. */
import { setTimeout } from "node:timers/promises";
import { say } from "@warren/core";
import {
  changesOf,
  isAllReached,
  printablePairs,
  printProbe,
  summaryOf,
} from "../remote/probe-report.ts";
import { chooseNodes, hostsOf, printableRefusal } from "../remote/hosts.ts";
import { pairsOf, probeAll } from "../remote/probing.ts";
import type { Probed } from "../remote/probing.ts";
import { Connections } from "../remote/ssh.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf } from "../terminal/words.ts";
import { loadPlan, printJson } from "./plan.ts";

export interface ProbeWords {
  readonly file: string;
  readonly json: boolean;
  readonly watch: boolean;
  readonly parallel: number;
}

/** Between two rounds. */
const PAUSE_MS = 3000;
/** As a shell has it for Ctrl-C. */
const INTERRUPTED = 130;

/** Of a person's terminal: to the upper left, and away with what is below. */
const CLEAR = "\u001B[H\u001B[J";

export async function probe(
  terminal: Terminal,
  names: readonly string[],
  { file, json, watch, parallel }: ProbeWords,
): Promise<number> {
  const plan = loadPlan(terminal, { file, json }, { keys: "public" });
  if (plan === undefined) return 2;
  const pairs = pairsOf(plan);
  const nodes = chooseNodes(plan.mesh, names);
  const options = { interface: plan.mesh.network.interface, isMtuWanted: true, parallel };
  const connections = new Connections();
  const interrupt = new AbortController();
  // Those that were started are interrupted by the terminal, too; what is temporary goes with us.
  const stop = (): void => interrupt.abort();
  process.once("SIGINT", stop);
  try {
    const hosts = hostsOf(connections, nodes);
    let last: Probed | undefined;
    for (;;) {
      terminal.progress(say`${countOf(hosts.length, "node")} measuring`);
      const probed = await probeAll(hosts, pairs, options);
      if (interrupt.signal.aborted) return statusOf(last);
      report(terminal, probed, { last, json, watch, file });
      last = probed;
      if (!watch) return statusOf(probed);
      await setTimeout(PAUSE_MS, undefined, { signal: interrupt.signal }).catch(() => undefined);
      if (interrupt.signal.aborted) return statusOf(probed);
    }
  } finally {
    process.off("SIGINT", stop);
    await connections.close();
  }
}

function statusOf(probed: Probed | undefined): number {
  if (probed === undefined) return INTERRUPTED;
  return isAllReached(probed) ? 0 : 2;
}

interface Round {
  readonly file: string;
  readonly last: Probed | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

function report(terminal: Terminal, probed: Probed, { last, json, watch, file }: Round): void {
  const isDrawn = watch && terminal.columns !== undefined;
  if (json && watch) {
    // A line each, for who reads them as they come.
    terminal.print(JSON.stringify(printable(terminal, probed)));
  } else if (json) {
    printJson(terminal, printable(terminal, probed));
  } else if (last === undefined || isDrawn) {
    if (isDrawn) terminal.print(CLEAR);
    printProbe(terminal, probed, file);
  } else {
    const changes = changesOf(terminal, last, probed);
    for (const line of changes) terminal.print(line);
    if (changes.length > 0) terminal.print(summaryOf(probed));
  }
}

function printable({ read }: Terminal, { pairs, refused }: Probed): object {
  return {
    pairs: printablePairs({ pairs, refused }),
    refused: refused.map((each) => printableRefusal(each, read)),
  };
}
