/**
 * Finds what is wrong with devices that somebody else described: what each contradicts by itself, and
 * what several say of each other. Takes them as they were read; the mistakes of reading are the readers'.
 */
import type { Finding } from "../finding.ts";
import type { Reading } from "../read/foreign.ts";
import { checkDevices } from "./device-checks.ts";
import { checkEndpoints } from "./endpoint-checks.ts";
import { readIdentities } from "./identities.ts";
import { checkPairs, pairsOf } from "./pair-checks.ts";
import { checkForwarding, checkRanges } from "./range-checks.ts";
import { checkRounds } from "./round-checks.ts";
import { createScene } from "./scene.ts";
import { partSections } from "./sections.ts";
import { checkWays } from "./way-checks.ts";

/** All that was found, by the reading as well, and what was looked at, in numbers. */
export interface Lint {
  readonly findings: readonly Finding[];
  readonly devices: number;
  /** Pairs that list each other, and peers whose own files were not read. */
  readonly tunnels: number;
}

/**
 * Each device has its public key, if it can be known. Where the reading dropped a value, what follows
 * from its absence is not told. Time and memory grow with the entries times the different prefixes.
 */
export function lint(read: Reading): Lint {
  const reading = partSections(read);
  const findings: Finding[] = [...reading.findings];
  const nodes = readIdentities(reading, findings);
  const scene = createScene(nodes, findings);
  const pairs = pairsOf(scene);
  // In this order: what one check blames, the later ones leave alone.
  checkRounds(scene);
  checkDevices(scene);
  checkEndpoints(scene);
  checkPairs(scene, pairs);
  const passages = checkWays(scene, pairs);
  checkRanges(scene);
  checkForwarding(scene, passages);
  const strangers = nodes.flatMap(({ peers }) => peers.filter(({ other }) => other === undefined));
  return { findings, devices: nodes.length, tunnels: pairs.length + strangers.length };
}
