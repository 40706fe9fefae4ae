/**
 * The network under a mesh as a test draws it: switches, and hosts with a port in each that they are
 * connected to. At every port of a host that is no router the provider looks whose packets leave, as
 * clouds do. Knows no mesh and no tunnel.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host, World } from "../lab/world.ts";
import type { WorldFixture } from "./world-fixture.ts";

/** What joins hosts, by name: the names of its switches are those of its hosts' interfaces there. */
export interface Drawing {
  readonly hosts: Readonly<Record<string, DrawnHost>>;
  /** Counters that rules of ports name. */
  readonly counters?: readonly string[];
}

export interface DrawnHost {
  readonly ports: Readonly<Record<string, Port>>;
  /** As `ip route add` takes them. */
  readonly routes?: readonly string[];
  /** It passes on what others send, so its ports let everything out; with these rules of its own, for nft. */
  readonly router?: string;
  /** What it sees as /etc/wireguard. */
  readonly folder?: string;
  /** Other files that it sees in place of this machine's: target → text. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Port {
  /** With masks; on "lo" they are addresses of servers somewhere behind. */
  readonly addresses: readonly string[];
  /** Rules of the provider, for what leaves the host here, before it looks at the source. */
  readonly rules?: readonly string[];
}

/** Packets that left a host with somebody else's address, and were dropped. */
const FORGED = "forged";
const WAY_OUT = "this is a defect of the test's network: please report it";

export async function createUnderlay(
  { world, folder }: WorldFixture,
  drawing: Drawing,
): Promise<Underlay> {
  const drawn = Object.entries(drawing.hosts);
  const shared = writeFile(folder.path, "resolv.conf", "");
  const created = await Promise.all(
    drawn.map(async ([name, { folder: own, files = {} }]) => {
      const texts = Object.entries(files).map(
        ([target, text], at) => [target, writeFile(folder.path, `${name}-${at}`, text)] as const,
      );
      const mounts = own === undefined ? [] : [["/etc/wireguard", own] as const];
      const all = new Map([["/etc/resolv.conf", shared], ...mounts, ...texts]);
      return [name, await world.createHost(name, all)] as const;
    }),
  );
  const hosts = new Map(created);
  await Promise.all([...hosts.values()].map(settle));
  await batch(world.internet, wires(drawing, hosts));
  await Promise.all([
    load(world.internet, providerRules(drawing)),
    ...drawn.flatMap(([name, each]) => {
      const host = there(hosts.get(name), name);
      const own = batch(host, hostLines(each));
      return each.router === undefined ? [own] : [own, makeRouter(host, each.router)];
    }),
  ]);
  return new Underlay(world, hosts);
}

/** A network that stands. */
export class Underlay {
  readonly #world: World;
  readonly #hosts: ReadonlyMap<string, Host>;

  constructor(world: World, hosts: ReadonlyMap<string, Host>) {
    this.#world = world;
    this.#hosts = hosts;
  }

