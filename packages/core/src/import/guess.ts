/** Writes what files say as the document of a mesh: one guess of several, to be tried. */
import { printAddress } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { printPrefix, isWithin } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { findMostCommon } from "../majority.ts";
import type { Place } from "../finding.ts";
import type { Firewall } from "../model/mesh.ts";
import { parseTable } from "../model/words.ts";
import { Problem } from "../problem.ts";
import { readBehind } from "./behind.ts";
import type { Behind } from "./behind.ts";
import { blocksOf } from "./carriers.ts";
import { readClients } from "./clients.ts";
import type { ForeignClient } from "./clients.ts";
import { readDialling, siteOf } from "./dialling.ts";
import type { Dialling, ForeignSite } from "./dialling.ts";
import type { Fields, MeshDocument } from "./document.ts";
import type { Facts } from "./facts.ts";
import type { Party } from "./parties.ts";

/** What can be read in two ways. */
export interface Reading {
  /** Whether private addresses are those of a network that both ends are in. */
  readonly hasSites: boolean;
  /** Whether devices with one peer are clients, even if they say more than a client can keep. */
  readonly isWide: boolean;
}

export interface Guess {
  readonly document: MeshDocument;
  readonly clients: ReadonlyMap<Party, ForeignClient>;
  /** Nodes whose endpoint nobody knows, though they are dialled: it is made up. */
  readonly invented: readonly Party[];
  /** Where a part of the document comes from, by its path. */
  readonly places: ReadonlyMap<string, Place>;
}

export function guess(facts: Facts, { hasSites, isWide }: Reading): Guess {
  const clients = readClients(facts, isWide);
  const dialling = hasSites
    ? withBlocks(facts, readDialling(facts, true))
    : readDialling(facts, false);
  const behind = readBehind(facts, dialling, clients);
  const nodes = facts.parties.filter((party) => !clients.has(party));
  const invented = nodes.filter((party) => isUndialled(facts, dialling, clients, party));
  const scene: Scene = {
    facts,
    dialling,
    behind,
    clients,
    invented,
    usual: usualOf({ facts, dialling, clients, invented }, nodes),
  };
  const places = new Map(
    [...behind.subnets].flatMap(([{ name }, list]) =>
      list.map(
        ({ prefix, place }) => [`nodes.${name}.subnets.${printPrefix(prefix)}`, place] as const,
      ),
    ),
  );
  const document: MeshDocument = {
    network: networkOf(scene, nodes),
    sites: sitesOf(scene),
    nodes: Object.fromEntries(nodes.map((party) => [party.name, nodeOf(scene, party)])),
    links: [],
    clients: Object.fromEntries(
      [...clients].map(([{ name }, each]) => [name, clientOf(scene, each)]),
    ),
  };
  return { document, clients, invented, places };
}

/** Who holds a block speaks for a site, with all who have an address in it. */
function withBlocks(facts: Facts, dialling: Dialling): Dialling {
  const sites = [...dialling.sites];
  for (const { holder, prefix } of blocksOf(facts)) {
    const isHome = (party: Party): boolean => sites.some(({ members }) => members.has(party));
    if (isHome(holder)) continue;
    const inside = facts.parties.filter((party) =>
      (facts.addresses.get(party) ?? []).some((address) => isWithin([prefix], address)),
    );
    const members = new Set([holder, ...inside.filter((party) => !isHome(party))]);
    sites.push({ name: `site-${sites.length + 1}`, members, lans: new Map() });
  }
  return { ...dialling, sites };
}

interface Scene {
  readonly facts: Facts;
  readonly dialling: Dialling;
  readonly behind: Behind;
  readonly clients: ReadonlyMap<Party, ForeignClient>;
  readonly invented: readonly Party[];
  readonly usual: Usual;
}

/** What most nodes have, to be said once. */
interface Usual {
  readonly listenPort: number;
  readonly mtu: number | undefined;
  readonly keepalive: number;
  readonly firewall: Firewall;
}

/** Of the default of a mesh. */
const DEFAULTS = { listenPort: 51820, mtu: 1420, keepalive: 25 } as const;

type Told = Pick<Scene, "facts" | "dialling">;

function usualOf(
  { facts, dialling, clients, invented }: Told & Pick<Scene, "clients" | "invented">,
  nodes: readonly Party[],
): Usual {
  const mtus = nodes.flatMap(({ device }) => (device === undefined ? [] : [device.mtu?.value]));
  const silent = nodes.filter((party) => !invented.includes(party));
  // Clients have no keepalive of their own.
  const filed = [...clients.keys()].filter(({ device }) => device !== undefined);
  const keepalives = [...silent, ...filed].flatMap((party) => {
    return keepaliveOf({ facts, dialling }, party) ?? [];
  });
  const firewalls = nodes.flatMap((party) => firewallOf(party) ?? []);
  return {
    listenPort: usualPort(dialling, nodes) ?? DEFAULTS.listenPort,
    mtu: new Set(mtus).size === 1 ? mtus[0] : undefined,
    keepalive: most(keepalives) ?? DEFAULTS.keepalive,
    firewall: most(firewalls) ?? "off",
  };
}

