/**
 * A sample of random policies as a host's real firewall, with real packets. The tunnel is a cable with
 * the tunnel's name, so that thousands of flows are cheap: filters judge by the interface alone.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@warren/core";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Host } from "../lab/world.ts";
import { isLetOut } from "../tools/policy-oracle.ts";
import type { Packet, Way } from "../tools/policy-oracle.ts";
import { indexOfPolicy, policyDocuments } from "../tools/random-policy.ts";
import type { PolicyDocument } from "../tools/random-policy.ts";
import { sampleSecrets } from "../tools/sample.ts";
import { runs } from "../tools/runs.ts";
import type { Answering, Flow } from "./probes.ts";
import { useWorld } from "./world-fixture.ts";

const SELF = "n0";
/** Where which addresses of a random policy are: on the host, on either of two behind the tunnel, elsewhere. */
const OWN = ["10.0.0.1", "fd00::1"];
const NEAR = ["10.0.0.2", "10.0.0.100", "192.168.1.7", "fd00::2", "fd00::100", "fd01:0:0:1::80"];
const FAR = ["10.0.0.3", "10.0.0.110", "10.0.0.102", "192.168.2.7", "fd00::3", "fd00::110"];
const BEYOND = ["192.168.0.7", "8.8.8.8", "203.0.113.1", "fd01::7", "2001:db8::1"];
const PORTS = [
  { protocol: "tcp", port: 22 },
  { protocol: "tcp", port: 81 },
  { protocol: "udp", port: 53 },
  { protocol: "udp", port: 54 },
  { protocol: "icmp", port: 0 },
] as const;
/** Policies a firewall; each is some 600 flows. */
const SAMPLES = 4;
/** Of a flow that should be answered, and was not. */
const ATTEMPTS = 5;

const FOREIGN_NFT = `
table inet foreign { chain input { type filter hook input priority 0; policy accept; tcp dport 9 drop; }; }
table ip nat { chain own { accept; }; chain POSTROUTING { type nat hook postrouting priority 100; policy accept; }; }
`;
const FOREIGN_IPTABLES = `*filter
:foreign - [0:0]
-A INPUT -j foreign
-A FORWARD -s 198.51.100.0/24 -j ACCEPT
-A foreign -p tcp --dport 9 -j DROP
COMMIT
*nat
:warren-wg - [0:0]
-A POSTROUTING -j warren-wg
COMMIT
`;
const FOREIGN_IP6TABLES = FOREIGN_IPTABLES.replace("198.51.100.0/24", "2001:db8:5::/64");

const fixture = useWorld();

test("nftables lets out of the tunnel what the policy says, in both families, and leaves no trace", async () => {
  const place = await createPlace();
  const { self } = place;
  await self.run({ words: ["nft", "-f", "-"], input: FOREIGN_NFT, wayOut: "" });
  const before = await print(self, "nft", "-s", "list", "ruleset");
  for (const document of sampleDocuments("nftables")) {
    const file = writeRules(document);
    await print(self, "nft", "-f", file);
    const loaded = await print(self, "nft", "-s", "list", "ruleset");
    await print(self, "nft", "-f", file);
    expect(await print(self, "nft", "-s", "list", "ruleset")).toBe(loaded);
    await compare(place, document);
    const table = "table inet warren-wg0";
    await print(self, "nft", `${table}; delete ${table}`);
    expect(await print(self, "nft", "-s", "list", "ruleset")).toBe(before);
  }
});

