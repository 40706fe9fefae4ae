/** Links that make the tunnels of a guess those of the files: what is special between two nodes. */
import type { Address } from "../ip/address.ts";
import { match } from "../ip/prefix-map.ts";
import type { PrefixMap } from "../ip/prefix-map.ts";
import type { PublicKey } from "../model/keys.ts";
import type { Fields } from "./document.ts";
import type { Facts } from "./facts.ts";
import type { Guess } from "./guess.ts";
import { routesOf } from "./parties.ts";
import type { Party } from "./parties.ts";
import type { Trial } from "./trial.ts";

/** More than any detour costs, so that whatever way there is over others is taken. */
const DEAR = 1_000_000;

type Routes = PrefixMap<PublicKey>;

/** A node with whom it reaches and whom it has tunnels with: in the files, and in the trial. */
interface Node {
  readonly party: Party;
  readonly addresses: readonly Address[];
  readonly before: Routes;
  readonly after: Routes;
  readonly made: ReadonlySet<PublicKey>;
}

/** For each pair that a trial connects otherwise than the files do; of pairs without files nothing is known. */
export function linksOf(facts: Facts, { clients }: Guess, { devices }: Trial): readonly Fields[] {
  const nodes = facts.parties.flatMap((party): Node[] => {
    const peers = devices.get(party.name)?.peers;
    if (clients.has(party) || peers === undefined) return [];
    const addresses = facts.addresses.get(party) ?? [];
    const [before, after] = [routesOf(party.entries), routesOf(peers)];
    const made = new Set(peers.map(({ publicKey }) => publicKey));
    return [{ party, addresses, before, after, made }];
  });
  return nodes.flatMap((one, at) =>
    nodes.slice(at + 1).flatMap((other): Fields[] => {
      if (one.party.device === undefined && other.party.device === undefined) return [];
      const path = pathBetween(one, other);
      return path === undefined ? [] : [{ between: [one.party.name, other.party.name], ...path }];
    }),
  );
}

function pathBetween(one: Node, other: Node): Fields | undefined {
  const isWanted =
    one.party.byKey.has(other.party.publicKey) || other.party.byKey.has(one.party.publicKey);
  const isMade = one.made.has(other.party.publicKey);
  if (isWanted) return isMade ? undefined : { path: "direct" };
  if (!reaches(one.before, other) && !reaches(other.before, one)) {
    const isReachedNow = reaches(one.after, other) || reaches(other.after, one);
    return isMade || isReachedNow ? { path: "deny" } : undefined;
  }
  return isMade ? { costPerGiB: DEAR } : undefined;
}

/** Whether any address of a node has a way, over whomever. */
function reaches(routes: Routes, { addresses }: Node): boolean {
  return addresses.some((each) => match(routes, each) !== undefined);
}
