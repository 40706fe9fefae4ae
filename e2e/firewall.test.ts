/**
 * What the core says of a host's firewall, beside what its kernel does with real packets. The tunnel is
 * a cable with the tunnel's name, and whoever is asked counts what arrives behind all rules.
 */
import { join } from "node:path";
import { judgeFirewalls, printText } from "@warren/core";
import type { Family, FirewallNeed, FirewallTexts } from "@warren/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Host } from "../lab/world.ts";
import { runs } from "../tools/runs.ts";
import type { Shot } from "./probes.ts";
import { firewalls } from "./random-firewall.ts";
import type { RandomFirewall } from "./random-firewall.ts";
import { useWorld } from "./world-fixture.ts";

/** A packet with who sends it, and where and under what name it is seen. */
interface Trial {
  readonly need: FirewallNeed;
  readonly sender: "near" | "beyond";
  readonly shot: Shot;
  readonly seenBy: keyof Place;
  readonly mark: string;
}

interface Place {
  readonly self: Host;
  readonly near: Host;
  readonly far: Host;
  readonly beyond: Host;
}

/** The last byte of each one's link address; `self` has two. */
const LINKS = { self: 1, near: 2, far: 3, selfOut: 4, beyond: 5 };
const ADDRESSES = {
  self: ["10.0.0.1", "fd00::1"],
  near: ["10.0.0.2", "fd00::2"],
  far: ["10.0.0.3", "fd00::3"],
  selfOut: ["192.168.0.1", "fd01::1"],
  beyond: ["192.168.0.7", "fd01::7"],
} as const;
const FAMILIES: readonly Family[] = [4, 6];
/** Of a packet that should arrive, and was not seen: on a busy machine it may be late. */
const ATTEMPTS = 4;
/** Where replies come to. */
const REPLIED = 4000;

/** Behind all others; the flow is one that is asked about, for the kernel to know connections at all. */
const SEEN = `table inet seen {
	set flows { type ifname . nf_proto . inet_proto . inet_service; flags dynamic; size 1000; }
	set pings { type ifname . nf_proto; flags dynamic; size 1000; }
	chain input {
		type filter hook input priority 1000; policy accept;
		ct state established add @flows { iifname . meta nfproto . meta l4proto . th dport }
		meta l4proto { tcp, udp } add @flows { iifname . meta nfproto . meta l4proto . th dport }
		icmp type echo-request add @pings { iifname . meta nfproto }
		icmpv6 type echo-request add @pings { iifname . meta nfproto }
	}
}
`;

const fixture = useWorld();

test.each([
  ["nft", "xtables-nft-multi"],
  ["legacy", "xtables-legacy-multi"],
])("judgeFirewalls() says of nft and iptables (%s) what the kernel does", async (_, binary) => {
  const place = await createPlace();
  const path = await findTool(place.self, binary);
  const iptables = (tool: string, input?: string): Promise<string> =>
    run(place.self, input, path, tool);
  const tally: Tally = { dropped: 0, passed: 0 };
  const isTold = async (firewall: RandomFirewall): Promise<void> => {
    await run(place.self, clearedRules(), "nft", "-f", "-");
    for (const tool of ["iptables-restore", "ip6tables-restore"]) await iptables(tool, OPEN);
    await connectReplied(place);
    await run(place.self, firewall.nft, "nft", "-f", "-");
    await iptables("iptables-restore", firewall.iptables);
    await iptables("ip6tables-restore", firewall.ip6tables);
    const read = async (): Promise<FirewallTexts> => ({
      nft: await run(place.self, undefined, "nft", "-j", "list", "ruleset"),
      iptables: await iptables("iptables-save"),
      ip6tables: await iptables("ip6tables-save"),
    });
    const printed = await read();
    await compare(place, { firewall, printed, tally });
    const commands = admissionsOf(firewall, printed);
    if (commands.length === 0) return;
    const tools = commands.map((command) => command.replace(/^ip6?tables/, `${path} $&`));
    await run(place.self, undefined, "sh", "-e", "-c", tools.join("\n"));
    const admitted = await read();
    expect(admissionsOf(firewall, admitted)).toEqual([]);
    await compare(place, { firewall, printed: admitted, tally });
  };
  await fc.assert(fc.asyncProperty(firewalls(), isTold), { ...runs(8), endOnFailure: true });
  // Either says something.
  expect(Math.min(tally.dropped, tally.passed)).toBeGreaterThan(20);
});

const OPEN = "*filter\nCOMMIT\n*mangle\nCOMMIT\n";

function clearedRules(): string {
  const tables = ["inet", "ip", "ip6"].flatMap((family) =>
    ["foreign0", "foreign1"].map((name) => `table ${family} ${name}`),
  );
  return tables.map((table) => `${table} { }\ndelete ${table}\n`).join("");
}