test.each([
  ["nft", "xtables-nft-multi"],
  ["legacy", "xtables-legacy-multi"],
])("iptables (%s) lets out what the policy says, and leaves no trace", async (_kind, binary) => {
  const place = await createPlace();
  const { self } = place;
  const shell = await createShell(self, binary);
  await shell("iptables-restore", FOREIGN_IPTABLES);
  await shell("ip6tables-restore", FOREIGN_IP6TABLES);
  const state = async (): Promise<string> => {
    const text = await shell("iptables-save; ip6tables-save; nft -s list ruleset");
    return text.replaceAll(/^#.*\n| \[\d+:\d+\]$/gm, "");
  };
  const before = await state();
  for (const document of sampleDocuments("iptables")) {
    const file = writeRules(document);
    await shell(`sh ${file} up && sh ${file} up`);
    await compare(place, document);
    const loaded = await shell("iptables-save -t filter");
    expect(loaded.match(/-A FORWARD -j warren-wg0-fwd/g)).toHaveLength(1);
    await shell(`sh ${file} down && sh ${file} down`);
    expect(await state()).toBe(before);
  }
  // Somebody flushed it all: going down is no failure.
  const file = join(fixture.folder.path, "rules");
  await shell(`sh ${file} up && iptables -F && iptables -t nat -F && ip6tables -F`);
  await shell(`sh ${file} down`);
  expect(await shell("iptables-save; ip6tables-save")).not.toContain("warren-wg0");
});

test("iptables takes every interface's name", async () => {
  const { world } = fixture;
  const host = await world.createHost("self", new Map());
  const shell = await createShell(host, "xtables-legacy-multi");
  for (const name of ["a-b_c=d+e.f", "abcdefghijklmno", "-w"]) {
    const [document] = sampleDocuments("iptables");
    if (document === undefined) throw new Error("no sample");
    const file = writeRules({ ...document, network: { ...document.network, interface: name } });
    await shell(`sh ${file} up`);
    expect(await shell("iptables-save")).toContain(`-A FORWARD -j warren-${name}-fwd`);
    await shell(`sh ${file} down`);
    expect(await shell("iptables-save; ip6tables-save")).not.toContain("warren-");
  }
});

interface Place {
  readonly self: Host;
  readonly near: Host;
  readonly far: Host;
  readonly beyond: Host;
}

/** Tries all flows between all places, and those that start on this side of the tunnel. */
async function compare(place: Place, document: PolicyDocument): Promise<void> {
  const said: string[] = [];
  for (const [host, own, others] of [
    [place.near, NEAR, FAR],
    [place.far, FAR, NEAR],
  ] as const) {
    const flows = own.flatMap((from) =>
      [...OWN, ...others, ...BEYOND]
        .filter((to) => to.includes(":") === from.includes(":"))
        .flatMap((to) => PORTS.map((port): Packet => ({ from, to, ...port }))),
    );
    const isWelcome = (packet: Packet): boolean => isLetOut(document, SELF, packet, wayOf(packet));
    const answers = await probe(host, flows);
    for (const [at, packet] of flows.entries()) {
      if (answers[at] === true && !isWelcome(packet))
        said.push(`let out: ${JSON.stringify(packet)}`);
    }
    const silent = flows.filter((packet, at) => answers[at] === false && isWelcome(packet));
    said.push(
      ...(await listSilent(host, silent)).map((flow) => `dropped: ${JSON.stringify(flow)}`),
    );
  }
  expect({ document, said }).toEqual({ document, said: [] });
  // Replies come out of the tunnel whatever the policy says.
  const started = [
    ["10.0.0.1", "10.0.0.2"],
    ["fd00::1", "fd00::3"],
  ].flatMap(([from = "", to = ""]) => PORTS.map((port) => ({ from, to, ...port })));
  expect(await listSilent(place.self, started)).toEqual([]);
  const passing = started.map((flow) => ({
    ...flow,
    from: flow.to.includes(":") ? "fd01::7" : "192.168.0.7",
  }));
  expect(await listSilent(place.beyond, passing)).toEqual([]);
}

function wayOf({ to }: Packet): Way {
  if (OWN.includes(to)) return "input";
  return BEYOND.includes(to) ? "elsewhere" : "back";
}

/** Those that come with rules; the same every time, so that a failure can be looked at. */
function sampleDocuments(firewall: string): readonly PolicyDocument[] {
  const { seed = 42 } = runs(1);
  return fc
    .sample(policyDocuments(), { seed, numRuns: 4 * SAMPLES })
    .map((document) => {
      return { ...document, network: { ...document.network, interface: "wg0", firewall } };
    })
    .filter((document) => rulesOf(document) !== undefined)
    .slice(0, SAMPLES);
}

function rulesOf(document: PolicyDocument): string | undefined {
  const device = [...core.compile(indexOfPolicy(document).index)].find(({ name }) => name === SELF);
  if (device === undefined) throw new Error("no device");
  const [, rules] = core.renderFiles(device, sampleSecrets, new core.Printed(), "wg-quick");
  return rules?.text.join("");
}

function writeRules(document: PolicyDocument): string {
  const file = join(fixture.folder.path, "rules");
  writeFileSync(file, rulesOf(document) ?? "");
  return file;
}

/** The host, two more beyond the cable that stands for the tunnel, and one on its other side. */
async function createPlace(): Promise<Place> {
  const { world } = fixture;
  const none = new Map<string, string>();
  const [self, near, far, beyond] = await Promise.all(
    ["self", "near", "far", "beyond"].map((name) => world.createHost(name, none)),
  );
  if (!self || !near || !far || !beyond) throw new Error("no hosts");
  const link = (name: string, host: Host, port = "eth0"): string =>
    `link add ${name} type veth peer name ${port} netns /proc/${host.pid}/ns/net`;
  // Whatever comes from either host goes through the cable, also what is for the other.
  await batch(world.internet, [
    link("tunnel", self, "wg0"),
    link("near", near),
    link("far", far),
    "link set tunnel address 02:00:00:00:00:02",
    ...["tunnel", "near", "far"].flatMap((port) => [
      `link set ${port} up`,
      `address add fe80::2/64 dev ${port} nodad`,
    ]),
    "address add 169.254.0.2/32 dev tunnel",
    ...cable("tunnel", "02:00:00:00:00:01", "169.254.0.1", "fe80::1"),
    ...["near", "far"].map((port) => `rule add iif ${port} lookup 7`),
    "route add default via 169.254.0.1 dev tunnel onlink table 7",
    "route add default via fe80::1 dev tunnel table 7",
    ...NEAR.map((address) => `route add ${address} dev near`),
    ...FAR.map((address) => `route add ${address} dev far`),
  ]);
  for (const port of ["near", "far"]) {
    await print(world.internet, "ip", "-6", "rule", "add", "iif", port, "lookup", "7");
  }
  await batch(world.internet, [
    `link add out netns /proc/${self.pid}/ns/net type veth peer name eth0 netns /proc/${beyond.pid}/ns/net`,
  ]);
  await batch(self, [
    "link set wg0 address 02:00:00:00:00:01",
    ...["lo", "wg0", "out"].map((port) => `link set ${port} up`),
    "address add fe80::1/64 dev wg0 nodad",
    ...OWN.map((address) => `address add ${address} dev wg0 ${nodad(address)}`),
    ...cable("wg0", "02:00:00:00:00:02", "169.254.0.2", "fe80::2"),
    ...[...NEAR, ...FAR].map((address) =>
      address.includes(":")
        ? `route add ${address} via fe80::2 dev wg0`
        : `route add ${address} via 169.254.0.2 dev wg0 onlink`,
    ),
    "address add 192.168.0.1/24 dev out",
    "address add fd01::1/64 dev out nodad",
    "route add default via 192.168.0.7",
    "route add default via fd01::7",
  ]);
  await Promise.all([
    batch(near, hostLines(NEAR, "169.254.0.2", "fe80::2")),
    batch(far, hostLines(FAR, "169.254.0.2", "fe80::2")),
    batch(beyond, [
      "link set lo up",
      "link set eth0 up",
      ...BEYOND.map((address) => `address add ${withLength(address)} dev eth0 ${nodad(address)}`),
      "route add default via 192.168.0.1",
      "route add default via fd01::1",
    ]),
    ...[world.internet, self].map((host) => forward(host)),
  ]);
  const udp = PORTS.filter(({ protocol }) => protocol === "udp").map(({ port }) => port);
  const tcp = PORTS.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
  await Promise.all([
    serve(self, { addresses: OWN, tcp, udp }),
    serve(near, { addresses: NEAR, tcp, udp }),
    serve(far, { addresses: FAR, tcp, udp }),
    serve(beyond, { addresses: BEYOND, tcp, udp }),
  ]);
  return { self, near, far, beyond };
}

/** WireGuard asks for no neighbours, and a filter lets no such question in: they are known beforehand. */
function cable(port: string, link: string, v4: string, v6: string): readonly string[] {
  return [v4, v6].map(
    (address) => `neighbour add ${address} lladdr ${link} dev ${port} nud permanent`,
  );
}

function hostLines(own: readonly string[], v4: string, v6: string): readonly string[] {
  return [
    "link set lo up",
    "link set eth0 up",
    ...own.map((address) => `address add ${address} dev eth0 ${nodad(address)}`),
    `route add default via ${v4} dev eth0 onlink`,
    `route add default via ${v6} dev eth0`,
  ];
}

function withLength(address: string): string {
  if (address === "192.168.0.7") return `${address}/24`;
  return address === "fd01::7" ? `${address}/64` : address;
}

function nodad(address: string): string {
  return address.includes(":") ? "nodad" : "";
}

async function forward(host: Host): Promise<void> {
  const settings = ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"];
  const loose = ["net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"];
  await host.run({ words: ["sysctl", "-q", "-w", ...settings, ...loose], wayOut: "" });
}

async function batch(host: Host, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join("");
  await host.run({ words: ["ip", "-batch", "-"], input, wayOut: input });
}

const PROBES = [
  process.execPath,
  "-e",
  "import(process.argv[1]).then(({ main }) => main(...process.argv.slice(2)))",
  join(import.meta.dirname, "probes.ts"),
];

async function serve(host: Host, answering: Answering): Promise<void> {
  const file = join(fixture.folder.path, host.name);
  // It ends with the world.
  void host.attempt({
    words: [...PROBES, "serve", file],
    input: JSON.stringify(answering),
    wayOut: "",
  });
  await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 10_000 });
}

