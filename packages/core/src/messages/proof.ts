/** What the proof can find in the devices of a plan. */
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import type { PolicyTest } from "../model/mesh.ts";
import { printPortRange } from "../model/words.ts";
import { label, listNames } from "../wording.ts";
import type { Path } from "../wording.ts";

/** The way out of what only a mistake of ours can cause. */
const REPORT = "this is a defect of Warren's plan, not of your file: please report it";

export function prefixOnTwoPeers(
  node: string,
  prefix: string,
  peers: readonly [string, string],
): Diagnostic {
  const message = `${node} would send ${prefix} to both "${peers[0]}" and "${peers[1]}": WireGuard keeps the last one silently`;
  return error("prefix-on-two-peers", ["nodes", node], message, "leave the prefix on one of them");
}

export function ownPrefixOnPeer(
  node: string,
  own: string,
  entry: { peer: string; prefix: string },
): Diagnostic {
  const message = `${node} would send its own ${own} into the tunnel to "${entry.peer}" (${entry.prefix})`;
  const fix = `take ${entry.prefix} from "${entry.peer}", or renumber`;
  return error("own-prefix-on-peer", ["nodes", node], message, fix);
}

export function endpointCaptured(peer: string, endpoint: string, prefix: string): Diagnostic {
  const message = `the endpoint ${endpoint} of "${peer}" lies inside ${prefix}, which goes into the tunnel: it would swallow itself`;
  const fix =
    "use an endpoint outside every range of the mesh; or name the range as the network of the site that both are in";
  return error("endpoint-captured", ["nodes", peer, "endpoint"], message, fix);
}

export function pathAsymmetric(
  source: string,
  target: string,
  hop: { from: string; at: string },
): Diagnostic {
  const message = `packets from ${source} to ${target} arrive at ${hop.at} from ${hop.from}, but ${hop.at} sends replies another way and drops them`;
  return error(
    "path-asymmetric",
    ["nodes", source],
    message,
    "both directions must use the same tunnels",
  );
}

export function pathLoops(source: string, target: string, at: string): Diagnostic {
  const message = `packets from ${source} to ${target} come back to ${at}`;
  return error("path-loops", ["nodes", source], message, REPORT);
}

export function pathMissing(source: string, target: string, at: string): Diagnostic {
  const message = `packets from ${source} to ${target} have no tunnel at ${at}`;
  return error("path-missing", ["nodes", source], message, REPORT);
}

export function forwardingOff(node: string, prefix: string): Diagnostic {
  const message = `${node} must forward to ${prefix} but its forwarding is off`;
  return error("forwarding-off", ["nodes", node], message, "switch forwarding on for the family");
}

/** Pairs are left out, not refused: see nodeIsolated for a node that reaches nobody at all. */
export function nobodyDials(node: string, others: readonly string[]): Diagnostic {
  const message = `${node} cannot reach ${listNames(others)}: neither side can be dialled`;
  const fix =
    "give one side an endpoint (a forwarded UDP port is enough), or put both into one site with lan addresses";
  return warning("nobody-dials", ["nodes", node], message, fix);
}

export function nodeIsolated(node: string): Diagnostic {
  const message = `${node} can reach nobody: neither it nor any other node can be dialled`;
  return error("node-isolated", ["nodes", node], message, "give it, or another node, an endpoint");
}

export function keepaliveMissing(node: string, peer: string): Diagnostic {
  const message = `"${peer}" cannot dial ${node} back, and ${node} sends no keepalive: a NAT closes the way after some 30 s`;
  return warning(
    "keepalive-missing",
    ["nodes", node],
    message,
    "set keepalive: 25 on the node or the network",
  );
}

export function cannotStart(node: string, peer: string): Diagnostic {
  const message = `neither ${node} nor "${peer}" knows an endpoint of the other: nobody can start`;
  return error("cannot-start", ["nodes", node], message, "give one of them an endpoint");
}

export function rangeLeaks(node: string, range: string): Diagnostic {
  const message = `on ${node} unknown addresses of ${range} would leave by the default route`;
  return error(
    "range-leaks",
    ["nodes", node],
    message,
    "give the node an address with the mask of the range",
  );
}

export function mtuTooLarge(
  node: string,
  mtu: number,
  path: { mtu: number; peer: string },
): Diagnostic {
  const message = `${node} has an MTU of ${mtu}, but the path to "${path.peer}" holds ${path.mtu}`;
  const fix = `write mtu: ${path.mtu}, or leave it out to be computed`;
  return warning("mtu-too-large", ["nodes", node, "mtu"], message, fix);
}