  host(name: string): Host {
    return there(this.#hosts.get(name), name);
  }

  /** Packets that each counter of the provider has seen. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const words = ["nft", "-j", "list", "counters"];
    const { nftables } = JSON.parse(await this.#world.internet.run({ words, wayOut: WAY_OUT }));
    const counters: { counter?: { name: string; packets: number } }[] = nftables;
    return Object.fromEntries(
      counters.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])),
    );
  }

  /** Bytes that passed a host's port, both ways, since it was made. */
  async bytesAt(name: string, network: string): Promise<number> {
    const words = ["ip", "-s", "-j", "link", "show", "dev", portName(name, network)];
    const [link] = JSON.parse(await this.#world.internet.run({ words, wayOut: WAY_OUT }));
    return link.stats64.rx.bytes + link.stats64.tx.bytes;
  }
}

/** Fresh: it forwards nothing; and an address is of use at once, because nobody else can have it. */
async function settle(host: Host): Promise<void> {
  const settings = [
    "net.ipv4.ip_forward=0",
    "net.ipv6.conf.all.forwarding=0",
    ...["all", "default"].map((name) => `net.ipv6.conf.${name}.accept_dad=0`),
  ];
  await host.run({ words: ["sysctl", "-q", "-e", "-w", ...settings], wayOut: WAY_OUT });
}

async function makeRouter(host: Host, rules: string): Promise<void> {
  const settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"];
  await host.run({ words: ["sysctl", "-q", "-e", "-w", ...settings], wayOut: WAY_OUT });
  await load(host, rules);
}

function wires({ hosts }: Drawing, made: ReadonlyMap<string, Host>): readonly string[] {
  const ports = Object.entries(hosts).flatMap(([name, host]) =>
    wired(host).map(([network]) => ({ name, network, port: portName(name, network) })),
  );
  const networks = [...new Set(ports.map(({ network }) => network))];
  return [
    ...networks.flatMap((network) => [
      // No IPv6 of its own: a switch has no address, and says nothing.
      `link add ${network} type bridge mcast_snooping 0`,
      `link set ${network} addrgenmode none up`,
    ]),
    ...ports.flatMap(({ name, network, port }) => [
      `link add ${port} type veth peer name ${network} netns /proc/${there(made.get(name), name).pid}/ns/net`,
      `link set ${port} addrgenmode none master ${network} up`,
    ]),
  ];
}

function hostLines({ ports, routes = [] }: DrawnHost): readonly string[] {
  return [
    "link set lo up",
    ...Object.entries(ports).flatMap(([name, { addresses }]) => [
      // Without IPv6 it says nothing unasked, so that what its port counts is what was sent.
      ...(addresses.some(isIPv6Text) || name === "lo" ? [] : [`link set ${name} addrgenmode none`]),
      ...addresses.map((address) => `address add ${address} dev ${name}`),
      `link set ${name} up`,
    ]),
    ...routes.map((route) => `route add ${route}`),
  ];
}

function providerRules({ hosts, counters = [] }: Drawing): string {
  const chains = Object.entries(hosts).flatMap(([name, host]) =>
    wired(host).map(([network, { rules = [] }]) => {
      const device = portName(name, network);
      const own = host.router === undefined ? sourceRules(host) : [];
      const head = `type filter hook ingress device "${device}" priority filter; policy accept;`;
      return `chain ${device} {\n${[head, ...rules, ...own].join("\n")}\n}\n`;
    }),
  );
  const all = [FORGED, ...counters].map((counter) => `counter ${counter} { }\n`);
  return `table netdev provider {\n${[...all, ...chains].join("")}}\n`;
}

/** A host's packets have one of its own addresses, on whichever of its ports they leave. */
function sourceRules({ ports }: DrawnHost): readonly string[] {
  const own = Object.values(ports).flatMap(({ addresses }) =>
    addresses.map((address) => address.replace(/\/.*/, "")),
  );
  const v4 = ["0.0.0.0", ...own.filter((address) => !isIPv6Text(address))];
  const v6 = ["::", "fe80::/10", ...own.filter(isIPv6Text)];
  return [
    `ip saddr != { ${v4.join(", ")} } counter name ${FORGED} drop`,
    `ip6 saddr != { ${v6.join(", ")} } counter name ${FORGED} drop`,
  ];
}

function wired({ ports }: DrawnHost): readonly (readonly [string, Port])[] {
  return Object.entries(ports).filter(([network]) => network !== "lo");
}

/** An interface's name has at most 15 characters. */
function portName(host: string, network: string): string {
  return `${host.slice(0, 7)}-${network.slice(0, 7)}`;
}

/** Also of one with a mask. */
function isIPv6Text(address: string): boolean {
  return address.includes(":");
}

async function batch(host: Host, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join("");
  await host.run({ words: ["ip", "-batch", "-"], input, wayOut: WAY_OUT });
}

async function load(host: Host, rules: string): Promise<void> {
  await host.run({ words: ["nft", "-f", "-"], input: rules, wayOut: WAY_OUT });
}

function writeFile(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function there<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`nobody drew ${name}`);
  return value;
}
