/** Which preshared key each pair is to have: the one that both have, or that one of them has. */
import type { Finding } from "../finding.ts";
import * as messages from "../messages/import.ts";
import type { PresharedKey } from "../model/keys.ts";
import { pairName } from "../model/lock.ts";
import type { PairName } from "../model/lock.ts";
import type { Device } from "../plan/device.ts";
import type { Facts } from "./facts.ts";
import type { ForeignPeer } from "../read/foreign.ts";

export interface PresharedPairs {
  readonly keys: ReadonlyMap<PairName, PresharedKey>;
  /** Pairs whose two keys differ, and that need one of their own. */
  readonly fresh: ReadonlySet<PairName>;
  readonly findings: readonly Finding[];
  /** Whether every pair of the mesh has one. */
  readonly isEverybody: boolean;
}

/** Of the pairs that the mesh has. */
export function readPresharedKeys(
  { byKey }: Facts,
  devices: ReadonlyMap<string, Device>,
): PresharedPairs {
  const keys = new Map<PairName, PresharedKey>();
  const fresh = new Set<PairName>();
  const findings: Finding[] = [];
  let isEverybody = true;
  for (const one of byKey.values()) {
    for (const { publicKey } of devices.get(one.name)?.peers ?? []) {
      const other = byKey.get(publicKey);
      if (other === undefined || other.name <= one.name) continue;
      const pair = pairName(one.name, other.name);
      const sides: Sides = {
        own: one.byKey.get(other.publicKey)?.peer,
        back: other.byKey.get(one.publicKey)?.peer,
      };
      const key = agree([one.name, other.name], sides, findings);
      if (key === "fresh") fresh.add(pair);
      else if (key === undefined) isEverybody = false;
      else keys.set(pair, key);
    }
  }
  return { keys, fresh, findings, isEverybody };
}

/** What each of two says of the other. */
interface Sides {
  readonly own: ForeignPeer | undefined;
  readonly back: ForeignPeer | undefined;
}

/** What the pair is to have: undefined is no key, fresh another than either has now. */
function agree(
  names: readonly [string, string],
  { own, back }: Sides,
  findings: Finding[],
): PresharedKey | "fresh" | undefined {
  const [key, backKey] = [own?.presharedKey, back?.presharedKey];
  if (key !== undefined && backKey !== undefined && key.value !== backKey.value) {
    findings.push(messages.presharedKeysDiffer(key.place, names, backKey.place));
    return "fresh";
  }
  // Of those who have no file of their own nothing is known.
  if (key !== undefined && backKey === undefined && back !== undefined) {
    findings.push(messages.presharedKeyOneSided(key.place, names, back.place));
  }
  if (backKey !== undefined && key === undefined && own !== undefined) {
    const turned = [names[1], names[0]] as const;
    findings.push(messages.presharedKeyOneSided(backKey.place, turned, own.place));
  }
  return key?.value ?? backKey?.value;
}
