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

/** Everything but the tunnels; folder: where files for the hosts may be written. */
export async function createClouds(
  world: World,
  hosts: readonly CloudHost[],
  folder: string,
): Promise<readonly Cloud[]> {
  const uplinks = hosts.map((host, at) => publicAddresses(hosts, host, at));
  const files = writeSharedFiles(hosts, uplinks, folder);
  const clouds = await Promise.all(hosts.map((host) => createCloud(world, host, files)));
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

export async function bringUp({ host, plan }: Cloud): Promise<void> {
  const wayOut = `the file is ${join(plan.folder, `${plan.interface}.conf`)}`;
  await host.run({ words: ["wg-quick", "up", plan.interface], wayOut });
}

export async function bringDown({ host, plan }: Cloud): Promise<void> {
  const wayOut = `the file is ${join(plan.folder, `${plan.interface}.conf`)}`;
  await host.run({ words: ["wg-quick", "down", plan.interface], wayOut });
}

/** Of every family that endpoints are written in, or IPv4: as written, or else one that is free. */
function publicAddresses(
  hosts: readonly CloudHost[],
  { endpointAddresses: own }: CloudHost,
  at: number,
): readonly string[] {
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

async function createCloud(
  world: World,
  plan: CloudHost,
  files: ReadonlyMap<string, string>,
): Promise<Cloud> {
  const [host, ...machines] = await Promise.all([
    world.createHost(plan.name, new Map([...files, ["/etc/wireguard", plan.folder]])),
    ...plan.subnets.map(() => world.createHost(`the machine behind ${plan.name}`, files)),
  ]);
  const addressed = machines.map((machine, at) => {
    const subnet = plan.subnets[at] ?? "";
    return { subnet, address: addressIn(subnet, MACHINE_NUMBER), host: machine };
  });
  return { plan, host, machines: addressed };
}

/** All cables at once, from the internet's side; its only routes are those to the hosts' public addresses. */
async function connect(
  world: World,
  clouds: readonly Cloud[],
  uplinks: readonly (readonly string[])[],
): Promise<void> {
  const lines = ["link set lo up", `address add ${ROUTER_V4}/32 dev lo`];
  for (const [at, { host, machines }] of clouds.entries()) {
    const port = `host${at + 1}`;
    lines.push(
      `link add ${port} type veth peer name eth0 netns ${networkOf(host)}`,
      `link set ${port} up`,
      `address add ${ROUTER_V6}/64 dev ${port} nodad`,
      ...(uplinks[at] ?? []).map((address) => `route add ${address} dev ${port}`),
      ...machines.map(
        (machine, index) =>
          `link add eth${index + 1} netns ${networkOf(host)} type veth peer name eth0 netns ${networkOf(machine.host)}`,
      ),
    );
  }
  await batch(world.internet, lines);
}

function networkOf(host: Host): string {
  return `/proc/${host.pid}/ns/net`;
}

function hostLines({ machines }: Cloud, addresses: readonly string[]): readonly string[] {
  return [
    "link set lo up",
    ...addresses.map((address) => `address add ${address} dev eth0 ${flags(address)}`),
    "link set eth0 up",
    ...addresses
      .map((address) => (isIPv6(address) ? ROUTER_V6 : ROUTER_V4))
      .filter((router, at, all) => all.indexOf(router) === at)
      .map((router) => `route add default via ${router} dev eth0 onlink`),
    ...machines.flatMap(({ subnet }, at) => [
      `address add ${withMask(subnet, HOST_NUMBER)} dev eth${at + 1} ${flags(subnet)}`,
      `link set eth${at + 1} up`,
    ]),
  ];
}

function machineLines({ subnet }: Machine): readonly string[] {
  return [
    "link set lo up",
    `address add ${withMask(subnet, MACHINE_NUMBER)} dev eth0 ${flags(subnet)}`,
    "link set eth0 up",
    `route add default via ${addressIn(subnet, HOST_NUMBER)} dev eth0`,
  ];
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

function withMask(subnet: string, n: number): string {
  return `${addressIn(subnet, n)}/${subnet.split("/")[1]}`;
}

/** Nobody else is on the cable: without nodad an IPv6 address is of no use for its first second. */
function flags(address: string): string {
  return address.includes(":") ? "nodad" : "";
}
