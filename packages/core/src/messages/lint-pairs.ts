/** What the linter can find between foreign devices: what two say of each other, and what a packet meets. */
import type { Finding } from "../finding.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { quote } from "../problem.ts";
import { listNames } from "../wording.ts";
import { lintError, lintWarning, replaceAllowedIps, writeEndpoint } from "./lint.ts";
import type { Spot } from "./lint.ts";

/** Addresses that one message lists. */
const LISTED_SOURCES = 5;

/** What must be written where a device is missing among the peers of another. */
export interface MissingBlock {
  readonly file: string;
  readonly publicKey: string;
  readonly allowedIps: readonly string[];
}

export function peerOneSided(spot: Spot, peer: string, missing: MissingBlock): Finding {
  const message = say`${quote(peer)} is a peer here, but does not list this device: it would not answer`;
  return lintError("peer-one-sided", spot, message, blockFor(missing));
}

/** Nobody of those whom a device lists knows it. */
export function peerUnlisted(
  spot: Spot,
  others: readonly string[],
  missing: MissingBlock,
): Finding {
  const message = say`none of ${listNames(others)} lists this device, which lists them: they would not answer`;
  return lintError("peer-one-sided", spot, message, blockFor({ ...missing, file: "" }));
}

/** A device knows none of those who list it. */
export function peersUnlisted(spot: Spot, others: readonly string[]): Finding {
  const message = say`${listNames(others)} list this device, which lists none of them: it would not answer`;
  const fix = say`write a [Peer] for each of them, or take this device from them`;
  return lintError("peer-one-sided", spot, message, fix);
}

/** `names`: whose entry it is told of, and whom it is for; `endpoint`: where others dial that one. */
export function cannotStart(
  spot: Spot,
  [own, peer]: readonly [string, string],
  endpoint: string | undefined,
): Finding {
  const message = say`neither ${quote(own)} nor ${quote(peer)} knows an endpoint of the other: nobody can start`;
  const fix =
    endpoint === undefined
      ? say`write Endpoint = (address of ${quote(peer)}):51820, or the other way round`
      : writeEndpoint(endpoint);
  return lintError("cannot-start", spot, message, fix);
}

export function nodeIsolated(spot: Spot, others: readonly string[]): Finding {
  const message = say`neither does this device know an endpoint of ${listNames(others)}, nor they one of it: nobody can start`;
  const fix = say`write Endpoint = (address):51820 for one of them here, or for this device there`;
  return lintError("node-isolated", spot, message, fix);
}

export function keepaliveMissing(spot: Spot, peer: string): Finding {
  const message = say`${quote(peer)} cannot dial back, and nothing is sent to keep the way open: a NAT closes it after some 30 s`;
  return lintWarning("keepalive-missing", spot, message, say`write PersistentKeepalive = 25`);
}

export function keepaliveMisplaced(spot: Spot, peer: string): Finding {
  const message = say`${quote(peer)} cannot dial back, but it is there that keepalive is set: a NAT is kept open from inside only`;
  return lintWarning("keepalive-misplaced", spot, message, say`write PersistentKeepalive = 25`);
}

/** Both on one host; `endpoint`: with the port that is probably right. */
export function portDiffers(
  spot: Spot,
  peer: string,
  { port, endpoint }: { readonly port: number; readonly endpoint: string },
): Finding {
  const message = say`port ${port} is dialled here for ${quote(peer)}, which is dialled at ${endpoint} elsewhere`;
  const fix = say`write Endpoint = ${endpoint}, unless port ${port} is forwarded to it`;
  return lintWarning("port-differs", spot, message, fix);
}

export function presharedKeyOneSided(spot: Spot, peer: string): Finding {
  const message = say`there is a preshared key for ${quote(peer)}, but none at the other end: they would never shake hands`;
  const fix = say`write the same PresharedKey line there, or remove this one`;
  return lintError("preshared-key-one-sided", spot, message, fix);
}

export function presharedKeyDiffers(spot: Spot, peer: string): Finding {
  const message = say`this is another preshared key than at the other end, ${quote(peer)}: they would never shake hands`;
  return lintError(
    "preshared-key-differs",
    spot,
    message,
    say`write the same PresharedKey line here as there`,
  );
}

