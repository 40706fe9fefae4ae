/**
 * Gives every node its addresses: those the document fixes, then those recorded, then the lowest
 * free ones in order of name. Nobody's address ever depends on who else is there.
 */
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Address, Family } from "../ip/address.ts";
import { compareAddresses, isSameAddress, printAddress } from "../ip/address.ts";
import { firstAddress, hasAddress, lastAddress, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Lock } from "../model/lock.ts";
import type { Mesh, Node } from "../model/mesh.ts";
import type { Name } from "../model/names.ts";

/** Each node's addresses, one of each family that the mesh has, IPv4 first. */
export type Allocation = ReadonlyMap<Name, readonly Address[]>;

/** O(N); `diagnostics` names who collides, lies outside, or finds no free address. */
export function allocate(mesh: Mesh, lock: Lock, diagnostics: Diagnostics): Allocation {
  // Recorded addresses count as taken from the start: fixing one for another node renumbers nobody.
  const taken = recordedOwners(mesh, lock);
  const given = new Map<Name, Address[]>();
  for (const node of mesh.nodes) {
    given.set(node.name, claimExplicit(mesh, node, taken, diagnostics));
  }
  for (const node of mesh.nodes) {
    given.get(node.name)?.push(...recordedAddresses(mesh, node, lock));
  }
  const cursors = new Map<Prefix, bigint>();
  for (const node of mesh.nodes) {
    const addresses = given.get(node.name) ?? [];
    for (const family of familiesOf(mesh)) {
      if (addresses.some((address) => address.family === family)) continue;
      const free = takeFree(mesh, node, { family, taken, cursors });
      if (free !== undefined) addresses.push(free);
      else reportFull(mesh, node, family, diagnostics);
    }
    addresses.sort(compareAddresses);
    reportRenumbered(node, lock, addresses, diagnostics);
  }
  return given;
}

/** The families of the mesh's ranges, IPv4 first. */
export function familiesOf(mesh: Mesh): readonly Family[] {
  const families = new Set(mesh.network.addresses.map(({ family }) => family));
  return ([4, 6] as const).filter((family) => families.has(family));
}

function recordedOwners(mesh: Mesh, lock: Lock): Map<string, Name> {
  return new Map(
    mesh.nodes.flatMap((node) =>
      recordedAddresses(mesh, node, lock).map((address) => [printAddress(address), node.name]),
    ),
  );
}

/** Recorded addresses that still hold: inside the node's ranges, of a family that it does not fix. */
function recordedAddresses(mesh: Mesh, node: Node, lock: Lock): Address[] {
  const recorded = lock.nodes.get(node.name)?.addresses ?? [];
  return recorded.filter((address) => {
    const isFixed = node.addresses.some(({ family }) => family === address.family);
    const pool = poolsOf(mesh, node, address.family).find(({ prefix }) =>
      hasAddress(prefix, address),
    );
    if (isFixed || pool === undefined || isReserved(pool.prefix, address)) return false;
    return !pool.holes.some((hole) => hasAddress(hole, address));
  });
}

function claimExplicit(
  mesh: Mesh,
  { name, addresses, site }: Node,
  taken: Map<string, Name>,
  diagnostics: Diagnostics,
): Address[] {
  for (const [at, address] of addresses.entries()) {
    const path = ["nodes", name, "address", at];
    const text = printAddress(address);
    const range = mesh.network.addresses.find((each) => hasAddress(each, address));
    const owner = taken.get(text);
    const foreign = mesh.sites.find(
      (other) => other.name !== site && other.addresses.some((block) => hasAddress(block, address)),
    );
    const block = foreign?.addresses.find((each) => hasAddress(each, address));
    if (range === undefined) {
      diagnostics.add(
        ranges.addressOutside(path, text, mesh.network.addresses.map(printPrefix).join(", ")),
      );
    } else if (isReserved(range, address)) {
      diagnostics.add(ranges.addressReserved(path, text, printPrefix(range)));
    } else if (owner !== undefined) {
      diagnostics.add(ranges.addressTaken(path, text, owner));
    } else if (foreign !== undefined && block !== undefined) {
      const place = { block: printPrefix(block), site: foreign.name };
      diagnostics.add(ranges.addressInForeignBlock(path, text, place));
    } else if (addresses.slice(0, at).some(({ family }) => family === address.family)) {
      diagnostics.add(ranges.familyTwice(path, address.family));
    }
    taken.set(text, owner ?? name);
  }
  return [...addresses];
}

/** A range to give addresses out of, and the parts of it that belong to others. */
interface Pool {
  readonly prefix: Prefix;
  readonly holes: readonly Prefix[];
}

/** Its site's block where it has one of the family; else the mesh's ranges outside all blocks. */
function poolsOf(mesh: Mesh, { site }: Node, family: Family): readonly Pool[] {
  const isFamily = (prefix: Prefix): boolean => prefix.family === family;
  const own = mesh.sites.find(({ name }) => name === site)?.addresses.filter(isFamily) ?? [];
  if (own.length > 0) return own.map((prefix) => ({ prefix, holes: [] }));
  const holes = mesh.sites.flatMap(({ addresses }) => addresses.filter(isFamily));
  return mesh.network.addresses.filter(isFamily).map((prefix) => ({ prefix, holes }));
}

interface FreeSearch {
  readonly family: Family;
  readonly taken: Map<string, Name>;
  /** Where the search in a range goes on: what lies before is taken. */
  readonly cursors: Map<Prefix, bigint>;
}

function takeFree(mesh: Mesh, node: Node, search: FreeSearch): Address | undefined {
  const { family, taken, cursors } = search;
  for (const { prefix, holes } of poolsOf(mesh, node, family)) {
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
    taken.set(printAddress(address), node.name);
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
  { name, addresses: fixed }: Node,
  lock: Lock,
  given: readonly Address[],
  diagnostics: Diagnostics,
): void {
  for (const before of lock.nodes.get(name)?.addresses ?? []) {
    const after = given.find(({ family }) => family === before.family);
    const isFixed = fixed.some(({ family }) => family === before.family);
    if (after === undefined || isFixed || isSameAddress(before, after)) continue;
    diagnostics.add(ranges.renumbered(["nodes", name], printAddress(before), printAddress(after)));
  }
}

function reportFull(mesh: Mesh, node: Node, family: Family, diagnostics: Diagnostics): void {
  const pools = poolsOf(mesh, node, family).map(({ prefix }) => printPrefix(prefix));
  diagnostics.add(ranges.rangeFull(["nodes", node.name], node.name, pools.join(", ")));
}
