/** Prints what systemd-networkd reads: a .netdev and a .network file, and a service for what those cannot say. */
import { printAddress } from "../ip/address.ts";
import { linkOf, printInterfaceAddress } from "../ip/interface-address.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device } from "../plan/device.ts";
import { hasRules } from "./chains.ts";
import { ruleLoading } from "./nftables.ts";
import type { Pieces, Printed } from "./printed.ts";
import type { Secrets } from "./secrets.ts";
import { forwardedFamilies } from "./wg-quick.ts";
import { HEADER, printPeers } from "./wg-setconf.ts";

/** The table that wg-quick takes for a /0, and the mark that keeps the tunnel's own packets out of it. */
const EXIT_TABLE = 51820;
/** Before the rules of the system, the first of which that asks the main table has 32766. */
const MAIN_PRIORITY = 32764;
const EXIT_PRIORITY = 32765;

/** /etc/systemd/network/INTERFACE.netdev. It holds secrets: root:systemd-network, 0640 (systemd.netdev(5)). */
export function renderNetdev(device: Device, secrets: Secrets, printed: Printed): Pieces {
  const mark = markOf(device);
  return [
    HEADER,
    `# ${device.name}\n[NetDev]\nName = ${device.interface}\nKind = wireguard\nMTUBytes = ${device.mtu}\n`,
    "[WireGuard]\n",
    keyLine(device, secrets),
    device.listenPort === undefined ? "" : `ListenPort = ${device.listenPort}\n`,
    mark === undefined ? "" : `FirewallMark = ${mark}\n`,
    ...printPeers(device, secrets, printed, "WireGuardPeer"),
  ];
}

/** /etc/systemd/network/INTERFACE.network: addresses, names and routes. */
export function renderNetwork(device: Device): Pieces {
  const { resolver } = device;
  const addresses = device.addresses.map((each) => `Address = ${printInterfaceAddress(each)}\n`);
  const servers = (resolver?.servers ?? []).map((each) => `DNS = ${printAddress(each)}\n`);
  return [
    HEADER,
    `# ${device.name}\n[Match]\nName = ${device.interface}\n[Network]\n`,
    ...addresses,
    ...servers,
    ...(resolver === undefined ? [] : [`Domains = ${resolver.zone}\n`]),
    ...routesOf(device).map(({ prefix, table }) => {
      const into = table === undefined ? "" : `Table = ${table}\n`;
      return `\n[Route]\nDestination = ${printPrefix(prefix)}\n${into}`;
    }),
    ...exitRules(device),
  ];
}

/**
 * /etc/systemd/system/INTERFACE-rules.service: loads the rules before any network is up, and switches
 * forwarding on. By sysctl, since networkd's own word for it has changed its meaning (IPForward= until
 * 255, IPv4Forwarding= from 256). Undefined where there is nothing to do.
 */
export function renderRulesService(device: Device): Pieces | undefined {
  const starts = [...ruleCommands(device, "up"), ...sysctls(device)];
  if (starts.length === 0) return undefined;
  const stops = ruleCommands(device, "down");
  const forwards6 = forwardedFamilies(device).has(6);
  return [
    HEADER,
    // systemd.network(5): IPv6AcceptRA= is off by default where the host forwards.
    forwards6
      ? "# A link that lives by router advertisements needs IPv6AcceptRA=yes in its own .network file.\n"
      : "",
    `# ${device.name}\n[Unit]\nDescription = Rules of ${device.interface}\n`,
    "DefaultDependencies = no\nConflicts = shutdown.target\n",
    "Wants = network-pre.target\nBefore = network-pre.target shutdown.target\n",
    "[Service]\nType = oneshot\nRemainAfterExit = yes\n",
    ...starts.map((each) => `ExecStart = ${each}\n`),
    ...stops.map((each) => `ExecStop = ${each}\n`),
    "[Install]\nWantedBy = sysinit.target\n",
  ];
}

function keyLine(device: Device, secrets: Secrets): string {
  if (device.isKeyElsewhere) {
    return device.listenPort === undefined
      ? "# Add here PrivateKey = and the key, which is kept elsewhere.\n"
      : `# The user systemd-network must be able to read it.\nPrivateKeyFile = /etc/wireguard/${device.interface}.key\n`;
  }
  const key = secrets.privateKey(device.name);
  return key === undefined ? "" : `PrivateKey = ${key}\n`;
}

interface Route {
  readonly prefix: Prefix;
  readonly table: number | undefined;
}

/** Those that wg-quick makes of AllowedIPs, but for what an address has on its link already. */
function routesOf({ table, routes, offLinkRanges, addresses }: Device): readonly Route[] {
  if (table === "off") return [];
  // In another table nothing is on the link.
  const onLink = table === undefined ? [] : addresses.map(linkOf);
  return [...onLink, ...offLinkRanges, ...routes].map((prefix) => {
    return { prefix, table: table ?? (prefix.length === 0 ? EXIT_TABLE : undefined) };
  });
}

/** A /0 that is not in a table of the user's own takes all but what the main table knows better. */
function exitsOf({ table, routes }: Device): readonly Prefix[] {
  return table === undefined ? routes.filter(({ length }) => length === 0) : [];
}

function markOf(device: Device): number | undefined {
  if (device.fwmark !== undefined) return device.fwmark;
  return exitsOf(device).length === 0 ? undefined : EXIT_TABLE;
}

/** What `wg-quick up` asks of `ip rule`. */
function exitRules(device: Device): readonly string[] {
  return exitsOf(device).flatMap(({ family }) => {
    const head = `\n[RoutingPolicyRule]\nFamily = ipv${family}\n`;
    return [
      `${head}Table = main\nSuppressPrefixLength = 0\nPriority = ${MAIN_PRIORITY}\n`,
      `${head}FirewallMark = ${markOf(device)}\nInvertRule = yes\nTable = ${EXIT_TABLE}\nPriority = ${EXIT_PRIORITY}\n`,
    ];
  });
}

function ruleCommands(device: Device, way: "up" | "down"): readonly string[] {
  const { load, unload } = ruleLoading(device, `/etc/systemd/network/${device.interface}`);
  if (!hasRules(device)) return [];
  return [way === "up" ? load : unload('"')];
}

function sysctls(device: Device): readonly string[] {
  const families = forwardedFamilies(device);
  const hasExit4 = exitsOf(device).some(({ family }) => family === 4);
  return [
    ...(families.has(4) ? ["sysctl -qw net.ipv4.ip_forward=1"] : []),
    ...(families.has(6) ? ["sysctl -qw net.ipv6.conf.all.forwarding=1"] : []),
    // Answers from the tunnel are judged by the way that marked packets take.
    ...(hasExit4 ? ["sysctl -qw net.ipv4.conf.all.src_valid_mark=1"] : []),
  ];
}
