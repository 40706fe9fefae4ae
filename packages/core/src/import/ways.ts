/** Links that make the tunnels of a guess those of the files: what is special between two nodes. */
import { createPrefixMap, match } from "../ip/prefix-map.ts";
import type { PrefixMap } from "../ip/prefix-map.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Fields } from "./document.ts";
import type { Facts } from "./facts.ts";
import type { Guess } from "./guess.ts";
import type { Party } from "./parties.ts";
import type { Trial } from "./trial.ts";

/** More than any detour costs, so that whatever way there is over others is taken. */
const DEAR = 1_000_000;

type Routes = PrefixMap<PublicKey>;

/** For each pair that a trial connects otherwise than the files do; of pairs without files nothing is known. */
export function linksOf(facts: Facts, { clients }: Guess, { devices }: Trial): readonly Fields[] {
  const nodes = facts.parties.filter((party) => !clients.has(party) && devices.has(party.name));
  const before = new Map(
    nodes.map((party) => [
      party,
      routesOf(party.entries.map(({ key, allowedIps }) => ({ publicKey: key, allowedIps }))),
    ]),
  );
  const after = new Map(
    nodes.map((party) => [party, routesOf(devices.get(party.name)?.peers ?? [])]),
  );
  const lists = new Map(
    nodes.map(({ name, entries }) => [name, new Set(entries.map(({ key }) => key))]),
  );
  const made = new Map(
    nodes.map(({ name }) => {
      return [name, new Set(devices.get(name)?.peers.map(({ publicKey }) => publicKey))];
    }),
  );
  const links: Fields[] = [];
  for (const [at, one] of nodes.entries()) {
    for (const other of nodes.slice(at + 1)) {
      if (one.device === undefined && other.device === undefined) continue;
      const path = pathBetween({ facts, before, after, lists, made }, one, other);
      if (path !== undefined) links.push({ between: [one.name, other.name], ...path });
    }
  }
  return links;
}

interface Scene {
  readonly facts: Facts;
  readonly before: ReadonlyMap<Party, Routes>;
  readonly after: ReadonlyMap<Party, Routes>;
  /** By name, whom each lists: in the files, and in the trial. */
  readonly lists: ReadonlyMap<string, ReadonlySet<PublicKey>>;
  readonly made: ReadonlyMap<string, ReadonlySet<PublicKey>>;
}

function pathBetween(scene: Scene, one: Party, other: Party): Fields | undefined {
  const { lists, made } = scene;
  const isWanted =
    lists.get(one.name)?.has(other.publicKey) === true ||
    lists.get(other.name)?.has(one.publicKey) === true;
  const isMade = made.get(one.name)?.has(other.publicKey) === true;
  const isReached = reaches(scene, "before", one, other) || reaches(scene, "before", other, one);
  if (isWanted) return isMade ? undefined : { path: "direct" };
  if (!isReached) {
    const isReachedNow = reaches(scene, "after", one, other) || reaches(scene, "after", other, one);
    return isMade || isReachedNow ? { path: "deny" } : undefined;
  }
  return isMade ? { costPerGiB: DEAR } : undefined;
}

/** Whether any address of the other has a way, over whomever. */
function reaches(scene: Scene, when: "before" | "after", one: Party, other: Party): boolean {
  const routes = scene[when].get(one);
  const addresses = scene.facts.addresses.get(other) ?? [];
  return routes !== undefined && addresses.some((each) => match(routes, each) !== undefined);
}

interface Listed {
  readonly publicKey: PublicKey;
  readonly allowedIps: readonly Prefix[];
}

/** Without exits, which reach everybody. */
function routesOf(peers: readonly Listed[]): Routes {
  return createPrefixMap(
    peers.flatMap(({ publicKey, allowedIps }) =>
      allowedIps.filter(({ length }) => length > 0).map((prefix) => [prefix, publicKey] as const),
    ),
  );
}
