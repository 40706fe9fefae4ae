/** What a network's rows mean: its mesh, checked, with an address for everybody. Pure, and the only way to devices. */
import { AppError } from "@warren/api";
import * as core from "@warren/core";
import type { Facts, Index, Lock, LockedNode, Mesh, Name, PairName } from "@warren/core";
import { nodeKey, rowsOf, withRows } from "./state.ts";
import type { Fields, NetworkRow, NodeRow, State } from "./state.ts";

/** So many are enough for whoever has to mend them. */
const MOST_MISTAKES = 100;

export interface NetworkPlan {
  readonly lock: Lock;
  /** Of the nodes that a host has joined as. */
  readonly index: Index;
}

/** The same network, of whose nodes something else was seen. */
export function planWith({ lock, index }: NetworkPlan, facts: Facts): NetworkPlan {
  return { lock, index: core.index(index.mesh, lock, facts) };
}

/** With an address for each new node, recorded from now on; without a plan while no host has joined. */
export interface Settled {
  readonly state: State;
  readonly plan?: NetworkPlan;
}

/**
 * Throws AppError("invalid") with what is wrong with the network's document. Nodes that no host has joined
 * as are in the document, which may speak of them; others have no tunnel to them. O(N).
 */
export function settle(state: State, network: string, facts: Facts): Settled {
  const row = state.network.get(network);
  if (row === undefined) return { state };
  const nodes = rowsOf(state.node, network).filter(([, { fields }]) => fields !== undefined);
  const diagnostics = new core.Diagnostics({ most: MOST_MISTAKES });
  const mesh = core.parseMesh(documentOf(row, nodes), diagnostics);
  const known = lockOf(row, nodes);
  if (mesh !== undefined) {
    refuseHooks(mesh, diagnostics);
    core.checkMesh(withHostKeys(mesh, known, diagnostics), diagnostics);
  }
  const mistakes = errorsIn(diagnostics);
  // A network is there before its first node, and after its last one.
  const isEmpty = mistakes.every(({ code }) => code === "no-nodes");
  if (!isEmpty) throw wrong(network, mistakes);
  if (mesh === undefined || nodes.length === 0) return { state };
  const { nodes: given } = core.allocate(mesh, known, diagnostics);
  if (diagnostics.hasErrors) throw wrong(network, errorsIn(diagnostics));
  const lock = {
    ...known,
    nodes: new Map(
      [...known.nodes].map(([name, node]): [Name, LockedNode] => {
        return [name, { ...node, addresses: given.get(name) ?? [] }];
      }),
    ),
  };
  const settled = nodes.flatMap(([name, node]): [string, NodeRow][] => {
    const addresses = (lock.nodes.get(name as Name)?.addresses ?? []).map(core.printAddress);
    if (addresses.join() === node.addresses.join()) return [];
    return [[nodeKey(network, name), { ...node, addresses }]];
  });
  const after = withRows(state, "node", settled);
  const joined = mesh.nodes.filter(({ name }) => lock.nodes.get(name)?.publicKey !== undefined);
  if (joined.length === 0) return { state: after };
  const index = core.index({ ...mesh, nodes: joined }, lock, facts);
  return { state: after, plan: { lock, index } };
}

/** As warren.yaml has it; those that only wait are not in it. */
export function documentOf(
  { document }: NetworkRow,
  nodes: readonly (readonly [string, NodeRow])[],
): Fields {
  const known = nodes.flatMap(([name, { fields }]) =>
    fields === undefined ? [] : [[name, fields]],
  );
  return { ...document, nodes: Object.fromEntries(known) };
}

function lockOf({ epochs }: NetworkRow, nodes: readonly (readonly [string, NodeRow])[]): Lock {
  const locked = nodes.map(([name, { addresses, publicKey, fields }]): [Name, LockedNode] => {
    const key = core.parsePublicKey(publicKey ?? String(fields?.["publicKey"]));
    return [
      name as Name,
      {
        addresses: addresses
          .map(core.parseAddress)
          .flatMap((each) => (each instanceof core.Problem ? [] : [each])),
        ...(key instanceof core.Problem ? {} : { publicKey: key }),
      },
    ];
  });
  return {
    ...core.EMPTY_LOCK,
    nodes: new Map(locked),
    presharedKeyEpochs: new Map(Object.entries(epochs) as [PairName, number][]),
  };
}

/** Each with the key that its host has, as if the document said it: no two may have one. */
function withHostKeys(mesh: Mesh, { nodes: known }: Lock, diagnostics: core.Diagnostics): Mesh {
  const nodes = mesh.nodes.map((node) => {
    const { publicKey = node.publicKey } = known.get(node.name) ?? {};
    if (publicKey === undefined || publicKey === node.publicKey) return node;
    if (node.publicKey !== undefined) {
      diagnostics.add({
        severity: "error",
        code: "other-key",
        path: ["nodes", node.name, "publicKey"],
        message: core.say`nodes.${node.name}.publicKey: its host has joined with another key`,
        fix: core.say`leave it out: a host's own key is known`,
      });
    }
    return { ...node, publicKey };
  });
  return { ...mesh, nodes };
}

/** A server that could have hosts run commands would be root on all of them. */
function refuseHooks({ nodes }: Mesh, diagnostics: core.Diagnostics): void {
  for (const { name, hooks } of nodes) {
    if (Object.values(hooks).every(({ length }) => length === 0)) continue;
    diagnostics.add({
      severity: "error",
      code: "hooks-refused",
      path: ["nodes", name, "hooks"],
      message: core.say`nodes.${name}.hooks: a server has no host run commands`,
      fix: core.say`take them out, and have the host itself run them`,
    });
  }
}

function errorsIn({ list }: core.Diagnostics): readonly core.Diagnostic[] {
  return list.filter(({ severity }) => severity === "error");
}

function wrong(network: string, details: readonly core.Diagnostic[]): AppError {
  const [first] = details;
  const why = first === undefined ? "" : first.message;
  return new AppError("invalid", core.say`network ${network} would be wrong: ${why}`, {
    fix: first?.fix ?? core.say`mend the mesh`,
    details,
  });
}
