/** Judges by what a host told of itself whether a device can be brought to it, before anything is done. */
import { firewallNeeds, hasRules, hostPrefix, judgeFirewalls, printText } from "@warren/core";
import type { Device, FirewallNeed, Node, Prefix } from "@warren/core";
import type { HostFacts } from "./facts.ts";
import * as troubles from "./troubles.ts";
import type { Trouble } from "./troubles.ts";

/** Files of a few kilobytes, twice, and some for the system. */
const LEAST_KIB = 256;
/** A clock that is wrong by more is no drift. */
const CLOCK_SECONDS = 300;

/** What is to be brought to the host. */
export interface Wanted {
  readonly node: Node;
  readonly device: Device;
}

/** The first is the worst. `nowSeconds`: this machine's clock when the host was asked. */
export function judgeHost(
  facts: HostFacts,
  { node, device }: Wanted,
  nowSeconds: number,
): readonly Trouble[] {
  const { interface: name, listenPort } = device;
  const twin = facts.otherTunnels.find(({ publicKey }) => publicKey === device.publicKey);
  // Its port, its address and its routes are in the way, too: all for this one reason.
  if (twin !== undefined) return [troubles.tunnelTwice(twin, node.name, name)];
  const off = Math.round(facts.timeSeconds - nowSeconds);
  const { freeKiB = LEAST_KIB } = facts;
  const isPortOther =
    listenPort !== undefined && facts.udpPorts.has(listenPort) && facts.listenPort !== listenPort;
  const lacking = toolsFor(facts, device);
  return [
    ...(facts.interface === "other" || (facts.interface !== undefined && facts.file === undefined)
      ? [troubles.interfaceTaken(name)]
      : []),
    ...(facts.foreignFile === undefined ? [] : [troubles.fileTaken(facts.foreignFile)]),
    ...(facts.readOnly === undefined ? [] : [troubles.readOnly(facts.readOnly)]),
    ...(freeKiB < LEAST_KIB ? [troubles.noSpace(freeKiB)] : []),
    ...(lacking.length > 0 && facts.installer === undefined
      ? [troubles.noTools(lacking, facts.system)]
      : []),
    ...(facts.module === undefined ? [troubles.noWireGuard()] : []),
    ...(facts.serviceManager === "none" ? [troubles.noServiceManager(name)] : []),
    ...(facts.version?.startsWith("0.") === true ? [troubles.wgOld(facts.version)] : []),
    ...(isPortOther ? [portTaken(facts, listenPort, node)] : []),
    ...clashes(facts, { node, device }),
    ...findDrops(facts, { node, device }),
    ...(Math.abs(off) > CLOCK_SECONDS ? [troubles.clockWrong(off)] : []),
  ];
}

/** Of a tunnel in the kernel no list of sockets says whose it is. */
function portTaken({ otherTunnels }: HostFacts, port: number, { name }: Node): Trouble {
  const tunnel = otherTunnels.find(({ listenPort }) => listenPort === port);
  return troubles.portTaken(port, name, tunnel?.interface);
}

/** What somebody else's rules would drop; one command may admit several. */
function findDrops(facts: HostFacts, wanted: Wanted): readonly Trouble[] {
  const blocks = needsOf(facts, wanted).flatMap((need) => judgeFirewalls(facts.firewalls, need));
  return [...new Map(blocks.map((block) => [printText(block.fix), block])).values()].map(
    troubles.firewallDrops,
  );
}

/** In which families others dial it, as far as the mesh says so. */
function needsOf({ ranges }: HostFacts, { node, device }: Wanted): readonly FirewallNeed[] {
  const dialled = [node.lan, node.endpoint?.host].flatMap((host) =>
    host === undefined ? [] : [typeof host === "string" ? 4 : host.family],
  );
  return firewallNeeds(device, { dialled, routes: ranges.filter(({ kind }) => kind === "route") });
}

/** What is missing, in the order in which it is of use. */
export function toolsFor({ tools, module }: HostFacts, device: Device): readonly string[] {
  const firewall = hasRules(device) ? device.firewall : "off";
  const needed = [
    "wg",
    "wg-quick",
    "ip",
    ...(firewall === "nftables" ? ["nft"] : []),
    ...(firewall === "iptables" ? ["iptables"] : []),
    ...(module === "tun" ? ["wireguard-go"] : []),
  ];
  return needed.filter((tool) => !tools.has(tool));
}

/** Two routes of one range stop wg-quick; what is nearer or wider on the host lives beside the tunnel's. */
function clashes({ ranges }: HostFacts, { node, device }: Wanted): readonly Trouble[] {
  const routes = device.peers.flatMap(({ allowedIps }) => allowedIps);
  const own = device.addresses.map(({ address }) => hostPrefix(address));
  return ranges
    .filter((range) => range.interface !== device.interface)
    .flatMap(({ kind, prefix, interface: at }) => {
      if (kind === "address") {
        return own.some((each) => isSame(each, prefix))
          ? [troubles.addressOnOther(prefix, at)]
          : [];
      }
      const isRouted = device.table === undefined && routes.some((each) => isSame(each, prefix));
      return isRouted ? [troubles.rangeTaken(prefix, at, node)] : [];
    });
}

function isSame(one: Prefix, other: Prefix): boolean {
  return one.family === other.family && one.length === other.length && one.bits === other.bits;
}