/** A connection from the tunnel, to which a reply belongs. */
async function connectReplied(place: Place): Promise<void> {
  const shots = ADDRESSES.beyond.map((to) => {
    return { to, protocol: "udp", port: REPLIED, fromPort: REPLIED };
  });
  await send(place.near, shots);
  const forgotten = "flush set inet seen flows; flush set inet seen pings";
  await Promise.all(Object.values(place).map((host) => run(host, undefined, "nft", forgotten)));
}

/** The commands that the judge says, each once. */
function admissionsOf({ isNamed }: RandomFirewall, printed: FirewallTexts): readonly string[] {
  const trials = FAMILIES.flatMap((family) => trialsOf(family, isNamed));
  const blocks = trials.flatMap(({ need }) => judgeFirewalls(printed, need));
  return [...new Set(blocks.map(({ fix }) => printText(fix).replace(/^.*: /, "")))];
}

async function compare(
  place: Place,
  { firewall, printed, tally }: { firewall: RandomFirewall; printed: FirewallTexts; tally: Tally },
): Promise<void> {
  const trials = FAMILIES.flatMap((family) => trialsOf(family, firewall.isNamed));
  const judged = trials.filter(({ need }) => judgeFirewalls(printed, need).length > 0);
  for (const trial of judged)
    expect(judgeFirewalls(printed, trial.need)[0]?.kind).toBe(trial.need.kind);
  // A reply may be of any protocol: nothing is certain of it where rules ask for one.
  const isSure = ({ need }: Trial): boolean => firewall.isPlain && need.kind !== "back";
  let silent: readonly Trial[] = trials;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    silent = await listSilent(place, silent);
    if (silent.every((trial) => judged.includes(trial) || !isSure(trial))) break;
  }
  const arrived = trials.filter((trial) => !silent.includes(trial));
  expect(judged.filter((trial) => arrived.includes(trial))).toEqual([]);
  expect(silent.filter((trial) => isSure(trial) && !judged.includes(trial))).toEqual([]);
  tally.dropped += judged.length;
  tally.passed += arrived.length;
}

interface Tally {
  dropped: number;
  passed: number;
}

function trialsOf(family: Family, isNamed: boolean): readonly Trial[] {
  const at = family === 4 ? 0 : 1;
  const named = isNamed ? { elsewhere: "out" } : {};
  const common = { interface: "wg0", families: [family], ...named } as const;
  const seen = (port: string, protocol: string, number: number): string =>
    protocol === "icmp" ? `${port} ipv${family}` : `${port} ipv${family} ${protocol} ${number}`;
  const packets = [
    ["udp", 53],
    ["udp", 54],
    ["tcp", 22],
    ["tcp", 80],
    ["icmp", 0],
  ] as const;
  return packets.flatMap(([protocol, port]) => {
    const what = { protocol, ...(protocol === "icmp" ? {} : { port }) };
    const shot = (to: string): Shot => ({ to, protocol, port });
    const ways: readonly Trial[] = [
      {
        need: { ...common, kind: "tunnel", ...what },
        sender: "near",
        shot: shot(ADDRESSES.self[at]),
        seenBy: "self",
        mark: seen("wg0", protocol, port),
      },
      {
        need: { ...common, kind: "out", ...what },
        sender: "near",
        shot: shot(ADDRESSES.beyond[at]),
        seenBy: "beyond",
        mark: seen("eth0", protocol, port),
      },
      {
        need: { ...common, kind: "through", ...what },
        sender: "near",
        shot: shot(ADDRESSES.far[at]),
        seenBy: "far",
        mark: seen("eth0", protocol, port),
      },
    ];
    if (protocol !== "udp") return ways;
    const input: Trial = {
      need: { ...common, kind: "input", port },
      sender: "beyond",
      shot: shot(ADDRESSES.selfOut[at]),
      seenBy: "self",
      mark: seen("out", protocol, port),
    };
    const reply: Shot = { to: ADDRESSES.near[at], protocol, port: REPLIED, fromPort: REPLIED };
    const back: Trial = {
      need: { ...common, kind: "back" },
      sender: "beyond",
      shot: reply,
      seenBy: "near",
      mark: seen("eth0", protocol, REPLIED),
    };
    return port === 53 ? [...ways, input, back] : [...ways, input];
  });
}

async function listSilent(place: Place, trials: readonly Trial[]): Promise<readonly Trial[]> {
  await Promise.all(
    (["near", "beyond"] as const).map((name) =>
      send(
        place[name],
        trials.filter(({ sender }) => sender === name).map(({ shot }) => shot),
      ),
    ),
  );
  const [self, near, far, beyond] = await Promise.all(
    [place.self, place.near, place.far, place.beyond].map(listSeen),
  );
  const seen = { self, near, far, beyond };
  return trials.filter(({ seenBy, mark }) => seen[seenBy]?.includes(mark) !== true);
}

