/**
 * Gives every node, and every way in of a client, its addresses: those the document fixes, then those
 * recorded, then the lowest free ones in order of name. Nobody's address ever depends on who else is there.
 */
import { listTexts } from "../wording.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Address, Family } from "../ip/address.ts";
import { compareAddresses, isSameAddress, printAddress } from "../ip/address.ts";
import { firstAddress, hasAddress, isWithin, lastAddress, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { entrancesOf } from "../model/entrances.ts";
import type { EntryId, Lock } from "../model/lock.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";
import type { Path } from "../wording.ts";

/** Who was given which addresses: one of each family that the mesh has, IPv4 first. */
export interface Allocation {
  readonly nodes: ReadonlyMap<Name, readonly Address[]>;
  readonly entries: ReadonlyMap<EntryId, readonly Address[]>;
}

/** O(N); `diagnostics` names who collides, lies outside, or finds no free address. */
export function allocate(mesh: Mesh, lock: Lock, diagnostics: Diagnostics): Allocation {
  const nodes = mesh.nodes.map(({ name, ...node }): readonly [Name, Holder] => {
    const recorded = lock.nodes.get(name)?.addresses ?? [];
    return [name, { ...node, name, fixed: node.addresses, recorded, path: ["nodes", name] }];
  });
  const sites = new Map(mesh.nodes.map(({ name, site }) => [name, site]));
  const entries = entrancesOf(mesh).map(({ id, name, client, via }): readonly [EntryId, Holder] => {
    const recorded = lock.entries.get(id)?.addresses ?? [];
    const site = sites.get(via);
    const path = ["clients", client.name];
    const near = site === undefined ? {} : { site };
    return [id, { name, fixed: client.addresses, recorded, path, ...near }];
  });
  // Nodes first: that a client comes or goes concerns none of them.
  const holders = [...nodes, ...entries].map(([, holder]) => holder);
  const given = give(mesh, holders, diagnostics);
  const all = <K>([key, holder]: readonly [K, Holder]): [K, readonly Address[]] => {
    return [key, given.get(holder) ?? []];
  };
  return { nodes: new Map(nodes.map(all)), entries: new Map(entries.map(all)) };
}

/** Whoever has addresses of his own: a node, or a way in of a client. */
interface Holder {
  readonly name: Name;
  readonly path: Path;
  /** Whose block its addresses are of; a client's is that of the node it enters through. */
  readonly site?: Name;
  readonly fixed: readonly Address[];
  readonly recorded: readonly Address[];
}

function give(
  mesh: Mesh,
  holders: readonly Holder[],
  diagnostics: Diagnostics,
): ReadonlyMap<Holder, readonly Address[]> {
  // Recorded addresses count as taken from the start: fixing one for another holder renumbers nobody.
  const pools = createPools(mesh);
  const recorded = new Map(
    holders.map((holder) => [holder, recordedAddresses(holder, pools)] as const),
  );
  const taken = new Map(
    [...recorded].flatMap(([{ name }, addresses]) =>
      addresses.map((address) => [printAddress(address), name] as const),
    ),
  );
  const given = new Map<Holder, Address[]>();
  for (const holder of holders) {
    given.set(holder, claimExplicit(mesh, holder, taken, diagnostics));
  }
  for (const holder of holders) {
    given.get(holder)?.push(...(recorded.get(holder) ?? []));
  }
  const families = familiesOf(mesh);
  const cursors = new Map<Prefix, bigint>();
  for (const holder of holders) {
    const addresses = given.get(holder) ?? [];
    for (const family of families) {
      if (addresses.some((address) => address.family === family)) continue;
      const free = takeFree(holder, pools(holder, family), { family, taken, cursors });
      if (free !== undefined) addresses.push(free);
      else reportFull(holder, pools(holder, family), diagnostics);
    }
    addresses.sort(compareAddresses);
    reportRenumbered(holder, addresses, diagnostics);
  }
  return given;
}

/** The families of the mesh's ranges, IPv4 first. */
function familiesOf(mesh: Mesh): readonly Family[] {
  const families = new Set(mesh.network.addresses.map(({ family }) => family));
  return ([4, 6] as const).filter((family) => families.has(family));
}

/** Recorded addresses that still hold: inside the holder's ranges, of a family that it does not fix. */
function recordedAddresses(holder: Holder, pools: PoolsOf): Address[] {
  return holder.recorded.filter((address) => {
    const isFixed = holder.fixed.some(({ family }) => family === address.family);
    const pool = pools(holder, address.family).find(({ prefix }) => hasAddress(prefix, address));
    if (isFixed || pool === undefined || isReserved(pool.prefix, address)) return false;
    return !isWithin(pool.holes, address);
  });
}

function claimExplicit(
  mesh: Mesh,
  { name, fixed, site, path: place }: Holder,
  taken: Map<string, Name>,
  diagnostics: Diagnostics,
): Address[] {
  for (const [at, address] of fixed.entries()) {
    const path = [...place, "address", at];
    const text = printAddress(address);
    const range = mesh.network.addresses.find((each) => hasAddress(each, address));
    const owner = taken.get(text);
    const foreign = mesh.sites.find(
      (other) => other.name !== site && isWithin(other.addresses, address),
    );
    const block = foreign?.addresses.find((each) => hasAddress(each, address));
    if (range === undefined) {
      diagnostics.add(
        ranges.addressOutside(path, text, listTexts(mesh.network.addresses.map(printPrefix))),
      );
    } else if (isReserved(range, address)) {
      diagnostics.add(ranges.addressReserved(path, text, printPrefix(range)));
    } else if (owner !== undefined) {
      diagnostics.add(ranges.addressTaken(path, text, owner));
    } else if (foreign !== undefined && block !== undefined) {
      const there = { block: printPrefix(block), site: foreign.name };
      diagnostics.add(ranges.addressInForeignBlock(path, text, there));
    } else if (fixed.slice(0, at).some(({ family }) => family === address.family)) {
      diagnostics.add(ranges.familyTwice(path, address.family));
    }
    taken.set(text, owner ?? name);
  }
  return [...fixed];
}

/** A range to give addresses out of, and the parts of it that belong to others. */
interface Pool {
  readonly prefix: Prefix;
  readonly holes: readonly Prefix[];
}

type PoolsOf = (holder: Holder, family: Family) => readonly Pool[];

/** A holder's pools: its site's block where it has one of the family; else all ranges outside all blocks. */
function createPools({ network, sites }: Mesh): PoolsOf {
  const shared = poolsIn(
    network.addresses,
    sites.flatMap(({ addresses }) => addresses),
  );
  const own = new Map(sites.map(({ name, addresses }) => [name, poolsIn(addresses, [])]));
  return ({ site }, family) => {
    const blocks = site === undefined ? undefined : own.get(site)?.[family];
    return blocks === undefined || blocks.length === 0 ? shared[family] : blocks;
  };
}

function poolsIn(
  prefixes: readonly Prefix[],
  holes: readonly Prefix[],
): Readonly<Record<Family, readonly Pool[]>> {
  const of = (family: Family): readonly Pool[] => {
    const near = holes.filter((hole) => hole.family === family);
    const wanted = prefixes.filter((prefix) => prefix.family === family);
    return wanted.map((prefix) => ({ prefix, holes: near }));
  };
  return { 4: of(4), 6: of(6) };
}

interface FreeSearch {
  readonly family: Family;
  readonly taken: Map<string, Name>;
  /** Where the search in a range goes on: what lies before is taken. */
  readonly cursors: Map<Prefix, bigint>;
}

function takeFree(
  holder: Holder,
  pools: readonly Pool[],
  { family, taken, cursors }: FreeSearch,
): Address | undefined {
  for (const { prefix, holes } of pools) {
    const last = lastAddress(prefix).bits;
    let bits = cursors.get(prefix) ?? prefix.bits;
    for (; bits <= last; bits += 1n) {
      const address: Address = { family, bits };
      const hole = holes.find((each) => hasAddress(each, address));
      if (hole !== undefined) bits = lastAddress(hole).bits;
      else if (!isReserved(prefix, address) && !taken.has(printAddress(address))) break;
    }
    cursors.set(prefix, bits);
    if (bits > last) continue;
    const address: Address = { family, bits };
    taken.set(printAddress(address), holder.name);
    return address;
  }
  return undefined;
}

/**
 * IPv4: the network and broadcast address (RFC 1122), except in a /31 (RFC 3021) or /32.
 * IPv6: the subnet-router anycast address (RFC 4291 section 2.6.1), except in a /127 or /128.
 */
function isReserved(range: Prefix, address: Address): boolean {
  const width = range.family === 4 ? 32 : 128;
  if (width - range.length < 2) return false;
  if (isSameAddress(firstAddress(range), address)) return true;
  return range.family === 4 && isSameAddress(lastAddress(range), address);
}

/** An address that the document fixes is somebody's will; one that moved with its range may not be. */
function reportRenumbered(
  { path, fixed, recorded }: Holder,
  given: readonly Address[],
  diagnostics: Diagnostics,
): void {
  for (const before of recorded) {
    const after = given.find(({ family }) => family === before.family);
    const isFixed = fixed.some(({ family }) => family === before.family);
    if (after === undefined || isFixed || isSameAddress(before, after)) continue;
    diagnostics.add(ranges.renumbered(path, printAddress(before), printAddress(after)));
  }
}

function reportFull(holder: Holder, pools: readonly Pool[], diagnostics: Diagnostics): void {
  const printed = listTexts(pools.map(({ prefix }) => printPrefix(prefix)));
  diagnostics.add(ranges.rangeFull(holder.path, holder.name, printed));
}
