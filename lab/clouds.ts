/** Builds the network of a plan: clouds with private networks that only meet in an internet without private routes. */
import { existsSync, writeFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { join } from "node:path";
import type { CloudHost } from "./plan.ts";
import type { Host, World } from "./world.ts";

export interface Cloud {
  readonly plan: CloudHost;
  readonly host: Host;
  readonly machines: readonly Machine[];
}

/** A machine in a private network: no WireGuard, one address, its cloud's host as default route. */
export interface Machine {
  readonly subnet: string;
  readonly address: string;
  readonly router: string;
  readonly host: Host;
}

/** Link-local, as clouds do it: it can collide with no address of a mesh. */
const ROUTER_V4 = "169.254.0.1";
const ROUTER_V6 = "fe80::1";
/** Public addresses for those who have none: both ranges are for documentation (RFC 5737, RFC 3849). */
const PUBLIC_V4 = "203.0.113.";
const PUBLIC_V6 = "2001:db8:113::";
const FIRST_PUBLIC = 11;
const PUBLIC_COUNT = 240;
const HOST_NUMBER = 1;
const MACHINE_NUMBER = 10;
const NETWORK_WAY_OUT =
  "this is a defect of the lab or of this machine's iproute2: please report it";

export interface CloudFiles {
  /** Where files for all hosts may be written. */
  readonly folder: string;
  /** Where each host sees its own folder. */
  readonly place: string;
}

/** Everything but the tunnels. */
export async function createClouds(
  world: World,
  hosts: readonly CloudHost[],
  { folder, place }: CloudFiles,
): Promise<readonly Cloud[]> {
  const uplinks = hosts.map((host, at) => publicAddresses(hosts, host, at));
  const files = writeSharedFiles(hosts, uplinks, folder);
  const created = await Promise.all(
    hosts.map((host) => createHosts(world, host, { files, place })),
  );
  const clouds = hosts.map((plan, at) => cloudOf(hosts, plan, created[at] ?? []));
  await connect(world, clouds, uplinks);
  await Promise.all([
    forward(world.internet, true),
    // A fresh host forwards nothing, whatever this machine does: the tunnel's own files must see to it.
    ...clouds.map(({ host }) => forward(host, false)),
    ...clouds.map((cloud, at) => batch(cloud.host, hostLines(cloud, uplinks[at] ?? []))),
    ...clouds.flatMap(({ machines }) => machines.map((it) => batch(it.host, machineLines(it)))),
  ]);
  return clouds;
}

/** Of every family that endpoints are written in, or IPv4: as written, or else one that is free. */
function publicAddresses(
  hosts: readonly CloudHost[],
  { endpointAddresses: own, isPublic }: CloudHost,
  at: number,
): readonly string[] {
  if (!isPublic) return [];
  const taken = new Set(hosts.flatMap((other) => other.endpointAddresses));
  const given = (prefix: string): string => {
    const numbers = Array.from({ length: PUBLIC_COUNT }, (_, n) => `${prefix}${FIRST_PUBLIC + n}`);
    const address = numbers.filter((candidate) => !taken.has(candidate))[at];
    if (address !== undefined) return address;
    throw new Error(`the lab has no public address left for ${hosts.length} hosts`);
  };
  const v4 = own.some(isIPv4) ? [] : [given(PUBLIC_V4)];
  const v6 = own.some(isIPv6) || ![...taken].some(isIPv6) ? [] : [given(PUBLIC_V6)];
  return [...own, ...v4, ...v6];
}

/** Files that every host sees in place of this machine's: target → source. */
function writeSharedFiles(
  hosts: readonly CloudHost[],
  uplinks: readonly (readonly string[])[],
  folder: string,
): ReadonlyMap<string, string> {
  const names = hosts.flatMap((host, at) =>
    host.names.map((name) => `${uplinks[at]?.[0]} ${name}\n`),
  );
  const files = new Map([["/etc/hosts", join(folder, "hosts")]]);
  writeFileSync(join(folder, "hosts"), `127.0.0.1 localhost\n${names.join("")}`);
  // Empty: a name that is not in the file above is asked of nobody. A link to nowhere cannot be bound.
  writeFileSync(join(folder, "resolv.conf"), "");
  if (existsSync("/etc/resolv.conf")) files.set("/etc/resolv.conf", join(folder, "resolv.conf"));
  return files;
}

/** The cloud's host, and a machine for each private network behind it. */
function createHosts(
  world: World,
  plan: CloudHost,
  { files, place }: { readonly files: ReadonlyMap<string, string>; readonly place: string },
): Promise<readonly Host[]> {
  return Promise.all([
    world.createHost(plan.name, new Map([...files, [place, plan.folder]])),
    ...plan.subnets.map(() => world.createHost(`the machine behind ${plan.name}`, files)),
  ]);
}

function cloudOf(hosts: readonly CloudHost[], plan: CloudHost, created: readonly Host[]): Cloud {
  const [host, ...machines] = created;
  if (host === undefined) throw new Error(`${plan.name} was not created`);
  const taken = new Set(hosts.flatMap(({ lan }) => (lan === undefined ? [] : [lan.address])));
  const addressed = machines.map((machine, at): Machine => {
    const subnet = plan.subnets[at] ?? "";
    const numbers = Array.from({ length: taken.size + 1 }, (_, n) => MACHINE_NUMBER + n);
    const addresses = numbers.map((number) => addressIn(subnet, number));
    const address = addresses.find((each) => !taken.has(each)) ?? "";
    const isShared = plan.lan?.network === subnet;
    const router = isShared ? plan.lan.address : addressIn(subnet, HOST_NUMBER);
    return { subnet, address, router, host: machine };
  });
  return { plan, host, machines: addressed };
}

/** All cables at once, from the internet's side; its only routes are those to the hosts' public addresses. */
async function connect(
  world: World,
  clouds: readonly Cloud[],
  uplinks: readonly (readonly string[])[],
): Promise<void> {
  const sites = [...new Set(clouds.flatMap(({ plan }) => plan.lan?.site ?? []))];
  await batch(world.internet, [
    "link set lo up",
    `address add ${ROUTER_V4}/32 dev lo`,
    // A switch has no address: what is in it does not reach the internet through it.
    ...sites.flatMap((_, at) => [
      `link add lan${at} type bridge`,
      `link set lan${at} addrgenmode none up`,
    ]),
    ...clouds.flatMap((cloud, at) => [
      ...uplinkLines(cloud, `host${at + 1}`, uplinks[at] ?? []),
      ...privateLines(cloud, `host${at + 1}`, `lan${sites.indexOf(cloud.plan.lan?.site ?? "")}`),
    ]),
  ]);
}

function uplinkLines({ host }: Cloud, port: string, addresses: readonly string[]): string[] {
  if (addresses.length === 0) return [];
  return [
    `link add ${port} type veth peer name eth0 netns ${networkOf(host)}`,
    `link set ${port} up`,
    `address add ${ROUTER_V6}/64 dev ${port} nodad`,
    ...addresses.map((address) => `route add ${address} dev ${port}`),
  ];
}

/** To the switch of its site, where the host and its machines are in one; else from the host to each machine. */
function privateLines({ plan, host, machines }: Cloud, port: string, site: string): string[] {
  const plug = (end: string, name: string, to: Host): readonly string[] => [
    `link add ${port}${end} type veth peer name ${name} netns ${networkOf(to)}`,
    `link set ${port}${end} addrgenmode none master ${site} up`,
  ];
  return [
    ...(plan.lan === undefined ? [] : plug("h", "lan0", host)),
    ...machines.flatMap((machine, at) =>
      machine.subnet === plan.lan?.network
        ? plug(`m${at}`, "eth0", machine.host)
        : `link add eth${at + 1} netns ${networkOf(host)} type veth peer name eth0 netns ${networkOf(machine.host)}`,
    ),
  ];
}

function networkOf(host: Host): string {
  return `/proc/${host.pid}/ns/net`;
}

function hostLines({ plan, machines }: Cloud, addresses: readonly string[]): readonly string[] {
  const { lan } = plan;
  return [
    "link set lo up",
    ...addresses.map((address) => `address add ${address} dev eth0 ${flags(address)}`),
    ...(addresses.length === 0 ? [] : ["link set eth0 up"]),
    ...addresses
      .map((address) => (isIPv6(address) ? ROUTER_V6 : ROUTER_V4))
      .filter((router, at, all) => all.indexOf(router) === at)
      .map((router) => `route add default via ${router} dev eth0 onlink`),
    ...(lan === undefined ? [] : plugLines("lan0", lan.address, lan.network)),
    ...machines.flatMap(({ subnet, router }, at) =>
      subnet === lan?.network ? [] : plugLines(`eth${at + 1}`, router, subnet),
    ),
  ];
}

function machineLines({ subnet, address, router }: Machine): readonly string[] {
  return [
    "link set lo up",
    ...plugLines("eth0", address, subnet),
    `route add default via ${router} dev eth0`,
  ];
}

function plugLines(name: string, address: string, network: string): readonly string[] {
  const mask = network.split("/")[1];
  return [`address add ${address}/${mask} dev ${name} ${flags(address)}`, `link set ${name} up`];
}

async function batch(host: Host, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join("");
  await host.run({ words: ["ip", "-batch", "-"], input, wayOut: NETWORK_WAY_OUT });
}

async function forward(host: Host, on: boolean): Promise<void> {
  const value = on ? 1 : 0;
  const settings = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"];
  // -e: a kernel without IPv6 has no such key.
  const words = ["sysctl", "-q", "-e", "-w", ...settings.map((key) => `${key}=${value}`)];
  await host.run({ words, wayOut: NETWORK_WAY_OUT });
}

/** The n-th address of a prefix; in a small one, the last that a host can have. */
function addressIn(subnet: string, n: number): string {
  const [base = "", length = ""] = subnet.split("/");
  const hostBits = (isIPv6(base) ? 128 : 32) - Number(length);
  if (hostBits < 2)
    throw new Error(`the lab cannot put a host and a machine into ${subnet}: it is too small`);
  const number = Math.min(n, 2 ** hostBits - 2);
  if (base.endsWith("::")) return base + number.toString(16);
  const radix = isIPv6(base) ? 16 : 10;
  return base.replace(/[\da-f]+$/, (last) =>
    (Number.parseInt(last, radix) + number).toString(radix),
  );
}

/** Nobody else is on the cable: without nodad an IPv6 address is of no use for its first second. */
function flags(address: string): string {
  return address.includes(":") ? "nodad" : "";
}
