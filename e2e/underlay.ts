/**
 * The network under a mesh as a test draws it: switches, and hosts with a port in each that they are
 * connected to. At every port of a host that is no router the provider looks whose packets leave, as
 * clouds do. Knows no mesh and no tunnel.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host, World } from "../lab/world.ts";

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

/** Where a network is made: in a world, with a folder for files. */
export interface Ground {
  readonly world: World;
  readonly folder: { readonly path: string };
}

/** Packets that left a host with somebody else's address, and were dropped. */
const FORGED = "forged";
const WAY_OUT = "this is a defect of the test's network: please report it";

export async function createUnderlay(ground: Ground, drawing: Drawing): Promise<Underlay> {
  const { world } = ground;
  const drawn = Object.entries(drawing.hosts);
  const created = await Promise.all(
    drawn.map(async ([name, each]) => [name, await createHost(ground, name, each)] as const),
  );
  const hosts = new Map(created);
  const wires = created.flatMap(([name, host]) =>
    wireLines(host, there(drawing.hosts[name], name)),
  );
  await batch(world.internet, [...switchLines(drawing), ...wires]);
  const chains = drawn.map(([name, host]) => portChains(name, host)).join("");
  await Promise.all([
    load(world.internet, `${counterLines(drawing)}${inProvider(chains)}`),
    ...created.map(([name, host]) => settle(host, there(drawing.hosts[name], name))),
  ]);
  return new Underlay(ground, drawing, hosts);
}

/** A network that stands. */
export class Underlay {
  readonly #ground: Ground;
  readonly #drawing: Drawing;
  readonly #hosts: Map<string, Host>;

  constructor(ground: Ground, drawing: Drawing, hosts: Map<string, Host>) {
    this.#ground = ground;
    this.#drawing = drawing;
    this.#hosts = hosts;
  }

  host(name: string): Host {
    return there(this.#hosts.get(name), name);
  }

  /** Another host in its place, joined as it was drawn: what was changed in its network is gone. Ends the one before. */
  async renew(name: string): Promise<Host> {
    const drawn = there(this.#drawing.hosts[name], name);
    const { internet } = this.#ground.world;
    process.kill(this.host(name).pid, "SIGKILL");
    for (const [network] of wired(drawn)) {
      const port = portName(name, network);
      // Since Linux 6.16 rules wait for a port of the same name, before that they went with it.
      for (const words of [
        ["nft", "delete", "chain", "netdev", "provider", port],
        ["ip", "link", "delete", port],
      ]) {
        await internet.attempt({ words, wayOut: WAY_OUT });
      }
    }
    const host = await createHost(this.#ground, name, drawn);
    this.#hosts.set(name, host);
    await batch(internet, wireLines(host, drawn));
    await Promise.all([load(internet, inProvider(portChains(name, drawn))), settle(host, drawn)]);
    return host;
  }

  /** Packets that each counter of the provider has seen. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const words = ["nft", "-j", "list", "counters"];
    const { nftables } = JSON.parse(
      await this.#ground.world.internet.run({ words, wayOut: WAY_OUT }),
    );
    const counters: { counter?: { name: string; packets: number } }[] = nftables;
    return Object.fromEntries(
      counters.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])),
    );
  }

  /** Bytes that passed a host's port, both ways, since it was made. */
  async bytesAt(name: string, network: string): Promise<number> {
    const words = ["ip", "-s", "-j", "link", "show", "dev", portName(name, network)];
    const [link] = JSON.parse(await this.#ground.world.internet.run({ words, wayOut: WAY_OUT }));
    return link.stats64.rx.bytes + link.stats64.tx.bytes;
  }
}

async function createHost(
  { world, folder }: Ground,
  name: string,
  drawn: DrawnHost,
): Promise<Host> {
  const { folder: own, files = {} } = drawn;
  const texts = Object.entries(files).map(
    ([target, text], at) => [target, writeFile(folder.path, `${name}-${at}`, text)] as const,
  );
  const mounts = own === undefined ? [] : [["/etc/wireguard", own] as const];
  const resolver = writeFile(folder.path, "resolv.conf", "");
  const host = await world.createHost(
    name,
    new Map([["/etc/resolv.conf", resolver], ...mounts, ...texts]),
  );
  // Before it has ports. Fresh: it forwards nothing; and an address is of use at once, because nobody else can have it.
  await set(host, [
    "net.ipv4.ip_forward=0",
    "net.ipv6.conf.all.forwarding=0",
    ...["all", "default"].map((each) => `net.ipv6.conf.${each}.accept_dad=0`),
  ]);
  return host;
}

/** What it is told when its ports are there. */
async function settle(host: Host, drawn: DrawnHost): Promise<void> {
  await batch(host, hostLines(drawn));
  if (drawn.router === undefined) return;
  await set(host, ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]);
  await load(host, drawn.router);
}

async function set(host: Host, settings: readonly string[]): Promise<void> {
  await host.run({ words: ["sysctl", "-q", "-e", "-w", ...settings], wayOut: WAY_OUT });
}

function switchLines({ hosts }: Drawing): readonly string[] {
  const networks = Object.values(hosts).flatMap((host) => wired(host).map(([network]) => network));
  return [...new Set(networks)].flatMap((network) => [
    // No IPv6 of its own: a switch has no address, and says nothing.
    `link add ${network} type bridge mcast_snooping 0`,
    `link set ${network} addrgenmode none up`,
  ]);
}

function wireLines({ name, pid }: Host, drawn: DrawnHost): readonly string[] {
  return wired(drawn).flatMap(([network]) => {
    const port = portName(name, network);
    return [
      `link add ${port} type veth peer name ${network} address ${hardwareAddress(port)} netns /proc/${pid}/ns/net`,
      `link set ${port} addrgenmode none master ${network} up`,
    ];
  });
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

function counterLines({ counters = [] }: Drawing): string {
  return inProvider([FORGED, ...counters].map((counter) => `counter ${counter} { }\n`).join(""));
}

function portChains(name: string, host: DrawnHost): string {
  const chains = wired(host).map(([network, { rules = [] }]) => {
    const device = portName(name, network);
    const own = host.router === undefined ? sourceRules(host) : [];
    const head = `type filter hook ingress device "${device}" priority filter; policy accept;`;
    return `chain ${device} {\n${[head, ...rules, ...own].join("\n")}\n}\n`;
  });
  return chains.join("");
}

function inProvider(lines: string): string {
  return `table netdev provider {\n${lines}}\n`;
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

/** The same each time, so that neighbours need not ask again for a host that was renewed. */
function hardwareAddress(port: string): string {
  const digits = createHash("sha256").update(port).digest("hex").slice(0, 10);
  return `02:${digits.match(/../g)?.join(":")}`;
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