async function probe(host: Host, flows: readonly Flow[]): Promise<readonly boolean[]> {
  const words = [...PROBES, "probe"];
  return JSON.parse(await host.run({ words, input: JSON.stringify(flows), wayOut: "" }));
}

/** Those that are not answered however often they are tried: on a busy machine an answer may be late. */
async function listSilent(host: Host, flows: readonly Flow[]): Promise<readonly Flow[]> {
  let silent = flows;
  for (let attempt = 0; attempt < ATTEMPTS && silent.length > 0; attempt += 1) {
    const answers = await probe(host, silent);
    silent = silent.filter((_, at) => answers[at] === false);
  }
  return silent;
}

/** A shell that finds one of the two kinds of iptables under the plain names. */
async function createShell(
  host: Host,
  binary: string,
): Promise<(line: string, input?: string) => Promise<string>> {
  const path = (await print(host, "sh", "-c", `command -v ${binary} || true`)).trim();
  if (path === "") throw new Error(`${binary} is missing: it is in the Debian package iptables`);
  const tools = ["iptables", "ip6tables"].flatMap((tool) =>
    ["", "-save", "-restore"].map((end) => tool + end),
  );
  for (const tool of tools) await print(host, "ln", "-sf", path, join(fixture.folder.path, tool));
  const set = `PATH=${fixture.folder.path}:$PATH;`;
  return async (line, input) =>
    await host.run({
      words: ["sh", "-c", `${set} ${line}`],
      ...(input === undefined ? {} : { input }),
      wayOut: line,
    });
}

async function print(host: Host, ...words: readonly string[]): Promise<string> {
  return await host.run({ words, wayOut: "look at the host" });
}
