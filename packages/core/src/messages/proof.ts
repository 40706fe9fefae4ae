/** What the proof can find in the devices of a plan. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { PolicyTest } from "../model/mesh.ts";
import { printPortRange } from "../model/words.ts";
import { label, listNames } from "../wording.ts";
import type { Path } from "../wording.ts";

export function prefixOnTwoPeers(
  node: string,
  prefix: string,
  peers: readonly [string, string],
): Diagnostic {
  const message = say`${node} would send ${prefix} to both "${peers[0]}" and "${peers[1]}": WireGuard keeps the last one silently`;
  return error(
    "prefix-on-two-peers",
    ["nodes", node],
    message,
    say`leave the prefix on one of them`,
  );
}

export function ownPrefixOnPeer(
  node: string,
  own: string,
  entry: { peer: string; prefix: string },
): Diagnostic {
  const message = say`${node} would send its own ${own} into the tunnel to "${entry.peer}" (${entry.prefix})`;
  const fix = say`take ${entry.prefix} from "${entry.peer}", or renumber`;
  return error("own-prefix-on-peer", ["nodes", node], message, fix);
}

export function endpointCaptured(peer: string, endpoint: string, prefix: string): Diagnostic {
  const message = say`the endpoint ${endpoint} of "${peer}" lies inside ${prefix}, which goes into the tunnel: it would swallow itself`;
  const fix = say`use an endpoint outside every range of the mesh; or name the range as the network of the site that both are in`;
  return error("endpoint-captured", ["nodes", peer, "endpoint"], message, fix);
}

export function pathAsymmetric(
  source: string,
  target: string,
  hop: { from: string; at: string },
): Diagnostic {
  const message = say`packets from ${source} to ${target} arrive at ${hop.at} from ${hop.from}, but ${hop.at} sends replies another way and drops them`;
  return error(
    "path-asymmetric",
    ["nodes", source],
    message,
    say`both directions must use the same tunnels`,
  );
}

export function pathLoops(source: string, target: string, at: string): Diagnostic {
  const message = say`packets from ${source} to ${target} come back to ${at}`;
  return error("path-loops", ["nodes", source], message, reportIt());
}

export function pathMissing(source: string, target: string, at: string): Diagnostic {
  const message = say`packets from ${source} to ${target} have no tunnel at ${at}`;
  return error("path-missing", ["nodes", source], message, reportIt());
}

export function forwardingOff(node: string, prefix: string): Diagnostic {
  const message = say`${node} must forward to ${prefix} but its forwarding is off`;
  return error(
    "forwarding-off",
    ["nodes", node],
    message,
    say`switch forwarding on for the family`,
  );
}

/** Pairs are left out, not refused: see nodeIsolated for a node that reaches nobody at all. */
export function nobodyDials(node: string, others: readonly string[]): Diagnostic {
  const message = say`${node} cannot reach ${listNames(others)}: neither side can be dialled`;
  const fix = say`give one side an endpoint (a forwarded UDP port is enough), or put both into one site with lan addresses`;
  return warning("nobody-dials", ["nodes", node], message, fix);
}

export function nodeIsolated(node: string): Diagnostic {
  const message = say`${node} can reach nobody: neither it nor any other node can be dialled`;
  return error(
    "node-isolated",
    ["nodes", node],
    message,
    say`give it, or another node, an endpoint`,
  );
}

export function keepaliveMissing(node: string, peer: string): Diagnostic {
  const message = say`"${peer}" cannot dial ${node} back, and ${node} sends no keepalive: a NAT closes the way after some 30 s`;
  return warning(
    "keepalive-missing",
    ["nodes", node],
    message,
    say`set keepalive: 25 on the node or the network`,
  );
}

export function cannotStart(node: string, peer: string): Diagnostic {
  const message = say`neither ${node} nor "${peer}" knows an endpoint of the other: nobody can start`;
  return error("cannot-start", ["nodes", node], message, say`give one of them an endpoint`);
}

export function rangeLeaks(node: string, range: string): Diagnostic {
  const message = say`on ${node} unknown addresses of ${range} would leave by the default route`;
  return error(
    "range-leaks",
    ["nodes", node],
    message,
    say`give the node an address with the mask of the range`,
  );
}

export function mtuTooLarge(
  node: string,
  mtu: number,
  path: { mtu: number; peer: string },
): Diagnostic {
  const message = say`${node} has an MTU of ${mtu}, but the path to "${path.peer}" holds ${path.mtu}`;
  const fix = say`write mtu: ${path.mtu}, or leave it out to be computed`;
  return warning("mtu-too-large", ["nodes", node, "mtu"], message, fix);
}

export function presharedKeyDiffers(node: string, peer: string): Diagnostic {
  const message = say`${node} and "${peer}" hold different preshared keys: they would never shake hands`;
  return error("preshared-key-differs", ["nodes", node], message, say`use one key on both sides`);
}