/** What most listen on; where none of them says it, where all are dialled. */
function usualPort({ ports }: Dialling, nodes: readonly Party[]): number | undefined {
  const own = most(nodes.flatMap(({ device }) => device?.listenPort?.value ?? []));
  const dialled = new Set(nodes.flatMap((party) => ports.get(party) ?? []));
  return own ?? (dialled.size === 1 ? [...dialled][0] : undefined);
}

/** Somebody has to dial it, and nobody says where: one who waits for none, or enters through it without a file. */
function isUndialled(
  facts: Facts,
  dialling: Dialling,
  clients: ReadonlyMap<Party, ForeignClient>,
  party: Party,
): boolean {
  if (dialling.endpoints.has(party)) return false;
  const isLost = (facts.listings.get(party) ?? []).some(({ from, entry }) => {
    return facts.swallowed.has(entry) && !dialling.endpoints.has(from);
  });
  if (isLost) return true;
  if (party.device === undefined) return false;
  return party.entries.some(({ publicKey, peer }) => {
    const other = facts.byKey.get(publicKey);
    if (other === undefined || peer.endpoint !== undefined) return false;
    return clients.has(other) || (other.device === undefined && !dialling.endpoints.has(other));
  });
}

/** A name that never resolves (RFC 2606, section 2). */
export function inventedEndpoint(name: string): string {
  return `${name}.invalid`;
}

function networkOf({ facts, clients, usual }: Scene, nodes: readonly Party[]): Fields {
  const named = nodes.flatMap(({ device }) => {
    const { interface: own, name } = device ?? {};
    return own === undefined || own === name ? [] : [own];
  });
  const shown = most(named);
  const zone = most([...clients.keys()].flatMap(({ device }) => zoneOf(device)));
  const { listenPort, mtu, keepalive, firewall } = usual;
  return saying({
    name: "mesh",
    addresses: facts.ranges.map(printPrefix),
    interface: shown,
    listenPort: unless(DEFAULTS.listenPort, listenPort),
    mtu: unless(DEFAULTS.mtu, mtu),
    // So that no tunnel is said to be wider than what carries it.
    underlayMtu: mtu === undefined || mtu <= DEFAULTS.mtu ? undefined : mtu + 80,
    keepalive: unless(DEFAULTS.keepalive, keepalive),
    presharedKeys: false,
    firewall: unless("nftables", firewall),
    dns: zone,
  });
}

