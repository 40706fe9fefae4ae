/** What the API does for warren doctor: has agents look at their ends of tunnels, and tells whoever may know. */
import { AppError, MOST_EXAMINED } from "@warren/api";
import type { Examination, ExaminedNode } from "@warren/api";
import { optional, pair, printAddress, say } from "@warren/core";
import type { Member, Name } from "@warren/core";
import { demandNetwork, waits } from "../commands/networks.ts";
import { demandNode } from "../commands/nodes.ts";
import type { Handlers, Plane } from "../plane.ts";
import { nodeKey } from "../state.ts";
import { THIN } from "./check-in.ts";
import { standingOf } from "./nodes.ts";

export const examineHandlers: Handlers<"examine" | "examineNodes"> = {
  /** A node is told of its own tunnels alone: one that it has none to is as if it were not there. */
  async examine(plane, { caller, body: { nodes } }) {
    if (caller.kind !== "node") throw new Error("the table of routes lets nobody else in");
    const { network, node } = caller;
    plane.streams.examinations.admit(nodeKey(network, node));
    const [self] = membersOf(plane, network, [node]);
    const others = membersOf(plane, network, nodes);
    const asked = others.filter((other) => isPair(plane, network, [other, self]));
    // Its own end it sees itself.
    const own = self === undefined ? [] : [[self, []] as const];
    return await examined(plane, network, [
      ...own,
      ...asked.map((other) => [other, [node]] as const),
    ]);
  },
  async examineNodes(plane, { by, params: { network = "" }, body: { nodes } }) {
    demandNetwork(plane.ledger.state, network);
    for (const name of nodes ?? []) {
      const { fields } = demandNode(plane.ledger.state, network, name);
      if (fields === undefined) throw waits(network, name);
    }
    plane.streams.examinations.admit(by.actor);
    const all = plane.ledger.plan(network)?.index.members ?? [];
    const members = nodes === undefined ? all : membersOf(plane, network, nodes);
    if (members.length > MOST_EXAMINED) {
      const text = say`${members.length} nodes are too many to be examined at once`;
      throw new AppError("invalid", text, { fix: say`name at most ${MOST_EXAMINED} of them` });
    }
    const asked = members.map((member) => {
      const others = members.filter((other) => isPair(plane, network, [member, other]));
      return [member, others.map((other) => other.node.name)] as const;
    });
    return await examined(plane, network, asked);
  },
};

async function examined(
  { clock, ledger, streams }: Plane,
  network: string,
  asked: readonly (readonly [Member, readonly Name[]])[],
): Promise<Examination> {
  const [now, rev] = [clock.now(), ledger.rev];
  const nodes = asked.map(async ([{ node }, peers]): Promise<ExaminedNode> => {
    const agent = streams.agentOf(network, node.name);
    // Who comes from time to time hears nothing in between.
    const isThere = agent?.hasGreeted === true && agent.presence.visitedAt === undefined;
    const isAsked = isThere && peers.length > 0;
    const end = isAsked ? await streams.examinations.ask(agent, peers) : undefined;
    const key = nodeKey(network, node.name);
    const row = ledger.state.node.get(key) ?? { addresses: [] };
    const index = ledger.plan(network)?.index;
    const presence = streams.presence(network, node.name);
    const standing = standingOf(index, node.name, row, presence);
    const { name, state, endpoint, isMapped, error, visitedAt } = standing;
    return {
      name,
      state,
      peers,
      ...optional("error", error),
      ...optional("endpoint", endpoint),
      ...optional("isMapped", isMapped),
      ...optional("visitedAt", visitedAt),
      ...(presence?.version === THIN ? { isThin: true } : {}),
      ...optional("seenAt", agent?.address && printAddress(agent.address)),
      ...optional("end", end),
    };
  });
  return { now, rev, nodes: await Promise.all(nodes) };
}

function membersOf({ ledger }: Plane, network: string, names: readonly Name[]): readonly Member[] {
  const known = ledger.plan(network)?.index.byName;
  return [...new Set(names)].flatMap((name) => known?.get(name) ?? []).slice(0, MOST_EXAMINED + 1);
}

function isPair(
  { ledger }: Plane,
  network: string,
  [one, other]: readonly [Member, Member | undefined],
): boolean {
  const index = ledger.plan(network)?.index;
  return index !== undefined && other !== undefined && pair(index, one, other) !== undefined;
}
