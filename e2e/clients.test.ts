/**
 * Devices without an agent, as real WireGuard: a file from `warren qr`, a plain wg-quick, and then they
 * reach what they may, address by address and port by port, and nothing else.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { runWarren } from "../lab/plan.ts";
import type { Host } from "../lab/world.ts";
import { askAll, expectAnswers, findReached, startServers } from "./questions.ts";
import { renderPlan } from "./rendered-mesh.ts";
import { createUnderlay } from "./underlay.ts";
import type { DrawnHost, Drawing, Underlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";

const EXAMPLE = join(import.meta.dirname, "../examples/phone.yaml");
const NODES = ["cloud", "db", "home"] as const;
const CLIENTS = ["desk", "laptop", "phone", "tablet"] as const;
const DOORS = ["tcp/22", "tcp/80", "tcp/5432", "udp/53"];
/** Everything that anybody may try to reach; what has a dot in its name is the same host's other side. */
const PLACES = {
  cloud: ["10.66.0.1", "fd00:66::1"],
  db: ["10.66.0.2", "fd00:66::2"],
  home: ["10.66.0.3", "fd00:66::3"],
  "cloud.vpc": ["10.20.0.1", "fd00:20::1"],
  "db.vpc": ["10.20.0.5", "fd00:20::5"],
  machine: ["10.20.0.10", "fd00:20::10"],
  "home.lan": ["192.168.1.10", "fd00:1::10"],
  printer: ["192.168.1.20", "fd00:1::20"],
  internet: ["198.51.100.80", "2001:db8:80::80"],
  neighbour: ["192.168.50.20", "fd00:50::20"],
} as const;

const fixture = useWorld();
let underlay: Underlay;
/** Of each node and client, what it sees as /etc/wireguard. */
let folders: ReadonlyMap<string, string>;

beforeEach(async () => {
  folders = await renderAll();
  underlay = await createUnderlay(fixture, draw(folders));
  await Promise.all(NODES.map((name) => bringUp(name)));
  const servers = ["cloud", "db", "home", "machine", "printer", "internet", "neighbour"];
  await Promise.all(servers.map((name) => startServers(host(name), ...DOORS)));
  // home dials first: nobody can dial it.
  await vi.waitUntil(() => isShaken(host("home")), { timeout: 10_000 });
});

test("a phone reaches what access and policy let it, port by port, in both families", async () => {
  await bringUp("phone");
  await expectReached("phone", {
    cloud: "icmp",
    db: "tcp/5432",
    home: "udp/53",
    printer: "icmp tcp/80",
    internet: "icmp tcp/22 tcp/80 tcp/5432 udp/53",
    neighbour: "icmp tcp/22 tcp/80 tcp/5432 udp/53",
  });
  // Its own way to the internet is as it was; in the mesh it is known by its own address.
  expect(await senderAt("phone", "tcp/80 198.51.100.80")).toBe("203.0.113.50");
  const [own = ""] = addressesOf("phone");
  expect(await senderAt("phone", "tcp/5432 10.66.0.2")).toBe(own);
  // Only its own node may start towards it, no other node and no other client.
  await bringUp("laptop");
  await startServers(host("phone"), ...DOORS);
  const back = targetsAt(addressesOf("phone"));
  const starts = await Promise.all(
    ["cloud", "db", "home", "laptop"].map((name) => findReached(host(name), back)),
  );
  expect(starts).toEqual([back, [], [], []]);
  expect(await underlay.counts()).toEqual({ forged: 0 });
});

test("a client for the nodes alone gets no further, however wide it makes its own file", async () => {
  const file = join(folders.get("tablet") ?? "", "wg0.conf");
  const widened = readFileSync(file, "utf8").replace(
    /^AllowedIPs = .*$/m,
    "AllowedIPs = 0.0.0.0/0, ::/0",
  );
  writeFileSync(file, widened);
  await bringUp("tablet");
  expect(await print(host("tablet"), "ip", "route", "get", "192.168.1.20")).toContain("dev wg0");
  await expectReached("tablet", {
    cloud: "icmp",
    db: "tcp/5432",
    home: "udp/53",
    neighbour: "icmp tcp/22 tcp/80 tcp/5432 udp/53",
  });
  expect(await underlay.counts()).toEqual({ forged: 0 });
});

test.each(["laptop", "desk"] as const)(
  "a client with an exit is in the internet as the exit, and in its own LAN as itself: %s",
  async (name) => {
    await bringUp(name);
    await expectReached(name, {
      internet: "icmp tcp/80",
      neighbour: "icmp tcp/22 tcp/80 tcp/5432 udp/53",
    });
    expect(await senderAt(name, "tcp/80 198.51.100.80")).toBe("203.0.113.30");
    expect(await senderAt(name, "tcp/80 2001:db8:80::80")).toBe("2001:db8:113::30");
    expect(await senderAt(name, "tcp/80 192.168.50.20")).toBe(LAN[name]);
    expect(await underlay.counts()).toEqual({ forged: 0 });
  },
);

/** As a user does it: the clients' keys first, then the nodes' files, which name them. */
async function renderAll(): Promise<ReadonlyMap<string, string>> {
  const files = join(fixture.folder.path, "mesh");
  mkdirSync(files);
  const { hosts } = await renderPlan(EXAMPLE, join(files, "out"));
  const own = new Map(hosts.map(({ name, folder }) => [name, folder]));
  const copy = join(files, "warren.yaml");
  for (const name of CLIENTS) {
    const folder = join(fixture.folder.path, `${name}-wireguard`);
    mkdirSync(folder);
    await runWarren("qr", name, "-f", copy, "--conf", join(folder, "wg0.conf"));
    own.set(name, folder);
  }
  await runWarren("render", "-f", copy, "-o", dirname(own.get("cloud") ?? ""));
  return own;
}

