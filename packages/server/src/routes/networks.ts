/** What the API does with networks as a whole. */
import { AppError } from "@warren/api";
import { optional, printPrefix, printSorted, printText, say } from "@warren/core";
import { mayDo } from "../auth/roles.ts";
import type { Caller } from "../auth/roles.ts";
import type { Handlers, Vault } from "../plane.ts";
import {
  applyDocument,
  createNetwork,
  deleteNetwork,
  demandNetwork,
  setNetwork,
} from "../commands/networks.ts";
import { documentOf } from "../plan.ts";
import { parsedName, rowsOf } from "../state.ts";
import type { Ledger } from "../ledger.ts";
import type { Fields, State } from "../state.ts";

type Networks =
  | "listNetworks"
  | "createNetwork"
  | "setNetwork"
  | "deleteNetwork"
  | "readMesh"
  | "applyMesh"
  | "listRevisions";

/** A page of the log, where nobody says otherwise. */
const REVISIONS = 50;
/** Of base64url: 132 bits. */
const TAG_LETTERS = 22;
/** Of a network that nobody has given a range or a port: each has its own, for hosts that are in several. */
const FIRST_RANGE = 77;
const FIRST_PORT = 51_820;

export const networkHandlers: Handlers<Networks> = {
  async listNetworks({ ledger }, { caller }) {
    const { state } = ledger;
    return [...state.network].flatMap(([name, row]) => {
      if (!mayDo(caller, { role: "viewer", network: parsedName(name) })) return [];
      const nodes = rowsOf(state.node, name);
      const ranges = ledger.plan(name)?.index.network.addresses;
      return [
        {
          name: parsedName(name),
          addresses: ranges?.map(printPrefix) ?? rangesIn(row.document),
          isOpen: row.isOpen,
          nodes: nodes.filter(([, { fields }]) => fields !== undefined).length,
          waiting: nodes.filter(([, { fields }]) => fields === undefined).length,
          createdAt: row.createdAt,
          ...optional("error", troubleOf(ledger, name)),
        },
      ];
    });
  },
  async createNetwork({ ledger, clock, vault }, { by, body }) {
    const { name, isOpen = false, settings = {} } = body;
    const secret = vault.makeNetworkSecret(`secret/network/${name}`);
    const wish = { name, isOpen, secret, at: clock.now() };
    const deed = { ...by, command: "network create", summary: name };
    const rev = await ledger.commit(deed, (state) =>
      createNetwork(state, { ...wish, settings: { ...defaultsBeside(state), ...settings } }),
    );
    return { rev };
  },
  async setNetwork({ ledger }, { by, params: { network = "" }, body }) {
    const { isOpen, isConfirmed, settings = {} } = body;
    const deed = { ...by, command: "network set", summary: network };
    const rev = await ledger.commit(deed, (state) =>
      setNetwork(state, network, {
        settings: withoutNull(settings),
        ...optional("isOpen", isOpen),
        ...optional("confirmedIn", isConfirmed === true ? ledger.epoch : undefined),
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
  async applyMesh({ ledger, vault }, { by, caller, params: { network = "" }, query, body }) {
    const { state: before } = ledger;
    const apply = (state: State): State => {
      const after = applyDocument(state, network, body);
      refuseSettings(caller, network, [state, after]);
      return after;
    };
    const deed = { ...by, command: "apply", summary: network };
    const { set, delete: gone } = ledger.try(deed, apply);
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

/** All but the nodes is the whole network's, its policy first, in whichever way it is changed. */
function refuseSettings(caller: Caller, network: string, states: readonly State[]): void {
  const [before, after] = states.map((state) =>
    printSorted(demandNetwork(state, network).document),
  );
  if (before === after || mayDo(caller, { role: "admin", network: parsedName(network) })) return;
  throw new AppError(
    "forbidden",
    say`only an admin may change the settings of network ${network}`,
    {
      fix: say`leave all but "nodes" as warren pull writes it; or have an admin do it`,
    },
  );
}

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

function troubleOf(ledger: Ledger, network: string): string | undefined {
  const trouble = ledger.trouble(network);
  return trouble && printText(say`${trouble.text}; ${trouble.fix}`);
}

function rangesIn(document: Readonly<Record<string, unknown>>): readonly string[] {
  const { addresses } = document["network"] as { readonly addresses?: unknown };
  return Array.isArray(addresses) ? addresses.map(String) : [String(addresses)];
}
