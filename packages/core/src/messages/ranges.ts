/** What can be wrong with addresses and ranges, and what is not compiled yet. */
import { say } from "../phrase.ts";
import type { Phrase, Text } from "../phrase.ts";
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { label } from "../wording.ts";
import type { Path } from "../wording.ts";

export function addressTaken(path: Path, address: string, owner: string): Diagnostic {
  const message = say`${label(path)}: ${address} is already the address of "${owner}"`;
  return error(
    "address-taken",
    path,
    message,
    say`choose another, or leave it out to be given a free one`,
  );
}

export function addressOutside(path: Path, address: string, ranges: Text): Diagnostic {
  const message = say`${label(path)}: ${address} is outside the mesh's ranges ${ranges}`;
  const fix = say`choose one inside them, or widen network.addresses`;
  return error("address-outside", path, message, fix);
}

export function addressReserved(path: Path, address: string, range: string): Diagnostic {
  const message = say`${label(path)}: ${address} is the network or broadcast address of ${range}`;
  return error("address-reserved", path, message, say`choose another address of the range`);
}

export function addressInForeignBlock(
  path: Path,
  address: string,
  owner: { block: string; site: string },
): Diagnostic {
  const message = say`${label(path)}: ${address} lies in ${owner.block}, the block of site "${owner.site}"`;
  return error(
    "address-in-foreign-block",
    path,
    message,
    say`a site's block is for its own nodes: choose another`,
  );
}

export function lanTaken(path: Path, lan: string, owner: string): Diagnostic {
  const message = say`${label(path)}: ${lan} is already where "${owner}" is dialled inside the site`;
  const fix = say`write each node's own address; two behind one address need a listenPort each`;
  return error("lan-taken", path, message, fix);
}

export function familyTwice(path: Path, family: number): Diagnostic {
  const message = say`${label(path)} has two IPv${family} addresses`;
  return error("family-twice", path, message, say`there is one address of each family`);
}

export function rangeFull(path: Path, name: string, range: Text): Diagnostic {
  const message = say`no free address is left in ${range} for "${name}"`;
  return error("range-full", path, message, say`widen the range, or write an address of its own`);
}

export function rangesOverlap(
  path: Path,
  one: { prefix: string; what: Phrase },
  other: { prefix: string; what: Phrase },
): Diagnostic {
  const message = say`${label(path)}: ${one.prefix} (${one.what}) overlaps ${other.prefix} (${other.what})`;
  const fix = say`addresses must be unique across the mesh: renumber one, or leave it out here`;
  return error("ranges-overlap", path, message, fix);
}

export function subnetTaken(
  path: Path,
  prefix: string,
  owner: { node: string; prefix: string },
): Diagnostic {
  const message =
    owner.prefix === prefix
      ? say`${label(path)}: ${prefix} is already routed to "${owner.node}"`
      : say`${label(path)}: ${prefix} overlaps ${owner.prefix}, which is already routed to "${owner.node}"`;
  return error(
    "subnet-taken",
    path,
    message,
    say`each range has one owner: remove it from one of the two nodes`,
  );
}

export function endpointTaken(path: Path, endpoint: string, owner: string): Diagnostic {
  const message = say`${label(path)}: ${endpoint} is already where "${owner}" is dialled`;
  const fix = say`two hosts behind one address need a forwarded port each: write host:port`;
  return error("endpoint-taken", path, message, fix);
}

export function blockOutside(path: Path, block: string, ranges: Text): Diagnostic {
  const message = say`${label(path)}: ${block} is not inside the mesh's ranges ${ranges}`;
  return error("block-outside", path, message, say`a site's block is cut out of network.addresses`);
}

export function mtuBelowIpv6(path: Path, mtu: number, field: "mtu" | "underlayMtu"): Diagnostic {
  const message = say`${label(path)}: an MTU of ${mtu} is too small for IPv6, which needs 1280`;
  const least = field === "mtu" ? 1280 : 1360;
  const fix = say`raise ${field} to ${least} or more, or use IPv4 alone`;
  return error("mtu-below-ipv6", path, message, fix);
}

export function rangeUnusable(path: Path, range: string): Diagnostic {
  const message = say`${label(path)}: ${range} holds addresses that no host can have`;
  const fix = say`use a private range, such as 10.66.0.0/16 or fd00:66::/64`;
  return error("range-unusable", path, message, fix);
}

export function endpointUnusable(path: Path, endpoint: string): Diagnostic {
  const message = say`${label(path)}: nobody can be dialled at ${endpoint}`;
  return error("endpoint-unusable", path, message, say`write the address that others reach it at`);
}

export function endpointPlaceholder(path: Path, endpoint: string): Diagnostic {
  const message = say`${label(path)}: ${endpoint} leads to no other host (RFC 6761)`;
  const fix = say`write the address that others reach it at`;
  return warning("endpoint-placeholder", path, message, fix);
}

export function noRange(path: Path): Diagnostic {
  const fix = say`write at least one, such as [10.66.0.0/16]`;
  return error("no-range", path, say`the mesh has no range of addresses`, fix);
}

export function lanOutside(path: Path, lan: string, networks: Text): Diagnostic {
  const message = say`${label(path)}: ${lan} is outside the site's network ${networks}`;
  return warning(
    "lan-outside",
    path,
    message,
    say`correct one of the two: neighbours dial this address`,
  );
}

export function renumbered(path: Path, before: string, after: string): Diagnostic {
  const message = say`${label(path)}: had the address ${before}, and is given ${after}`;
  const fix = say`put back the range that held it, unless all hosts are to be renumbered`;
  return warning("renumbered", path, message, fix);
}

/** Fields that change nothing about who reaches whom: the mesh is as good without them. */
export function noEffect(path: Path, what: Phrase): Diagnostic {
  const message = say`${label(path)}: this version does nothing with ${what}`;
  return warning("no-effect", path, message, say`keep it for later versions, or remove it`);
}
