/** Pairs of nodes without a tunnel between them, each with the reason and the way out, by what both said last. Pure. */
import type { NodeView } from "@warren/api";
import { HANDSHAKE_SECONDS, say } from "@warren/core";
import type { Reason } from "../remote/refusals.ts";

export interface Unreached extends Reason {
  readonly pair: string;
}

/** Only of nodes that are connected and have applied all: of the others there is better to say. */
export function findUnreached(network: string, nodes: readonly NodeView[]): readonly Unreached[] {
  const here = nodes.filter(({ state }) => state === "current");
  return here.flatMap((one, at) =>
    here.slice(at + 1).flatMap((other): Unreached[] => {
      const reason = reasonOf(network, one, other);
      return reason === undefined ? [] : [{ pair: `${one.name} ↔ ${other.name}`, ...reason }];
    }),
  );
}

function reasonOf(network: string, one: NodeView, other: NodeView): Reason | undefined {
  const [there, back] = [peerOf(one, other), peerOf(other, one)];
  if (one.endpoint === undefined && other.endpoint === undefined) {
    return {
      cause: say`nobody knows where either of them is dialled`,
      fix: say`say it for one of them: warren node set ${network} ${one.name} endpoint=HOST`,
    };
  }
  // One end has heard of it: it lives.
  if (isAlive(there) || isAlive(back)) return undefined;
  // Nobody has had anything to say, ever or for a while: only through NATs are tunnels kept alive.
  if (there.sent === 0 && back.sent === 0) return undefined;
  const isKeptAlive = one.isMapped === true || other.isMapped === true;
  if (!isKeptAlive && (hasSpoken(there) || hasSpoken(back))) return undefined;
  if (one.isMapped === true && other.isMapped === true) {
    return {
      cause: say`both are behind NATs, and do not find each other`,
      fix: say`forward a UDP port to one of them, and say it: warren node set ${network} ${one.name} endpoint=HOST:PORT`,
    };
  }
  // Who was never sent to, or could not even answer, is where the others' packets are lost.
  const isLostAtOther = one.isMapped === true || (other.isMapped !== true && back.sent === 0);
  const open = isLostAtOther ? other : one;
  const sender = there.sent === 0 ? other : one;
  const isOneSided = there.sent === 0 || back.sent === 0;
  return {
    cause: isOneSided
      ? say`no handshake, though ${sender.name} sends`
      : say`no handshake, though they send to each other`,
    fix: say`look whether UDP ${open.endpoint ?? ""} is let in at ${open.name}, by its firewall and its provider's`,
  };
}

/** Of a tunnel on which nothing ever went nothing is told; nor where none is meant to be. */
function peerOf({ peers }: NodeView, { name }: NodeView): NodeView["peers"][number] {
  return peers.find((each) => each.name === name) ?? { name, received: 0, sent: 0 };
}

function hasSpoken({ handshakeSeconds }: NodeView["peers"][number]): boolean {
  return handshakeSeconds !== undefined;
}

function isAlive({ handshakeSeconds }: NodeView["peers"][number]): boolean {
  return handshakeSeconds !== undefined && handshakeSeconds <= HANDSHAKE_SECONDS;
}