export function presharedKeyDiffers(node: string, peer: string): Diagnostic {
  const message = `${node} and "${peer}" hold different preshared keys: they would never shake hands`;
  return error("preshared-key-differs", ["nodes", node], message, "use one key on both sides");
}

export function presharedKeyForeign(node: string, peer: string): Diagnostic {
  const message = `${node} would use a preshared key for "${peer}" that is another pair's`;
  return error("preshared-key-foreign", ["nodes", node], message, REPORT);
}

export function publicKeyDiffers(node: string, peer: string): Diagnostic {
  const message = `${node} knows "${peer}" by a public key that is not its own`;
  return error("public-key-differs", ["nodes", node], message, REPORT);
}

export function prefixUnowned(node: string, peer: string): Diagnostic {
  const message = `${node} would send addresses to "${peer}" that nobody in the mesh owns`;
  return error("prefix-unowned", ["nodes", node], message, REPORT);
}

export function peerOneSided(node: string, peer: string): Diagnostic {
  const message = `${node} lists "${peer}" as a peer, but not the other way round`;
  return error("peer-one-sided", ["nodes", node], message, `add ${node} to the peers of "${peer}"`);
}

export function deviceDiffers(node: string, what: string): Diagnostic {
  const message = `the device of ${node} has another ${what} than the mesh says`;
  return error("device-differs", ["nodes", node], message, REPORT);
}

export function filterDiffers(node: string, what: string): Diagnostic {
  const message = `the filter of ${node} has ${what} than the mesh says`;
  return error("filter-differs", ["nodes", node], message, REPORT);
}

export function rulesByHand(node: string): Diagnostic {
  const message = `${node} has firewall: off, so that nothing filters or masquerades there`;
  const fix = "load rules of your own, or use firewall: nftables or iptables";
  return warning("rules-by-hand", ["nodes", node, "firewall"], message, fix);
}

/** A test that tries nothing cannot fail. */
export function testOfNobody(path: Path): Diagnostic {
  const message = `${label(path)}: there is no packet from the one to the other to be tried`;
  const fix = "name two that have addresses of one family";
  return error("test-of-nobody", path, message, fix);
}

/** A prefix that is nobody's is mostly a misspelling. */
export function selectorOfNobody(path: Path, prefix: string): Diagnostic {
  const message = `${label(path)}: nobody in the mesh has anything of ${prefix}`;
  return warning("selector-of-nobody", path, message, "correct it, or remove it");
}

export function testFails(path: Path, { expect, port }: PolicyTest, flow: string): Diagnostic {
  const what = port === undefined ? "" : ` on ${printPortRange(port)}`;
  const message =
    expect === "allow"
      ? `the policy does not allow ${flow}${what}, as the test expects`
      : `the policy allows ${flow}${what}, which the test denies`;
  return error("test-fails", path, message, "change the policy, or what the test expects");
}

export function routesByHand(node: string, table: string): Diagnostic {
  const message = `${node} has table: ${table}, so that not all of the mesh is routed by its main table`;
  const fix = "add the routes or rules that it needs, by hooks for example; or leave table out";
  return warning("routes-by-hand", ["nodes", node, "table"], message, fix);
}

export function peerTwice(node: string, peer: string): Diagnostic {
  const message = `${node} lists "${peer}" twice: WireGuard takes the later entry`;
  return error("peer-twice", ["nodes", node], message, REPORT);
}

export function peerUnknown(node: string, peer: string): Diagnostic {
  const message = `${node} lists "${peer}" as a peer, whom the mesh does not know`;
  return error("peer-unknown", ["nodes", node], message, REPORT);
}

export function deviceUnwanted(name: string, what: "unknown" | "twice"): Diagnostic {
  const message =
    what === "twice"
      ? `there are two devices for ${name}`
      : `there is a device for ${name}, whom the mesh does not know`;
  return error("device-unwanted", ["nodes"], message, REPORT);
}

export function endpointDiffers(node: string, peer: string): Diagnostic {
  const message = `${node} would dial "${peer}" where the mesh does not say it can be dialled`;
  return error("endpoint-differs", ["nodes", node], message, REPORT);
}

export function pathForbidden(source: string, target: string): Diagnostic {
  const message = `packets from ${source} get to ${target}, although a link denies all between them`;
  return error("path-forbidden", ["nodes", source], message, REPORT);
}

export function reachLeaks(node: string, gateway: string): Diagnostic {
  const message = `${node} does not send all that its site reaches to "${gateway}": the rest would leave by its default route`;
  return error("reach-leaks", ["nodes", node], message, REPORT);
}

export function peerUnused(node: string, peer: string): Diagnostic {
  const message = `${node} lists "${peer}" as a peer, although nothing that is allowed goes that way`;
  return error("peer-unused", ["nodes", node], message, REPORT);
}
