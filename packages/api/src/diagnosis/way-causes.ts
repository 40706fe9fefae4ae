/** Causes that lie between two hosts, and in how they find each other. Each is asked from either end. Pure. */
import { IPV6_LEAST_MTU, listTexts, say } from "@warren/core";
import type { Phrase } from "@warren/core";
import type { Context, Found } from "./found.ts";
import { hasFreshHandshake, hears, isLost, speaks, turned } from "./pair.ts";
import type { Pair, Side } from "./pair.ts";

/** What small routers have instead of this program. */
const THIN = "sh /etc/warren/warren-thin";

/** By the policy, or because it goes by way of another; a host is not told whether there is such a node. */
export function notMeant({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.peer?.isMeant !== false || other.peer?.isMeant === true) return undefined;
  if (other.node === undefined) {
    return {
      isCertain: true,
      cause: say`${one.name} has no tunnel to ${other.name}, and is to have none: there is no node of that name, nothing is allowed between them, it goes by way of another, or nobody knows where to dial either of them`,
      fix: say`see whom ${one.name} has tunnels to: warren status; and, where you are signed in, all nodes: warren node list ${network}`,
    };
  }
  return {
    isCertain: true,
    cause: say`no tunnel between ${one.name} and ${other.name} is meant to be: nothing is allowed between them, it goes by way of another, or nobody knows where to dial either of them`,
    fix: say`nothing is to be done, unless that is not meant: see the policy of the mesh, and warren node list ${network}`,
  };
}

/** In words that are the same of all its tunnels: it is told once. */
export function away({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.node?.state !== "offline" || one.end !== undefined || hears(other)) return undefined;
  return {
    host: one.name,
    isCertain: false,
    cause: say`${one.name} is away: neither the server nor whoever has a tunnel to it hears of it`,
    fix: say`see whether it is on and has a network; if so, bring its tunnel up there: warren up ${network}; or, on a small router: ${THIN} run`,
  };
}

export function bothNat({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.node?.isMapped !== true || other.node?.isMapped !== true) return undefined;
  if (hears(one) || hears(other)) return undefined;
  return {
    isCertain: false,
    cause: say`${one.name} and ${other.name} are both behind NATs, and do not find each other`,
    fix: say`forward a UDP port to one of them, and say it: warren node set ${network} ${one.name} endpoint=HOST:PORT`,
  };
}

export function deadName({ one: { name, peer }, other }: Pair): Found | undefined {
  if (peer?.resolved?.length !== 0) return undefined;
  return {
    host: name,
    isCertain: true,
    cause: say`${name} finds no address for ${hostOf(peer.dialled)}, the name of ${other.name}`,
    fix: say`on ${name}, see what its resolver says: getent ahosts ${hostOf(peer.dialled)}; correct the name, or the resolver`,
  };
}

export function nameElsewhere({ one: { name, peer }, other }: Pair): Found | undefined {
  const seenAt = other.node?.seenAt ?? [];
  const known = [...new Set([...(other.end?.addresses ?? []), seenAt].flat())];
  const isThere = peer?.resolved?.some((each) => known.includes(each));
  if (other.end === undefined || isThere !== false) return undefined;
  return {
    host: name,
    isCertain: false,
    cause: say`${hostOf(peer?.dialled)} is ${listTexts(peer?.resolved ?? [])} for ${name}, and ${other.name} is at ${listTexts(known)}`,
    fix: say`correct the name, or what ${name} has for it: getent ahosts ${hostOf(peer?.dialled)}`,
  };
}

export function noRoute({ one: { name, peer }, other }: Pair): Found | undefined {
  if (peer?.endpoint === undefined || peer.outside !== "") return undefined;
  return {
    host: name,
    isCertain: true,
    cause: say`${name} has no way to ${peer.endpoint}, where it dials ${other.name}`,
    fix: say`on ${name}: give it a route (ip route get ${hostOf(peer.endpoint)}), or have it dial another address`,
  };
}

export function otherVpn({ one, other }: Pair): Found | undefined {
  const { name, peer } = one;
  if (peer?.endpoint === undefined || peer.isOutsideTunnel !== true || hears(one)) return undefined;
  return {
    host: name,
    isCertain: false,
    cause: say`what ${name} sends to ${peer.endpoint}, where it dials ${other.name}, goes into another tunnel: ${peer.outside ?? ""}`,
    fix: say`on ${name}: take ${hostOf(peer.endpoint)} out of what that tunnel carries (ip route get ${hostOf(peer.endpoint)})`,
  };
}

export function routeClash({ one, other }: Pair): Found | undefined {
  const { end, peer } = one;
  if (end === undefined || peer?.inside === undefined || peer.inside === end.interface)
    return undefined;
  const where = peer.inside === "" ? say`nowhere` : say`to interface ${peer.inside}`;
  return {
    host: one.name,
    isCertain: true,
    cause: say`what ${one.name} sends to the address of ${other.name} goes ${where} instead of into ${end.interface}`,
    fix: say`on ${one.name}: take that route or address away (ip route; ip address), or give the mesh another range`,
  };
}

export function rangeClash({ one, other }: Pair): Found | undefined {
  const { clashes = [] } = one.peer ?? {};
  if (clashes.length === 0) return undefined;
  return {
    host: one.name,
    isCertain: false,
    cause: say`${one.name} has ${listTexts(clashes)} on an interface of its own, so that it does not reach what lies behind ${other.name}`,
    fix: say`where that is not the same network: on ${one.name}, take that route away, or have ${other.name} offer another range`,
  };
}