export function presharedKeyForeign(node: string, peer: string): Diagnostic {
  const message = say`${node} would use a preshared key for "${peer}" that is another pair's`;
  return error("preshared-key-foreign", ["nodes", node], message, reportIt());
}

export function publicKeyDiffers(node: string, peer: string): Diagnostic {
  const message = say`${node} knows "${peer}" by a public key that is not its own`;
  return error("public-key-differs", ["nodes", node], message, reportIt());
}

export function prefixUnowned(node: string, peer: string): Diagnostic {
  const message = say`${node} would send addresses to "${peer}" that nobody in the mesh owns`;
  return error("prefix-unowned", ["nodes", node], message, reportIt());
}

export function peerOneSided(node: string, peer: string): Diagnostic {
  const message = say`${node} lists "${peer}" as a peer, but not the other way round`;
  return error(
    "peer-one-sided",
    ["nodes", node],
    message,
    say`add ${node} to the peers of "${peer}"`,
  );
}

export function deviceDiffers(node: string, what: Phrase): Diagnostic {
  const message = say`the device of ${node} has another ${what} than the mesh says`;
  return error("device-differs", ["nodes", node], message, reportIt());
}

export function filterDiffers(node: string, what: Phrase): Diagnostic {
  const message = say`the filter of ${node} has ${what} than the mesh says`;
  return error("filter-differs", ["nodes", node], message, reportIt());
}

export function rulesByHand(node: string): Diagnostic {
  const message = say`${node} has firewall: off, so that nothing filters or masquerades there`;
  const fix = say`load rules of your own, or use firewall: nftables or iptables`;
  return warning("rules-by-hand", ["nodes", node, "firewall"], message, fix);
}

/** A test that tries nothing cannot fail. */
export function testOfNobody(path: Path): Diagnostic {
  const message = say`${label(path)}: there is no packet from the one to the other to be tried`;
  const fix = say`name two that have addresses of one family`;
  return error("test-of-nobody", path, message, fix);
}

/** A prefix that is nobody's is mostly a misspelling. */
export function selectorOfNobody(path: Path, prefix: string): Diagnostic {
  const message = say`${label(path)}: nobody in the mesh has anything of ${prefix}`;
  return warning("selector-of-nobody", path, message, say`correct it, or remove it`);
}

export function testFails(path: Path, { expect, port }: PolicyTest, flow: Phrase): Diagnostic {
  const what = port === undefined ? "" : say` on ${printPortRange(port)}`;
  const message =
    expect === "allow"
      ? say`the policy does not allow ${flow}${what}, as the test expects`
      : say`the policy allows ${flow}${what}, which the test denies`;
  return error("test-fails", path, message, say`change the policy, or what the test expects`);
}

export function routesByHand(node: string, table: string): Diagnostic {
  const message = say`${node} has table: ${table}, so that not all of the mesh is routed by its main table`;
  const fix = say`add the routes or rules that it needs, by hooks for example; or leave table out`;
  return warning("routes-by-hand", ["nodes", node, "table"], message, fix);
}

export function peerTwice(node: string, peer: string): Diagnostic {
  const message = say`${node} lists "${peer}" twice: WireGuard takes the later entry`;
  return error("peer-twice", ["nodes", node], message, reportIt());
}

export function peerUnknown(node: string, peer: string): Diagnostic {
  const message = say`${node} lists "${peer}" as a peer, whom the mesh does not know`;
  return error("peer-unknown", ["nodes", node], message, reportIt());
}

export function deviceUnwanted(name: string, what: "unknown" | "twice"): Diagnostic {
  const message =
    what === "twice"
      ? say`there are two devices for ${name}`
      : say`there is a device for ${name}, whom the mesh does not know`;
  return error("device-unwanted", ["nodes"], message, reportIt());
}

export function endpointDiffers(node: string, peer: string): Diagnostic {
  const message = say`${node} would dial "${peer}" where the mesh does not say it can be dialled`;
  return error("endpoint-differs", ["nodes", node], message, reportIt());
}

export function pathForbidden(source: string, target: string): Diagnostic {
  const message = say`packets from ${source} get to ${target}, although a link denies all between them`;
  return error("path-forbidden", ["nodes", source], message, reportIt());
}

export function reachLeaks(node: string, gateway: string): Diagnostic {
  const message = say`${node} does not send all that its site reaches to "${gateway}": the rest would leave by its default route`;
  return error("reach-leaks", ["nodes", node], message, reportIt());
}

export function peerUnused(node: string, peer: string): Diagnostic {
  const message = say`${node} lists "${peer}" as a peer, although nothing that is allowed goes that way`;
  return error("peer-unused", ["nodes", node], message, reportIt());
}

/** The way out of what only a mistake of ours can cause. */
function reportIt(): Phrase {
  return say`this is a defect of Warren's plan, not of your file: please report it`;
}
