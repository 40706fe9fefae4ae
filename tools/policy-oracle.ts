/**
 * What a policy document says about one packet, by brute force: texts and numbers, and nothing of
 * Warren's. The other side of every test of filters.
 */
import { clientAddresses, hasKey } from "./random-policy.ts";
import type { PolicyClient, PolicyDocument } from "./random-policy.ts";

export interface Packet {
  readonly from: string;
  readonly to: string;
  readonly protocol: "tcp" | "udp" | "icmp" | "gre";
  /** 0: the protocol has none. */
  readonly port: number;
}

/** Where a packet that came out of the tunnel goes on its way: to the host, back, or elsewhere. */
export type Way = "input" | "back" | "elsewhere";

/** Whether the node must let out of its tunnel a packet that starts something. */
export function isLetOut(
  document: PolicyDocument,
  name: string,
  packet: Packet,
  way: Way,
): boolean {
  const { from, to } = packet;
  const guests = guestsOf(document, name);
  const guest = guests.find(({ addresses }) => addresses.includes(from));
  if (guest !== undefined && !isWithin(document, name, guest.client, to)) return false;
  const isAllowed =
    document.policy === undefined ||
    (isPermitted(document, packet) && isGuarded(document, name, to));
  if (way === "input") return isAllowed;
  const node = document.nodes[name];
  if (way === "back") {
    if (guests.some(({ addresses }) => addresses.includes(to))) return isAllowed;
    const site = document.sites[node?.site ?? ""];
    return node?.relay === true || site?.gateways[0] === name || guest !== undefined;
  }
  const subnets = node?.subnets ?? [];
  if (subnets.some((each) => isBounded(each) && isIn(to, each))) return isAllowed;
  const hasExit = subnets.some((each) => !isBounded(each) && isIn(to, each));
  const isUser =
    (guest !== undefined && isLeaving(guest.client, name)) ||
    Object.entries(document.nodes).some(
      ([other, node]) => node.exit === name && isOfNode(document, other, from),
    );
  return hasExit && isUser && isAllowed;
}

/** Whether some rule lists it; without a policy everything is listed. */
export function isPermitted(document: PolicyDocument, packet: Packet): boolean {
  const { policy } = document;
  if (policy === undefined) return true;
  return policy.some(
    ({ from, to, ports }) =>
      from.some((word) => isSelected(document, word, packet.from)) &&
      to.some((word) => isSelected(document, word, packet.to)) &&
      (ports.length === 0 || ports.some((port) => isPort(port, packet))),
  );
}

/** Whether an address is the node's, its clients' or behind it; exits aside. */
export function isOwned(document: PolicyDocument, name: string, address: string): boolean {
  const isClients = guestsOf(document, name).some(({ addresses }) => addresses.includes(address));
  return isClients || isOfNode(document, name, address);
}

function isOfNode(document: PolicyDocument, name: string, address: string): boolean {
  const node = document.nodes[name];
  return (
    node?.address.includes(address) === true ||
    node?.subnets.some((each) => isBounded(each) && isIn(address, each)) === true
  );
}

/** Whether the node answers for an address: its own, or whatever its exit leads to. */
function isGuarded(document: PolicyDocument, name: string, address: string): boolean {
  const subnets = document.nodes[name]?.subnets ?? [];
  return isOwned(document, name, address) || subnets.some((each) => isIn(address, each));
}

/** Whether an address is in a prefix, or the same address. */
export function isIn(address: string, prefix: string): boolean {
  const [base = "", length] = prefix.split("/");
  const [one, other] = [bitsOf(address), bitsOf(base)];
  const count = length === undefined ? one.length : Number(length);
  return one.length === other.length && one.slice(0, count) === other.slice(0, count);
}

interface Guest {
  readonly client: PolicyClient;
  readonly addresses: readonly string[];
}

function guestsOf({ clients }: PolicyDocument, name: string): readonly Guest[] {
  return Object.entries(clients)
    .filter(([client, { via }]) => via.includes(name) && hasKey(client, name))
    .map(([client, fields]) => ({ client: fields, addresses: clientAddresses(client, name) }));
}

/** What all-but-lan leaves out, where it is not the mesh's. */
const NEAR = ["10.0.0.0/8", "192.168.0.0/16", "fc00::/7"];

/** Whether the client's access holds a target; an exit's family whole, what else it may be. */
function isWithin(
  document: PolicyDocument,
  via: string,
  { access, exit }: PolicyClient,
  to: string,
): boolean {
  const all = Object.values(document.nodes).flatMap(({ subnets }) => subnets);
  const isAlmost = access.includes("all-but-lan");
  if (!isAlmost && access.includes("nodes") && access.includes("subnets")) return true;
  const own = document.nodes[via]?.subnets ?? [];
  const isFar = own.some((each) => !isBounded(each) && isIn(to, each));
  return (
    (isAlmost && isFar && !NEAR.some((range) => isIn(to, range))) ||
    ((isAlmost || access.includes("nodes")) &&
      document.network.addresses.some((range) => isIn(to, range))) ||
    ((isAlmost || access.includes("subnets")) &&
      all.some((each) => isBounded(each) && isIn(to, each))) ||
    ((access.includes("exit") || exit === via) && isFar)
  );
}

function isLeaving({ access, exit }: PolicyClient, via: string): boolean {
  return access.includes("exit") || access.includes("all-but-lan") || exit === via;
}

function isSelected(document: PolicyDocument, word: string, address: string): boolean {
  if (/[.:]\S*$/.test(word) && !word.startsWith("tag:")) return isIn(address, word);
  const group = document.groups[word];
  if (group !== undefined) return group.some((each) => isSelected(document, each, address));
  const tag = word.startsWith("tag:") ? word.slice(4) : undefined;
  const isNode = Object.entries(document.nodes).some(
    ([name, { address: own, tags, site }]) =>
      own.includes(address) &&
      (tag === undefined ? name === word || site === word : tags.includes(tag)),
  );
  if (isNode) return true;
  return Object.entries(document.clients).some(
    ([name, { via, tags }]) =>
      (tag === undefined ? name === word : tags.includes(tag)) &&
      via.some((node) => hasKey(name, node) && clientAddresses(name, node).includes(address)),
  );
}

function isPort(text: string, { protocol, port }: Packet): boolean {
  const [wanted, range = "*"] = text.split("/");
  if (wanted !== protocol) return false;
  if (range === "*") return true;
  const [first, last = first] = range.split("-").map(Number);
  return first !== undefined && last !== undefined && first <= port && port <= last;
}

function isBounded(prefix: string): boolean {
  return !prefix.endsWith("/0");
}

/** An address as a text of ones and zeros. */
function bitsOf(address: string): string {
  if (!address.includes(":"))
    return address
      .split(".")
      .map((each) => binary(each, 10, 8))
      .join("");
  const [head = [], tail] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const groups = [...head];
  while (groups.length + (tail?.length ?? 0) < 8) groups.push("0");
  return [...groups, ...(tail ?? [])].map((each) => binary(each, 16, 16)).join("");
}

function binary(text: string, radix: number, width: number): string {
  return Number.parseInt(text, radix).toString(2).padStart(width, "0");
}