/** Exactly these doors of these places: each of them, when it has had time; of the others none. */
async function expectReached(
  name: string,
  expected: Readonly<Partial<Record<keyof typeof PLACES, string>>>,
): Promise<void> {
  const targets = Object.entries(expected).flatMap(([place, doors]) =>
    Object.entries(PLACES)
      .filter(([other]) => other === place)
      .flatMap(([, both]) =>
        both.flatMap((address) => doors.split(" ").map((door) => `${door} ${address}`)),
      ),
  );
  await expectAnswers(host(name), targets);
  expect(await reachedBy(name)).toEqual(expected);
}

/** For each place, the doors that open at it: in both families the same, or they are told apart. */
async function reachedBy(name: string): Promise<Readonly<Record<string, string>>> {
  const addresses = Object.values(PLACES).flat();
  const reached = await findReached(host(name), targetsAt(addresses));
  return Object.fromEntries(
    Object.entries(PLACES).flatMap(([place, both]) => {
      const [v4 = "", v6 = ""] = both.map((address) =>
        reached
          .filter((target) => target.endsWith(` ${address}`))
          .map((target) => target.split(" ")[0])
          .join(" "),
      );
      if (v4 !== v6) return [[place, `IPv4: ${v4}; IPv6: ${v6}`]];
      return v4 === "" ? [] : [[place, v4]];
    }),
  );
}

function targetsAt(addresses: readonly string[]): readonly string[] {
  return addresses.flatMap((address) => ["icmp", ...DOORS].map((door) => `${door} ${address}`));
}

async function senderAt(name: string, target: string): Promise<string | undefined> {
  return (await askAll(host(name), [target])).get(target);
}

/** A client's, as its file says. */
function addressesOf(name: string): readonly string[] {
  const text = readFileSync(join(folders.get(name) ?? "", "wg0.conf"), "utf8");
  return [...text.matchAll(/^Address = ([^/]+)/gm)].map(([, address = ""]) => address);
}

async function isShaken(from: Host): Promise<boolean> {
  return /\t[1-9]\d*\n/.test(await print(from, "wg", "show", "wg0", "latest-handshakes"));
}

async function bringUp(name: string): Promise<void> {
  await print(host(name), "wg-quick", "up", "wg0");
}

function host(name: string): Host {
  return underlay.host(name);
}

function print(from: Host, ...words: readonly string[]): Promise<string> {
  return from.run({ words, wayOut: "look at the host" });
}

const LAN = {
  desk: "192.168.50.11",
  laptop: "192.168.50.12",
  phone: "192.168.50.13",
  tablet: "192.168.50.14",
} as const;

/** A home and a café, each behind a NAT that lets nobody in, and a cloud with a network of its own. */
function draw(own: ReadonlyMap<string, string>): Drawing {
  const node = (name: string): Pick<DrawnHost, "folder"> => {
    const folder = own.get(name);
    return folder === undefined ? {} : { folder };
  };
  const at = (network: string, number: number): Pick<DrawnHost, "ports" | "routes"> => ({
    ports: { [network]: { addresses: both(network, number) } },
    routes: both(network, 1).map((router) => `default via ${router.split("/")[0]}`),
  });
  const clients = CLIENTS.map(
    (name) => [name, { ...node(name), ...at("cafe", Number(LAN[name].split(".")[3])) }] as const,
  );
  return {
    hosts: {
      cloud: {
        ...node("cloud"),
        ports: { public: { addresses: both("public", 30) }, vpc: { addresses: both("vpc", 1) } },
        routes: at("public", 30).routes ?? [],
      },
      db: { ...node("db"), ports: { vpc: { addresses: both("vpc", 5) } } },
      machine: { ports: { vpc: { addresses: both("vpc", 10) } } },
      home: { ...node("home"), ...at("homelan", 10) },
      printer: at("homelan", 20),
      neighbour: at("cafe", 20),
      ...Object.fromEntries(clients),
      homebox: nat("homelan", 40),
      cafebox: nat("cafe", 50),
      internet: {
        router: "",
        ports: {
          public: { addresses: both("public", 1) },
          lo: { addresses: ["198.51.100.80/32", "2001:db8:80::80/128"] },
        },
      },
    },
  };
}

const NETWORKS: Readonly<Record<string, readonly [string, string]>> = {
  public: ["203.0.113.", "2001:db8:113::"],
  vpc: ["10.20.0.", "fd00:20::"],
  homelan: ["192.168.1.", "fd00:1::"],
  cafe: ["192.168.50.", "fd00:50::"],
};

/** A host's addresses in a network: the same number in both families, as it is written. */
function both(network: string, number: number): readonly string[] {
  const [v4, v6] = NETWORKS[network] ?? [];
  return [`${v4}${number}/24`, `${v6}${number}/64`];
}

/** Lets everybody behind it out, in both families, and nobody in. */
function nat(network: string, number: number): DrawnHost {
  const router = `
    table inet nat {
      chain input { type filter hook input priority filter; iifname "public" ct state new meta l4proto { tcp, udp } drop; }
      chain forward { type filter hook forward priority filter; iifname "public" ct state new drop; }
      chain postrouting { type nat hook postrouting priority srcnat; oifname "public" masquerade; }
    }
  `;
  return {
    router,
    ports: {
      public: { addresses: both("public", number) },
      [network]: { addresses: both(network, 1) },
    },
    routes: both("public", 1).map((it) => `default via ${it.split("/")[0]}`),
  };
}
