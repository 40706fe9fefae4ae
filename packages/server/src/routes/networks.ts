/** What the API does with networks as a whole. */
import { printPrefix } from "@warren/core";
import { mayDo } from "../auth/roles.ts";
import type { Handlers } from "../app.ts";
import {
  applyDocument,
  createNetwork,
  deleteNetwork,
  demandNetwork,
  setNetwork,
} from "../commands/networks.ts";
import { documentOf } from "../plan.ts";
import { changedRows, parsedName, rowsOf } from "../state.ts";
import type { Fields, State } from "../state.ts";

type Networks =
  | "listNetworks"
  | "createNetwork"
  | "setNetwork"
  | "deleteNetwork"
  | "readMesh"
  | "applyMesh"
  | "listRevisions";

/** Of a network that nobody has given a range or a port: each has its own, for hosts that are in several. */
const FIRST_RANGE = 77;
const FIRST_PORT = 51_820;

export const networkHandlers: Handlers<Networks> = {
  async listNetworks({ ledger }, { caller }) {
    const { state } = ledger;
    return [...state.network].flatMap(([name, row]) => {
      if (!mayDo(caller, { role: "viewer", network: parsedName(name) })) return [];
      const nodes = rowsOf(state.node, name);
      const mesh = ledger.plan(name)?.mesh;
      return [
        {
          name: parsedName(name),
          addresses: mesh?.network.addresses.map(printPrefix) ?? rangesIn(row.document),
          isOpen: row.isOpen,
          nodes: nodes.filter(([, { fields }]) => fields !== undefined).length,
          waiting: nodes.filter(([, { fields }]) => fields === undefined).length,
          createdAt: row.createdAt,
        },
      ];
    });
  },
  async createNetwork({ ledger, clock, vault }, { actor, body }) {
    const { name, isOpen = false, settings = {} } = body;
    const secret = vault.makeNetworkSecret(`secret/network/${name}`);
    const wish = { name, isOpen, secret, at: clock.now() };
    const deed = { actor, command: "network create", summary: name };
    const rev = await ledger.commit(deed, (state) =>
      createNetwork(state, { ...wish, settings: { ...defaultsBeside(state), ...settings } }),
    );
    return { rev };
  },
  async setNetwork({ ledger }, { actor, params: { network = "" }, body }) {
    const { isOpen, settings = {} } = body;
    const deed = { actor, command: "network set", summary: network };
    const rev = await ledger.commit(deed, (state) =>
      setNetwork(state, network, {
        settings: withoutNull(settings),
        ...(isOpen === undefined ? {} : { isOpen }),
      }),
    );
    return { rev };
  },
  async deleteNetwork({ ledger }, { actor, params: { network = "" } }) {
    const deed = { actor, command: "network remove", summary: network };
    return { rev: await ledger.commit(deed, (state) => deleteNetwork(state, network)) };
  },
  async readMesh({ ledger }, { params: { network = "" } }) {
    const { state, rev } = ledger;
    const row = demandNetwork(state, network);
    return { document: documentOf(row, rowsOf(state.node, network)), rev };
  },
  async applyMesh({ ledger }, { actor, params: { network = "" }, query, body }) {
    const { state: before } = ledger;
    const apply = (state: typeof before) => applyDocument(state, network, body);
    const after = ledger.try(apply);
    const { set, delete: gone } = changedRows(before, after);
    const changes = [...set.map(([key]) => `~ ${key}`), ...gone.map((key) => `- ${key}`)];
    if (query["try"] !== undefined) return { rev: ledger.rev, changes };
    const deed = { actor, command: "apply", summary: network };
    return { rev: await ledger.commit(deed, apply), changes };
  },
  async listRevisions({ store }, { query: { before, limit } }) {
    const page = { limit: Math.min(Number(limit ?? 50) || 50, 500) };
    const last = Number(before);
    const found = await store.revisions(
      Number.isSafeInteger(last) ? { ...page, before: last } : page,
    );
    return found.map(({ rev, at, actor, command, summary }) => {
      return { rev, at, actor, command, ...(summary === undefined ? {} : { summary }) };
    });
  },
};

/** In JSON null takes a field away. */
export function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value ?? undefined]),
  );
}

function defaultsBeside({ network }: State): Fields {
  const taken = new Set(
    [...network.values()].map(({ document }) => {
      const { listenPort = FIRST_PORT } = document["network"] as { readonly listenPort?: unknown };
      return listenPort;
    }),
  );
  let at = 0;
  while (taken.has(FIRST_PORT + at)) at += 1;
  const addresses = [`10.${(FIRST_RANGE + at) % 256}.0.0/16`];
  return at === 0 ? { addresses } : { addresses, listenPort: FIRST_PORT + at };
}

function rangesIn(document: Readonly<Record<string, unknown>>): readonly string[] {
  const { addresses } = document["network"] as { readonly addresses?: unknown };
  return Array.isArray(addresses) ? addresses.map(String) : [String(addresses)];
}