async function listSeen(host: Host): Promise<readonly string[]> {
  const text = await run(host, undefined, "nft", "-j", "list", "table", "inet", "seen");
  const objects: { set?: { elem?: { concat: unknown[] }[] } }[] = JSON.parse(text).nftables;
  return objects.flatMap(({ set }) => (set?.elem ?? []).map(({ concat }) => concat.join(" ")));
}

async function send(host: Host, shots: readonly Shot[]): Promise<void> {
  const script = "import(process.argv[1]).then(({ main }) => main('send'))";
  const file = join(import.meta.dirname, "probes.ts");
  await run(host, JSON.stringify(shots), process.execPath, "-e", script, file);
}

/** A host with a cable to two others that has the tunnel's name, and one to a third. */
async function createPlace(): Promise<Place> {
  const { world } = fixture;
  const none = new Map<string, string>();
  const [self, near, far, beyond] = await Promise.all(
    ["self", "near", "far", "beyond"].map((name) => world.createHost(name, none)),
  );
  if (!self || !near || !far || !beyond) throw new Error("no hosts");
  const link = (name: string, host: Host, port: string): string =>
    `link add ${name} type veth peer name ${port} netns /proc/${host.pid}/ns/net`;
  await batch(world.internet, [
    "link add tunnels type bridge mcast_snooping 0",
    link("self", self, "wg0"),
    link("near", near, "eth0"),
    link("far", far, "eth0"),
    `link add out netns /proc/${self.pid}/ns/net type veth peer name eth0 netns /proc/${beyond.pid}/ns/net`,
    ...["self", "near", "far"].map((name) => `link set ${name} master tunnels up`),
    "link set tunnels up",
  ]);
  await batch(self, [
    ...portLines("wg0", "self"),
    ...portLines("out", "selfOut"),
    ...neighbours("wg0", ["near", "far"]),
    ...neighbours("out", ["beyond"]),
  ]);
  for (const [name, host] of Object.entries({ near, far, beyond })) {
    const router = name === "beyond" ? "selfOut" : "self";
    await batch(host, [
      ...portLines("eth0", name === "near" ? "near" : name === "far" ? "far" : "beyond"),
      ...neighbours("eth0", [router]),
      ...ADDRESSES[router].map((via) => `route add default via ${via}`),
      // The other one of the tunnel is reached through the host, too.
      ...(name === "beyond"
        ? []
        : ADDRESSES[name === "near" ? "far" : "near"].map(
            (to, at) => `route add ${to} via ${ADDRESSES.self[at]}`,
          )),
    ]);
  }
  for (const host of [self, near, far, beyond]) {
    const redirects = ["net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.wg0.send_redirects=0"];
    const settings = [
      "net.ipv4.ip_forward=1",
      "net.ipv6.conf.all.forwarding=1",
      ...(host === self ? redirects : []),
    ];
    const quiet = [
      "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.icmp_ratelimit=0",
      "net.ipv4.conf.all.accept_redirects=0",
    ];
    await run(host, undefined, "sysctl", "-q", "-w", ...settings, ...quiet);
    await run(host, SEEN, "nft", "-f", "-");
  }
  return { self, near, far, beyond };
}

function portLines(port: string, name: keyof typeof LINKS): readonly string[] {
  return [
    "link set lo up",
    `link set ${port} address 02:00:00:00:00:0${LINKS[name]}`,
    `link set ${port} up`,
    ...ADDRESSES[name].map(
      (address, at) =>
        `address add ${address}/${at === 0 ? 24 : 64} dev ${port}${at === 0 ? "" : " nodad"}`,
    ),
  ];
}

/** Known beforehand: a firewall lets no question for one in. */
function neighbours(port: string, names: readonly (keyof typeof LINKS)[]): readonly string[] {
  return names.flatMap((name) =>
    ADDRESSES[name].map(
      (address) =>
        `neighbour add ${address} lladdr 02:00:00:00:00:0${LINKS[name]} dev ${port} nud permanent`,
    ),
  );
}

async function findTool(host: Host, binary: string): Promise<string> {
  const path = (await run(host, undefined, "sh", "-c", `command -v ${binary} || true`)).trim();
  if (path === "") throw new Error(`${binary} is missing: it is in the Debian package iptables`);
  return path;
}

async function batch(host: Host, commands: readonly string[]): Promise<void> {
  await run(host, commands.map((line) => `${line}\n`).join(""), "ip", "-batch", "-");
}

async function run(
  host: Host,
  input: string | undefined,
  ...words: readonly string[]
): Promise<string> {
  return await host.run({
    words,
    ...(input === undefined ? {} : { input }),
    wayOut: input ?? "look at the host",
  });
}
