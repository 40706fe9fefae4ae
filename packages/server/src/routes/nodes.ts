/** What the API does with nodes: how they are, who is let in, who joins. */
import { AppError } from "@warren/api";
import type { NodeView } from "@warren/api";
import { optional, parsePublicKey, printEndpoint, Problem, say } from "@warren/core";
import type { Index } from "@warren/core";
import { limitKey } from "../auth/rate-limit.ts";
import type { Handlers, Plane } from "../plane.ts";
import { demandName } from "../request-forms.ts";
import { approveNode, joinNode, removeNode, setNode } from "../commands/nodes.ts";
import { isToken } from "../commands/tokens.ts";
import { demandNetwork } from "../commands/networks.ts";
import { withoutNull } from "./networks.ts";
import { nodeKey, parsedName, rowsOf } from "../state.ts";
import type { NodeRow } from "../state.ts";
import { agedPeers } from "../connected-agent.ts";
import type { Presence } from "../connected-agent.ts";

type Nodes = "listNodes" | "setNode" | "approveNode" | "removeNode" | "join" | "leave";

export const nodeHandlers: Handlers<Nodes> = {
  async listNodes(plane, { params: { network = "" } }) {
    demandNetwork(plane.ledger.state, network);
    const nodes = rowsOf(plane.ledger.state.node, network);
    const names = new Map(nodes.map(([name, { publicKey }]) => [publicKey, name]));
    return nodes
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, row]) => viewOf(plane, { network, name, row }, names));
  },
  async setNode({ ledger }, { by, params: { network = "", node = "" }, body }) {
    const name = demandName(node);
    const changes = withoutNull(body);
    const deed = { ...by, command: "node set", summary: `${network}/${name}` };
    return { rev: await ledger.commit(deed, (state) => setNode(state, network, name, changes)) };
  },
  async approveNode({ ledger }, { by, params: { network = "", node = "" }, body }) {
    const deed = { ...by, command: "node approve", summary: `${network}/${node}` };
    const fields = withoutNull(body);
    return { rev: await ledger.commit(deed, (state) => approveNode(state, network, node, fields)) };
  },
  async removeNode({ ledger }, { by, params: { network = "", node = "" } }) {
    const deed = { ...by, command: "node remove", summary: `${network}/${node}` };
    return { rev: await ledger.commit(deed, (state) => removeNode(state, network, node)) };
  },
  async leave({ ledger }, { caller, by }) {
    if (caller.kind !== "node") throw new Error("the table of routes lets nobody else in");
    const { network, node } = caller;
    const deed = { ...by, command: "leave", summary: `${network}/${node}` };
    return { rev: await ledger.commit(deed, (state) => removeNode(state, network, node)) };
  },
  async join({ ledger, clock, vault, tries }, { body, remoteAddress }) {
    const { network: wanted, name, publicKey, secret, credential } = body;
    const network = wanted ?? onlyOne([...ledger.state.network.keys()]);
    const token = secret === undefined ? undefined : vault.hashSecret(secret);
    // Whole racks come from one address at once; without a token it is counted, so that nobody fills the list.
    const isGuess = token === undefined || !isToken(ledger.state, network, token);
    if (isGuess) tries.take(limitKey(remoteAddress), clock.now());
    const joining = {
      network,
      name,
      publicKey,
      credential: vault.hashSecret(credential),
      from: remoteAddress.replace(/^::ffff:/, ""),
      at: clock.now(),
      ...optional("token", token),
    };
    const deed = {
      actor: `node ${network}/${name}`,
      command: "join",
      summary: `${network}/${name}`,
    };
    await ledger.commit(deed, (state) => joinNode(state, joining));
    const row = ledger.state.node.get(nodeKey(network, name));
    const isApproved = row?.fields !== undefined;
    return { network: parsedName(network), node: name, isApproved };
  },
};

function viewOf(
  { ledger, streams, clock }: Plane,
  {
    network,
    name,
    row,
  }: { readonly network: string; readonly name: string; readonly row: NodeRow },
  names: ReadonlyMap<string | undefined, string>,
): NodeView {
  const presence = streams.presence(network, name);
  const key = row.publicKey === undefined ? undefined : parsePublicKey(row.publicKey);
  const index = ledger.plan(network)?.index;
  const { name: own, state, addresses, ...standing } = standingOf(index, name, row, presence);
  return {
    name: own,
    state,
    addresses,
    fields: row.fields ?? {},
    tunnels: presence?.tunnels ?? 0,
    peers: (presence === undefined ? [] : agedPeers(presence, clock.now())).map(([, peer]) => {
      const { publicKey, ...rest } = peer;
      return { name: names.get(publicKey) ?? publicKey, ...rest };
    }),
    ...standing,
    ...optional("publicKey", key instanceof Problem ? undefined : key),
    ...optional("joinedAt", row.joined?.at),
    ...optional("joinedFrom", row.joined?.from),
    ...optional("connectedAt", presence?.connectedAt),
    ...optional("version", presence?.version),
    ...optional("reportedAt", presence?.reportedAt),
  };
}

/** What is told of a node wherever it is told: in lists, and to those who watch. */
export function standingOf(
  index: Index | undefined,
  name: string,
  row: NodeRow,
  presence: Presence | undefined,
) {
  const { publicEndpoint, isMapped } = index?.byName.get(parsedName(name)) ?? {};
  return {
    name: parsedName(name),
    state: stateOf(row, presence),
    addresses: row.addresses,
    ...optional("endpoint", publicEndpoint && printEndpoint(publicEndpoint)),
    ...optional("isMapped", isMapped),
    ...optional("applied", presence?.applied),
    ...optional("error", presence?.error),
    ...optional("visitedAt", presence?.visitedAt),
  };
}

export function stateOf(
  { fields, joined }: NodeRow,
  presence: Presence | undefined,
): NodeView["state"] {
  if (fields === undefined) return "waiting";
  if (joined === undefined) return "declared";
  if (presence === undefined) return "offline";
  if (presence.error !== undefined) return "failed";
  return presence.isBehind ? "behind" : "current";
}

function onlyOne(networks: readonly string[]): string {
  const [only, ...others] = networks;
  if (only !== undefined && others.length === 0) return only;
  throw new AppError("invalid", say`which network is not said`, {
    fix:
      only === undefined
        ? say`create one first: warren network create`
        : say`name it with --network`,
  });
}
