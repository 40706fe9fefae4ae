/** What the API does with networks as a whole. */
import { optional, printPrefix } from "@warren/core";
import { mayDo } from "../auth/roles.ts";
import type { Handlers, Vault } from "../handlers.ts";
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

/** A network that nobody has given ranges. */
const RANGES = ["10.77.0.0/16"];
/** A page of the log, where nobody says otherwise. */
const REVISIONS = 50;
/** Of base64url: 132 bits. */
const TAG_LETTERS = 22;

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
  async createNetwork({ ledger, clock, vault }, { by, body }) {
    const { name, isOpen = false, settings = {} } = body;
    const secret = vault.makeNetworkSecret(`secret/network/${name}`);
    const wish = {
      name,
      settings: { addresses: RANGES, ...settings },
      isOpen,
      secret,
      at: clock.now(),
    };
    const deed = { ...by, command: "network create", summary: name };
    return { rev: await ledger.commit(deed, (state) => createNetwork(state, wish)) };
  },
  async setNetwork({ ledger }, { by, params: { network = "" }, body }) {
    const { isOpen, settings = {} } = body;
    const deed = { ...by, command: "network set", summary: network };
    const rev = await ledger.commit(deed, (state) =>
      setNetwork(state, network, {
        settings: withoutNull(settings),
        ...(isOpen === undefined ? {} : { isOpen }),
      }),
    );
    return { rev };
  },
  async deleteNetwork({ ledger }, { by, params: { network = "" } }) {
    const deed = { ...by, command: "network remove", summary: network };
    return { rev: await ledger.commit(deed, (state) => deleteNetwork(state, network)) };
  },
  async readMesh({ ledger, vault }, { params: { network = "" } }) {
    const { state, rev } = ledger;
    const document = documentOf(demandNetwork(state, network), rowsOf(state.node, network));
    return { document, rev, tag: tagOf(vault, state, network) };
  },
  async applyMesh({ ledger, vault }, { by, params: { network = "" }, query, body }) {
    const { state: before } = ledger;
    const apply = (state: typeof before) => applyDocument(state, network, body);
    const deed = { ...by, command: "apply", summary: network };
    const { set, delete: gone } = changedRows(before, ledger.try(deed, apply));
    const changes = [...set.map(([key]) => `~ ${key}`), ...gone.map((key) => `- ${key}`)];
    const tag = tagOf(vault, before, network);
    if (query.try === true) return { rev: ledger.rev, changes, tag };
    return { rev: await ledger.commit(deed, apply), changes, tag };
  },
  async listRevisions({ store }, { query: { before, limit = REVISIONS } }) {
    const found = await store.revisions({ limit, ...optional("before", before) });
    return found.map(({ rev, at, actor, command, summary }) => {
      return { rev, at, actor, command, ...optional("summary", summary) };
    });
  },
};

/**
 * What a mesh is, in a few letters, for If-Match. Not the revision: that counts what is done to others, too,
 * and whoever writes to one mesh need not care who signs in meanwhile.
 */
export function tagOf({ hashSecret }: Vault, state: State, network: string): string {
  const row = state.network.get(network);
  if (row === undefined) return "";
  const written = JSON.stringify(documentOf(row, rowsOf(state.node, network)));
  return `"${hashSecret(written).slice(0, TAG_LETTERS)}"`;
}

/** In JSON null takes a field away. */
export function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value ?? undefined]),
  );
}

function rangesIn(document: Readonly<Record<string, unknown>>): readonly string[] {
  const { addresses } = document["network"] as { readonly addresses?: unknown };
  return Array.isArray(addresses) ? addresses.map(String) : [String(addresses)];
}