export function udpBlocked(pair: Pair, { ways }: Context): Found | undefined {
  const { one, other } = pair;
  if (isLost(pair) !== true || isLost(turned(pair)) !== true) return undefined;
  const isOther = ways.isDeaf(other.name) && ways.isMute(other.name);
  const isOne = ways.isDeaf(one.name) && ways.isMute(one.name);
  const blamed = isOther && !isOne ? other : isOne && !isOther ? one : undefined;
  if (blamed === undefined) {
    return {
      isCertain: true,
      cause: say`UDP passes neither way between ${at(other, one)} and ${at(one, other)}`,
      fix: say`let it pass: in the firewalls of both, of their providers, and between them`,
    };
  }
  return {
    host: blamed.name,
    isCertain: true,
    cause: say`UDP passes neither to ${blamed.name} nor from it`,
    fix: say`let UDP port ${blamed.end?.port ?? 0} in and out at ${blamed.name}: in its provider's firewall or security group, and on the way`,
  };
}

function at({ name, peer }: Side, target: Side): Phrase {
  return say`${target.name} (${peer?.endpoint ?? name})`;
}

export function udpOutBlocked(pair: Pair, { ways }: Context): Found | undefined {
  const { one } = pair;
  if (isLost(pair) !== true || !ways.isMute(one.name) || ways.isDeaf(pair.other.name)) {
    return undefined;
  }
  return {
    host: one.name,
    isCertain: true,
    cause: say`UDP does not get out of ${one.name}: nobody hears it, and it hears others`,
    fix: say`let UDP from port ${one.end?.port ?? 0} out at ${one.name}: in its provider's firewall or security group, and on the way`,
  };
}

/** `other`: who cannot get in. */
export function udpInBlocked(pair: Pair): Found | undefined {
  const { one, other } = pair;
  const isHalf = other.end === undefined && speaks(one) && hears(one);
  if (isLost({ one: other, other: one }) !== true && !isHalf) return undefined;
  const [from, to] = isHalf ? [one, other] : [other, one];
  return letIn(to, from, { isCertain: !isHalf });
}

/** Only the other has brought it up, which it does only when it has something to send. */
export function dialledOneWay({ one, other }: Pair): Found {
  return letIn(other, one, { isCertain: false });
}

function letIn(to: Side, from: Side, { isCertain }: { readonly isCertain: boolean }): Found {
  const endpoint = from.peer?.endpoint ?? from.peer?.dialled ?? "";
  return {
    host: to.name,
    isCertain,
    cause: say`UDP ${endpoint} is not let in at ${to.name}: what ${from.name} sends there does not arrive`,
    fix: say`let it in: in the firewall of ${to.name}, and its provider's or its security group`,
  };
}

/** What was sent has come out of the tunnel there, or never went into it here. */
export function droppedInside({ one, other }: Pair): Found | undefined {
  const { name, end, alone = one.peer } = one;
  if (end === undefined || alone === undefined || !hasFreshHandshake(one)) return undefined;
  const isBoth = hears(one) && hears(other);
  if (!isBoth && speaks(one)) return undefined;
  // Answers have the length of what they answer.
  const isHere = !isBoth || alone.received > alone.sent / 2;
  const host = isHere ? name : other.name;
  return {
    host,
    isCertain: false,
    cause: say`the tunnel between ${name} and ${other.name} works, and something on ${host} drops the pings in it`,
    fix: say`on ${host}: look at the rules of others: nft list ruleset`,
  };
}

export function mtu({ one, other }: Pair, { network }: Context): Found | undefined {
  const { end, peer } = one;
  if (end === undefined || peer?.passes === undefined) return undefined;
  return {
    isCertain: true,
    cause: say`packets of more than ${peer.passes} bytes do not come through between ${one.name} and ${other.name}, and the MTU of the tunnel is ${end.mtu}`,
    fix:
      peer.passes < IPV6_LEAST_MTU
        ? say`mend the way between: not even IPv6's least packets come through`
        : say`lower it: warren network set ${network} mtu=${peer.passes}; or mend the way between, which drops larger ones`,
  };
}

/** Nothing more is known than that nothing comes. */
export function noAnswer({ one, other }: Pair): Found | undefined {
  if (one.peer === undefined || one.end === undefined) return undefined;
  const { endpoint, handshakeSeconds } = one.peer;
  const isHere = other.end === undefined ? other.name : one.name;
  return {
    host: isHere,
    isCertain: false,
    cause:
      endpoint === undefined
        ? say`${other.name} has to dial ${one.name}, and does not`
        : handshakeSeconds === undefined
          ? say`${one.name} has never heard of ${other.name}, which it dials at ${endpoint}`
          : say`nothing comes to ${one.name} from ${other.name}, which it dials at ${endpoint}`,
    fix: mendingOf(other),
  };
}

/** Who visits its server has mended by now what it found before its last visit: the tunnel may not know yet. */
function mendingOf({ name, node }: Side): Phrase {
  if (node?.visitedAt === undefined) {
    return say`see whether ${name} is on, its tunnel is up, and UDP is let in there; on ${name}: warren doctor`;
  }
  const checkIn = node.isThin === true ? `${THIN} checkin` : "warren checkin";
  return say`${name} is there from time to time, and may have mended it just now: look again in a minute; then see whether UDP is let in there, and what it says: ${checkIn}`;
}

function hostOf(endpoint = ""): string {
  return endpoint.replace(/:\d+$/, "");
}
