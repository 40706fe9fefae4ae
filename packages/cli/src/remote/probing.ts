/** Who reaches whom, how fast, and with what size of packets: measured by the hosts themselves. */
import * as core from "@warren/core";
import type { Address, Index, Member, Name, PublicKey } from "@warren/core";
import type { Plan } from "../workspace.ts";
import { askAll } from "./hosts.ts";
import type { MeshHost, Refused } from "./hosts.ts";
import type { AnswerLine } from "./answers.ts";

/** One node towards another, as the mesh wants it. */
export interface Pair {
  readonly source: Name;
  readonly target: Name;
  /** Of one family. */
  readonly from: Address;
  readonly to: Address;
  /** Whether the policy and the links let a ping through. */
  readonly isAllowed: boolean;
  /** The neighbour that passes it on; absent where one tunnel leads there. */
  readonly via?: Name;
  /** Whose handshake counts: the neighbour's on the way. */
  readonly publicKey: PublicKey;
  /** Where the source dials that neighbour; absent where it waits to be dialled. */
  readonly endpoint?: string;
  /** The least MTU of the tunnels on the way. */
  readonly mtu: number;
}

/** What was measured; without a round trip there was no answer. */
export interface Measured extends Pair {
  readonly roundTripMs?: number;
  /** Absent, too, where the host's ping cannot find it out. */
  readonly pathMtu?: number;
  readonly handshakeSeconds?: number;
  /** The source knows no address of the neighbour: the name that it was given for one did not resolve. */
  readonly isUnresolved?: true;
}

/** All pairs whose source was to be asked; those of a host that refused, and those not allowed, unmeasured. */
export interface Probed {
  readonly pairs: readonly Measured[];
  readonly refused: readonly Refused[];
}

export interface ProbeOptions {
  readonly interface: string;
  /** It takes some seconds where packets are dropped in silence. */
  readonly isMtuWanted: boolean;
  /** Hosts that are asked at the same time. */
  readonly parallel: number;
}

/** All ordered pairs of nodes, sorted by source and target. Quadratic, as the mesh is. */
export function pairsOf({ mesh, lock, index }: Plan): readonly Pair[] {
  const reach = new core.Reach(mesh, lock);
  const owners = new Map(reach.claims.owners.map((owner) => [owner.name, owner]));
  const mtus = new Map<Member, number>();
  return index.members.flatMap((source) => {
    const { mtu, peers } = core.device(index, source);
    mtus.set(source, mtu);
    const endpoints = new Map(peers.map(({ name, endpoint }) => [name, endpoint]));
    return index.members.flatMap((target): Pair[] => {
      const ends = endsOf(source, target);
      const [one, other] = [source, target].map(({ node }) => owners.get(node.name));
      if (source === target || ends === undefined || !one || !other) return [];
      const way = index.paths.way(source, target);
      const near = way[0] ?? target;
      const endpoint = endpoints.get(near.node.name);
      return [
        {
          source: source.node.name,
          target: target.node.name,
          ...ends,
          isAllowed: reach.mayPing(one, other),
          ...(way.length > 1 ? { via: near.node.name } : {}),
          publicKey: near.publicKey,
          ...(endpoint === undefined ? {} : { endpoint: core.printEndpoint(endpoint) }),
          mtu: Math.min(mtu, ...way.slice(0, -1).map((carrier) => mtuOf(index, carrier, mtus))),
        },
      ];
    });
  });
}

/** Has each host measure the ways from it to all others; those not allowed are left alone. */
export async function probeAll(
  hosts: readonly MeshHost[],
  pairs: readonly Pair[],
  { interface: device, isMtuWanted, parallel }: ProbeOptions,
): Promise<Probed> {
  const ofSources = Map.groupBy(pairs, ({ source }) => source);
  const measured = new Map<Pair, Measured>();
  const words = [device, "probe", ...(isMtuWanted ? ["mtu"] : [])];
  const refused = await askAll(hosts, parallel, async ({ name, remote }) => {
    const own = (ofSources.get(name) ?? []).filter(({ isAllowed }) => isAllowed);
    const answer = await remote.run({ words, files: new Map([["targets", printTargets(own)]]) });
    const found = answer.kind === "answered" ? readMeasured(own, answer.lines) : [];
    for (const [at, pair] of own.entries()) measured.set(pair, found[at] ?? pair);
    return answer;
  });
  const names = new Set<string>(hosts.map(({ name }) => name));
  const asked = pairs.filter(({ source }) => names.has(source));
  return { pairs: asked.map((pair) => measured.get(pair) ?? pair), refused };
}

/** Those whose handshakes the other side begins come last. */
export function printTargets(pairs: readonly Pair[]): readonly string[] {
  const isLater = ({ source, target, via }: Pair): boolean => source > (via ?? target);
  return [...pairs.filter((pair) => !isLater(pair)), ...pairs.filter(isLater)].map((pair) => {
    const addresses = `${core.printAddress(pair.to)} ${core.printAddress(pair.from)}`;
    return `${pair.target} ${addresses}${isLater(pair) ? " later" : ""}\n`;
  });
}

/** The pairs that a host was asked for, in their order, with what it answered; a line that fits to nothing says nothing. */
export function readMeasured(
  pairs: readonly Pair[],
  lines: readonly AnswerLine[],
): readonly Measured[] {
  const values = (wanted: string): ReadonlyMap<string, number> =>
    new Map(
      lines.flatMap(([word, rest]): (readonly [string, number])[] => {
        const [key = "", value = ""] = rest.split(" ");
        return word === wanted && /^\d+(\.\d+)?$/.test(value) ? [[key, Number(value)]] : [];
      }),
    );
  const nowhere = new Set(lines.flatMap(([word, rest]) => (word === "nowhere" ? [rest] : [])));
  const [pings, mtus, handshakes] = ["ping", "mtu", "handshake"].map(values);
  return pairs.map((pair) => ({
    ...pair,
    ...core.optional("roundTripMs", pings?.get(pair.target)),
    ...core.optional("pathMtu", mtus?.get(pair.target)),
    ...(pair.via === undefined
      ? core.optional("handshakeSeconds", handshakes?.get(pair.publicKey))
      : {}),
    ...(pair.endpoint !== undefined && nowhere.has(pair.publicKey) ? { isUnresolved: true } : {}),
  }));
}

/** The first address of the target, from the source's of that family. */
function endsOf(source: Member, target: Member): Pick<Pair, "from" | "to"> | undefined {
  const to = target.addresses[0]?.address;
  const from = source.addresses.find(({ address }) => address.family === to?.family)?.address;
  return to === undefined || from === undefined ? undefined : { from, to };
}

function mtuOf(index: Index, member: Member, known: Map<Member, number>): number {
  const mtu = known.get(member) ?? core.device(index, member).mtu;
  known.set(member, mtu);
  return mtu;
}
