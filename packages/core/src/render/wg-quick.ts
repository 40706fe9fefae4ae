/** Prints what `wg-quick up` reads: the text of wg setconf with addresses, MTU, table and hooks. */
import { printAddress } from "../ip/address.ts";
import type { Family } from "../ip/address.ts";
import { printInterfaceAddress } from "../ip/interface-address.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device } from "../plan/device.ts";
import { hasRules } from "./chains.ts";
import { ruleLoading } from "./nftables.ts";
import type { Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";
import { HEADER, printInterface, printPeers } from "./wg-setconf.ts";

/** The file /etc/wireguard/INTERFACE.conf. It holds the private key: keep it 0600. */
export function renderWgQuick(device: Device, secrets: Secrets, printed: Printed): Pieces {
  const addresses = device.addresses.map((each) => `Address = ${printInterfaceAddress(each)}\n`);
  const table = device.table === undefined ? "" : `Table = ${device.table}\n`;
  return [
    HEADER,
    `# ${device.name}\n[Interface]\n`,
    // A node's is loaded by a hook; a client has none.
    device.isKeyElsewhere && isClient(device)
      ? "# Add here PrivateKey = and the key, which is kept elsewhere.\n"
      : "",
    printInterface(device, secrets),
    ...addresses,
    ...dnsLine(device),
    `MTU = ${device.mtu}\n${table}`,
    ...hookLines(device).map(([key, line]) => `${key} = ${line}\n`),
    ...printPeers(device, secrets, printed),
  ];
}

/** Nobody dials it. */
function isClient({ listenPort }: Device): boolean {
  return listenPort === undefined;
}

/** wg-quick and the apps take what is no address for a domain to search in. */
function dnsLine({ resolver }: Device): readonly string[] {
  if (resolver === undefined) return [];
  return [`DNS = ${[...resolver.servers.map(printAddress), resolver.zone].join(", ")}\n`];
}

/** The lines that are not the user's. */
export function ownHooks(
  device: Device,
): Readonly<Record<"postUp" | "postDown", readonly string[]>> {
  return { postUp: ownPostUp(device), postDown: ownPostDown(device) };
}

/** Ours first on the way up, and last on the way down, so that the user's find everything in place. */
function hookLines(device: Device): (readonly [string, string])[] {
  const { preUp, postUp, preDown, postDown } = device.hooks;
  return [
    ...preUp.map((line) => ["PreUp", line] as const),
    ...ownPostUp(device).map((line) => ["PostUp", line] as const),
    ...postUp.map((line) => ["PostUp", line] as const),
    ...preDown.map((line) => ["PreDown", line] as const),
    ...postDown.map((line) => ["PostDown", line] as const),
    ...ownPostDown(device).map((line) => ["PostDown", line] as const),
  ];
}

/**
 * A host that forwards takes no route from router advertisements, and forgets those it has, unless
 * accept_ra is 2. Only what took them until now is to go on.
 */
const KEEP_ADVERTISED =
  "for ra in /proc/sys/net/ipv6/conf/*/accept_ra; do read -r old < $ra; [ $old != 1 ] || echo 2 > $ra; done";

function ownPostUp(device: Device): string[] {
  // PostUp, not PreUp: wg-quick before 2025 runs PreUp when there is no interface to set a key on.
  const key =
    device.isKeyElsewhere && !isClient(device)
      ? [`wg set %i private-key /etc/wireguard/%i.key`]
      : [];
  const routes = device.offLinkRanges.flatMap((range) => routeLine(device, range));
  const families = forwardedFamilies(device);
  // By /proc, because a small system may lack the sysctl command.
  const forward4 = families.has(4) ? ["echo 1 > /proc/sys/net/ipv4/ip_forward"] : [];
  const forward6 = families.has(6)
    ? [KEEP_ADVERTISED, "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"]
    : [];
  const rules = hasRules(device) ? [ruleLoading(device, RULES).load] : [];
  return [...key, ...routes, ...rules, ...forward4, ...forward6];
}

/** Of what it forwards: its subnets; and from tunnel to tunnel, whatever the mesh has. */
export function forwardedFamilies({
  subnets,
  filter,
  addresses,
  routes,
}: Device): ReadonlySet<Family> {
  const behind = subnets.map(({ prefix }) => prefix.family);
  const isTransit = filter.carries || filter.clients.length > 0;
  const carried = [...addresses.map(({ address }) => address), ...routes];
  return new Set([...behind, ...(isTransit ? carried : []).map(({ family }) => family)]);
}

/** wg-quick makes routes of AllowedIPs alone; it takes them all away with the interface. */
function routeLine({ table }: Device, range: Prefix): readonly string[] {
  if (table === "off") return [];
  const into = table === undefined ? "" : ` table ${table}`;
  return [`ip -${range.family} route add ${printPrefix(range)} dev %i${into}`];
}

/** The file of rules, but for its ending. */
const RULES = "/etc/wireguard/%i";

function ownPostDown(device: Device): string[] {
  return hasRules(device) ? [ruleLoading(device, RULES).unload("'")] : [];
}