/** Without the fields that say nothing. */
function saying(fields: Fields): Fields {
  const said = Object.entries(fields).filter(([, value]) => {
    return value !== undefined && !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(said);
}

/** What is usual need not be said. */
function unless<T>(usual: T, value: T | undefined): T | undefined {
  return value === usual ? undefined : value;
}

/** One alone stands without brackets. */
function oneOrList(texts: readonly string[]): string | readonly string[] | undefined {
  return texts.length === 1 ? texts[0] : texts;
}

/** Where a client's resolver searches for names without a dot. */
function zoneOf(device: Party["device"]): readonly string[] {
  return (device?.dns ?? [])
    .map(({ value }) => value)
    .filter((text) => /[a-z]/i.test(text) && !text.includes(":"));
}

function sitesOf({ dialling, behind }: Scene): Readonly<Record<string, Fields>> {
  return Object.fromEntries(
    dialling.sites.map((site) => {
      const gateway = behind.gateways.get(site);
      const fields = saying({
        network: networksOf(behind, site).map(printPrefix),
        addresses: behind.blocks.get(site)?.map(printPrefix),
        gateways: gateway && [gateway.name],
        reach: behind.reach.get(site)?.map(printPrefix),
      });
      return [site.name, fields];
    }),
  );
}

/**
 * What one of its nodes has behind it for others alone is the network that its own nodes stand in: they
 * reach it without a tunnel.
 */
function networksOf({ subnets }: Behind, { members, lans }: ForeignSite): readonly Prefix[] {
  const here = [...lans.values()];
  return [...members].flatMap((party) => {
    const mates = [...members].filter(({ byKey }) => byKey.has(party.publicKey));
    return (subnets.get(party) ?? [])
      .filter(({ prefix, senders }) => {
        if (prefix.length === 0) return false;
        // In a family in which nobody dials, all that tells is who sends it nothing.
        const isDialled = here.some(({ family }) => family === prefix.family);
        if (isDialled) return here.some((lan) => isWithin([prefix], lan));
        return mates.length > 0 && !mates.some((mate) => senders.has(mate));
      })
      .map(({ prefix }) => prefix);
  });
}

function nodeOf(scene: Scene, party: Party): Fields {
  const { facts, dialling, behind, usual, invented } = scene;
  const { device } = party;
  const addresses = (facts.addresses.get(party) ?? []).map(printAddress);
  const port = dialling.ports.get(party) ?? usual.listenPort;
  const site = siteOf(dialling, party);
  const lan = site?.lans.get(party);
  const endpoint = dialling.endpoints.get(party);
  const dialled = invented.includes(party)
    ? inventedEndpoint(party.name)
    : shownEndpoint(endpoint, port);
  const own = invented.includes(party) ? undefined : keepaliveOf(scene, party);
  return saying({
    address: oneOrList(addresses),
    site: site?.name,
    lan: lan && printAddress(lan),
    endpoint: dialled,
    subnets: (behind.subnets.get(party) ?? []).map(({ prefix }) => printPrefix(prefix)),
    exit: behind.exits.get(party)?.name,
    relay: behind.relays.has(party) || undefined,
    publicKey: device?.privateKey === undefined ? party.publicKey : undefined,
    listenPort: unless(usual.listenPort, port),
    mtu: unless(usual.mtu ?? DEFAULTS.mtu, device?.mtu?.value),
    keepalive: unless(usual.keepalive, own),
    fwmark: device?.fwmark?.value,
    table: tableOf(party),
    firewall: unless(usual.firewall, firewallNeeded(scene, party)),
  });
}

function shownEndpoint(endpoint: Endpoint | undefined, listenPort: number): string | undefined {
  if (endpoint === undefined) return undefined;
  const { host, port } = endpoint;
  return printEndpoint(port === listenPort || port === undefined ? { host } : { host, port });
}

/** wg-quick's own names of tables are known on one host only. */
function tableOf({ device }: Party): number | "off" | undefined {
  const parsed = parseTable(device?.table?.value ?? "auto");
  return parsed === "auto" || parsed instanceof Problem ? undefined : parsed;
}

/**
 * Towards those who cannot dial back; undefined where all can. Where it has none, what they have towards
 * it: wg-meshconf writes it on the side that cannot dial, where it does nothing.
 */
function keepaliveOf({ facts, dialling }: Told, party: Party): number | undefined {
  if (dialling.endpoints.has(party)) return undefined;
  const site = siteOf(dialling, party);
  const mates = site?.lans.has(party) === true ? site.members : new Set<Party>();
  const keys = new Set([...mates].map(({ publicKey }) => publicKey));
  const told = party.entries.filter(({ publicKey }) => !keys.has(publicKey));
  const own = most(told.map(({ peer }) => peer.keepaliveSeconds?.value ?? 0));
  if (own !== 0) return own;
  const theirs = (facts.listings.get(party) ?? []).map(({ entry }) => entry.peer);
  const misplaced = theirs.map(({ keepaliveSeconds }) => keepaliveSeconds?.value ?? 0);
  return most(misplaced.filter((seconds) => seconds > 0)) ?? own;
}

/** By the hook with which Warren's own files load their rules. */
function firewallOf({ device }: Party): Firewall | undefined {
  const lines = new Set((device?.hooks.postUp ?? []).map(({ value }) => value));
  if (lines.has("nft -f /etc/wireguard/%i.nft")) return "nftables";
  return lines.has("sh /etc/wireguard/%i.iptables up") ? "iptables" : undefined;
}

/** Where its own hooks do what Warren's rules would do, those are not to come in their way. */
function firewallNeeded({ behind, clients, usual }: Scene, party: Party): Firewall {
  const isFiltering =
    (behind.subnets.get(party) ?? []).length > 0 ||
    behind.relays.has(party) ||
    [...behind.gateways.values()].includes(party) ||
    [...clients.values()].some(({ via }) => via === party);
  return firewallOf(party) ?? (isFiltering ? "off" : usual.firewall);
}

function clientOf({ facts }: Scene, { party, via, access }: ForeignClient): Fields {
  const { device } = party;
  const addresses = (facts.addresses.get(party) ?? []).map(printAddress);
  const servers = new Set((facts.addresses.get(via) ?? []).map(printAddress));
  const hasNames = device?.dns.some(({ value }) => servers.has(value)) === true;
  const usual = access.length === 2 && access.includes("nodes") && access.includes("subnets");
  return saying({
    via: via.name,
    access: usual ? undefined : [...access],
    dns: hasNames || undefined,
    address: oneOrList(addresses),
    publicKey: device?.privateKey === undefined ? party.publicKey : undefined,
  });
}

/** Of as many the least. */
function most<T extends string | number>(values: readonly T[]): T | undefined {
  return findMostCommon(values.toSorted((one, other) => (one < other ? -1 : Number(one > other))));
}
