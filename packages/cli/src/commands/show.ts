/** warren show: the nodes and clients of a mesh as a table, or all about one of them. */
import * as core from "@warren/core";
import { unknownName } from "../app-error.ts";
import { printHeaded } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Plan } from "../workspace.ts";
import { loadPlan, printJson } from "./plan.ts";
import type { FileOption, JsonOption } from "./plan.ts";

/** What is known of one, for people by the words of a mesh file: absent where there is nothing to say. */
interface Card {
  readonly kind: "node" | "client" | "site" | "group";
  readonly name: string;
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export function show(
  terminal: Terminal,
  name: string | undefined,
  options: FileOption & JsonOption,
): number {
  const plan = loadPlan(terminal, options, { keys: "public" });
  if (plan === undefined) return 2;
  const { mesh } = plan;
  const cards = [...nodeCards(plan), ...clientCards(plan), ...siteCards(mesh), ...groupCards(mesh)];
  const chosen = name === undefined ? cards : cards.filter((card) => card.name === name);
  if (name !== undefined && chosen.length === 0) refuse(name, cards);
  if (options.json) {
    printJson(
      terminal,
      chosen.map(({ kind, name: own, facts }) => ({ kind, name: own, ...facts })),
    );
  } else if (name === undefined) printAll(terminal, cards);
  else for (const card of chosen) printCard(terminal, card);
  return 0;
}

function refuse(name: string, cards: readonly Card[]): never {
  const message = core.say`there is no node, client, site or group ${core.quote(name)}`;
  throw unknownName(
    message,
    name,
    cards.map((card) => card.name),
  );
}

function nodeCards({ mesh, lock, keys, index }: Plan): readonly Card[] {
  return mesh.nodes.map((node): Card => {
    const member = index.byName.get(node.name);
    const { hooks } = node;
    const facts = {
      address: (lock.nodes.get(node.name)?.addresses ?? []).map(core.printAddress),
      endpoint: node.endpoint === undefined ? "" : core.printEndpoint(node.endpoint),
      site: node.site ?? "",
      lan: node.lan === undefined ? "" : core.printAddress(node.lan),
      subnets: node.subnets.map(({ prefix }) => core.printPrefix(prefix)),
      exit: node.exit ?? "",
      local: node.local.map(core.printPrefix),
      relay: node.relay,
      gateway: mesh.sites.some(({ gateways }) => gateways.includes(node.name)),
      tags: node.tags,
      clients: mesh.clients.filter(({ via }) => via.includes(node.name)).map((each) => each.name),
      publicKey: keys.missing.has(node.name) ? "" : (keys.publicKeys.get(node.name) ?? ""),
      listenPort: node.listenPort,
      mtu: member === undefined ? 0 : core.device(index, member).mtu,
      keepalive: node.keepaliveSeconds,
      fwmark: node.fwmark ?? 0,
      table: node.table ?? "",
      firewall: node.firewall,
      ssh: node.ssh ?? "",
      ...hooks,
    };
    return { kind: "node", name: node.name, facts: withoutEmpty(facts) };
  });
}

function clientCards({ mesh, lock, keys }: Plan): readonly Card[] {
  const entrances = core.entrancesOf(mesh);
  return mesh.clients.map((client): Card => {
    const own = entrances.filter((each) => each.client === client);
    const facts = {
      address: own
        .flatMap(({ id }) => lock.entries.get(id)?.addresses ?? [])
        .map(core.printAddress),
      via: client.via,
      access: client.access,
      exit: client.exit ?? "",
      dns: client.dns,
      tags: client.tags,
      publicKey: [...new Set(own.flatMap(({ id }) => keys.entryKeys.get(id) ?? []))],
    };
    return { kind: "client", name: client.name, facts: withoutEmpty(facts) };
  });
}

function siteCards(mesh: core.Mesh): readonly Card[] {
  return mesh.sites.map((site): Card => {
    const facts = {
      network: site.networks.map(core.printPrefix),
      addresses: site.addresses.map(core.printPrefix),
      gateways: site.gateways,
      reach: site.reach.map(core.printPrefix),
      cloud: site.cloud ?? "",
      nodes: mesh.nodes.filter((node) => node.site === site.name).map((node) => node.name),
    };
    return { kind: "site", name: site.name, facts: withoutEmpty(facts) };
  });
}

function groupCards({ groups }: core.Mesh): readonly Card[] {
  return groups.map(({ name, members }) => {
    return { kind: "group", name, facts: { members: members.map(core.printSelector) } };
  });
}

function withoutEmpty(facts: Card["facts"]): Card["facts"] {
  const isSaid = (value: Card["facts"][string]): boolean =>
    Array.isArray(value) ? value.length > 0 : value !== "" && value !== false && value !== 0;
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => isSaid(value)));
}

/** A table of each kind that the mesh has. */
function printAll(terminal: Terminal, cards: readonly Card[]): void {
  const columns = {
    node: ["address", "endpoint", "site", "lan", "subnets", "exit", "relay", "gateway", "tags"],
    client: ["address", "via", "access", "exit", "tags"],
    site: ["network", "addresses", "gateways", "nodes", "cloud"],
    group: ["members"],
  } as const;
  let isFirst = true;
  for (const kind of ["node", "client", "site", "group"] as const) {
    const rows = cards.filter((card) => card.kind === kind);
    if (rows.length === 0) continue;
    const fields = columns[kind];
    const cells = rows.map(({ name, facts }) => [
      name,
      ...fields.map((each) => cell(terminal, facts[each])),
    ]);
    if (!isFirst) terminal.print("");
    isFirst = false;
    printHeaded(terminal, [[kind, ...fields], ...cells]);
  }
}

function printCard(terminal: Terminal, { kind, name, facts }: Card): void {
  const fields = Object.entries(facts).flatMap(([field, value]) => {
    const values = Array.isArray(value) && isLong(value) ? value : [value];
    return values.map((each, at) => [at === 0 ? field : "", cell(terminal, each)]);
  });
  printHeaded(terminal, [[kind, name], ...fields]);
}

/** Commands have commas; and what does not fit on a line stands on several. */
function isLong(list: readonly string[]): boolean {
  return list.join(", ").length > 72 || list.some((each) => each.includes(","));
}

function cell({ read }: Terminal, value: Card["facts"][string] | undefined): string {
  if (value === undefined) return "";
  if (value === true) return read(core.say`yes`);
  return Array.isArray(value) ? value.join(", ") : String(value);
}