export function presharedKeyReused(spot: Spot, pairs: number): Finding {
  const message = say`${pairs} pairs share this preshared key: who learns it from one has it of all`;
  const fix = say`make one for each pair with wg genpsk`;
  return lintWarning("preshared-key-reused", spot, message, fix);
}

/** `mtus`: here, and at the other end. */
export function mtuDiffers(spot: Spot, peer: string, mtus: readonly [number, number]): Finding {
  const [own, other] = mtus;
  const message = say`an MTU of ${own} here, of ${other} at the other end, ${quote(peer)}: large packets get through one way only`;
  const fix =
    own > other
      ? say`write MTU = ${other}`
      : say`write MTU = ${other}; or MTU = ${own} at all others, if less gets through here`;
  return lintWarning("mtu-differs", spot, message, fix);
}

/**
 * Somebody drops what a neighbour sends, because he does not expect the sources from it. Of what the
 * neighbour only passes on, that may be meant.
 */
export function pathOneWay(
  spot: Spot,
  way: {
    readonly sources: readonly string[];
    readonly from: string;
    readonly at: string;
    readonly isPassedOn: boolean;
  },
  fix: Phrase,
): Finding {
  const more = way.sources.length - LISTED_SOURCES;
  const listed = way.sources.slice(0, LISTED_SOURCES).join(", ");
  const sources = more > 0 ? say`${listed} and ${more} more` : listed;
  const message = say`packets of ${sources} come to ${quote(way.at)} from ${quote(way.from)}, and are dropped: AllowedIPs for ${quote(way.from)} does not hold them, and answers would not go there`;
  const found = way.isPassedOn ? lintWarning : lintError;
  return found("path-one-way", spot, message, fix);
}

/** A packet is sent another way than its answer. */
export function pathAsymmetric(
  spot: Spot,
  way: {
    readonly source: string;
    readonly target: string;
    readonly from: string;
    readonly at: string;
  },
  fix: Phrase,
): Finding {
  const message = say`packets from ${quote(way.source)} to ${quote(way.target)} arrive at ${quote(way.at)} from ${quote(way.from)}, but answers take another way, and so they are dropped`;
  return lintError("path-one-way", spot, message, fix);
}

/** Only where the line says just that, it is written anew. */
export function movePrefix(
  { prefix, peer }: { readonly prefix: string; readonly peer: string },
  { wrong, line }: { readonly wrong: string; readonly line: readonly string[] },
): Phrase {
  return wrong === prefix
    ? say`${replaceAllowedIps(prefix, line)}, and add ${prefix} to the AllowedIPs of ${quote(peer)}`
    : say`add ${prefix} to the AllowedIPs of ${quote(peer)}`;
}

/** Without a `fix` nobody can tell who has the prefix. */
export function pathLoops(
  spot: Spot,
  prefix: string,
  nodes: readonly string[],
  fix: Phrase | undefined,
): Finding {
  const message = say`packets to ${prefix} go round between ${listNames(nodes)}, each of which sends them on`;
  const unknown = say`take ${prefix} from the AllowedIPs of the one behind which it is`;
  return lintError("path-loops", spot, message, fix ?? unknown);
}

export function rangesOverlap(
  spot: Spot,
  one: { readonly prefix: string; readonly peer: string },
  other: { readonly prefix: string; readonly peer: string },
): Finding {
  const message = say`${one.prefix} behind ${quote(one.peer)} overlaps ${other.prefix} behind ${quote(other.peer)}`;
  const fix = say`renumber one of them, or take ${one.prefix} from the AllowedIPs of ${quote(one.peer)}; it is right where both lead into one network`;
  return lintWarning("ranges-overlap", spot, message, fix);
}

export function rangeOverlapsMesh(
  spot: Spot,
  entry: { readonly prefix: string; readonly peer: string },
  fix: Phrase,
): Finding {
  const message = say`${entry.prefix} on ${quote(entry.peer)} holds addresses of the mesh that are not behind it`;
  return lintWarning("ranges-overlap", spot, message, fix);
}

function blockFor({ file, publicKey, allowedIps }: MissingBlock): Phrase {
  const where = file === "" ? say`in each of their files` : say`in ${file}`;
  return say`write a [Peer] ${where}: PublicKey = ${publicKey}, AllowedIPs = ${allowedIps.join(", ")}`;
}
