/** Units for systemd-networkd: a small mesh to the letter, random ones read back and held against their devices. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { printAddress, printEndpoint, Printed, printPrefix, renderFiles } from "../mod.ts";
import type { Device } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOf, sampleOfDocument, sampleSecrets } from "../../../../tools/sample.ts";

function unitsOf(device: Device): ReadonlyMap<string, string> {
  const files = renderFiles(device, sampleSecrets, new Printed(), "networkd");
  return new Map(files.map(({ name, text }) => [name, text.join("")]));
}

function textOf(device: Device | undefined): string {
  if (device === undefined) throw new Error("there is no such device");
  return [...unitsOf(device)]
    .filter(([name]) => !/\.(nft|iptables)$/.test(name))
    .map(([name, text]) => `== ${device.name}/${name}\n${text}`)
    .join("");
}

const MESH = `
network: { name: m, addresses: [10.0.0.0/24, "fd00::/64"] }
nodes:
  gate: { endpoint: gate.example, subnets: [192.168.1.0/24, 0.0.0.0/0] }
  leaf: { exit: gate, publicKey: "${"A".repeat(42)}E=" }
clients:
  phone: { via: gate, access: [nodes], dns: true }
`;

test("renderNetdev(), renderNetwork() and renderRulesService() give what networkd reads", () => {
  const { devices } = sampleOf(MESH);
  expect(devices.map(textOf).join("\n")).toMatchInlineSnapshot(`
    "== gate/warren0.netdev
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # gate
    [NetDev]
    Name = warren0
    Kind = wireguard
    MTUBytes = 1420
    [WireGuard]
    PrivateKey = A/aqC+tBQzFvK/mVLFeWkCVwyyHS5OpGQyic8nwCZco=
    ListenPort = 51820

    # leaf
    [WireGuardPeer]
    PublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=
    PresharedKey = rNi5XZrkhGI6Oj9373efE94rCdtKqc1H4Hhgi6mCn04=
    AllowedIPs = 10.0.0.2/32, fd00::2/128

    # phone
    [WireGuardPeer]
    PublicKey = g2eGNi2bUUOFwgzzOu85PhhoeZvnGckUWIFSO0lFiFw=
    PresharedKey = aCSUopm67+9H3E9R99xBqwJTWWAKRtX+uzxZ4Vf0OuU=
    AllowedIPs = 10.0.0.3/32, fd00::3/128
    == gate/warren0.network
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # gate
    [Match]
    Name = warren0
    [Network]
    Address = 10.0.0.1/24
    Address = fd00::1/64
    == gate/warren0-rules.service
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # A link that lives by router advertisements needs IPv6AcceptRA=yes in its own .network file.
    # gate
    [Unit]
    Description = Rules of warren0
    DefaultDependencies = no
    Conflicts = shutdown.target
    Wants = network-pre.target
    Before = network-pre.target shutdown.target
    [Service]
    Type = oneshot
    RemainAfterExit = yes
    ExecStart = nft -f /etc/systemd/network/warren0.nft
    ExecStart = sysctl -qw net.ipv4.ip_forward=1
    ExecStart = sysctl -qw net.ipv6.conf.all.forwarding=1
    ExecStop = nft "table inet warren-warren0; delete table inet warren-warren0"
    [Install]
    WantedBy = sysinit.target

    == leaf/warren0.netdev
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # leaf
    [NetDev]
    Name = warren0
    Kind = wireguard
    MTUBytes = 1420
    [WireGuard]
    # The user systemd-network must be able to read it.
    PrivateKeyFile = /etc/wireguard/warren0.key
    ListenPort = 51820
    FirewallMark = 51820

    # gate
    [WireGuardPeer]
    PublicKey = pqSIsKYyU33Xicz0I9IX0bzGHHsR9HxJrPGhmgeXk+A=
    PresharedKey = rNi5XZrkhGI6Oj9373efE94rCdtKqc1H4Hhgi6mCn04=
    AllowedIPs = 0.0.0.0/0, 10.0.0.1/32, 10.0.0.3/32, 192.168.1.0/24, fd00::1/128, fd00::3/128
    Endpoint = gate.example:51820
    PersistentKeepalive = 25
    == leaf/warren0.network
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # leaf
    [Match]
    Name = warren0
    [Network]
    Address = 10.0.0.2/24
    Address = fd00::2/64

    [Route]
    Destination = 0.0.0.0/0
    Table = 51820

    [Route]
    Destination = 192.168.1.0/24

    [RoutingPolicyRule]
    Family = ipv4
    Table = main
    SuppressPrefixLength = 0
    Priority = 32764

    [RoutingPolicyRule]
    Family = ipv4
    FirewallMark = 51820
    InvertRule = yes
    Table = 51820
    Priority = 32765
    == leaf/warren0-rules.service
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # leaf
    [Unit]
    Description = Rules of warren0
    DefaultDependencies = no
    Conflicts = shutdown.target
    Wants = network-pre.target
    Before = network-pre.target shutdown.target
    [Service]
    Type = oneshot
    RemainAfterExit = yes
    ExecStart = sysctl -qw net.ipv4.conf.all.src_valid_mark=1
    [Install]
    WantedBy = sysinit.target

    == phone/warren0.netdev
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # phone
    [NetDev]
    Name = warren0
    Kind = wireguard
    MTUBytes = 1420
    [WireGuard]
    PrivateKey = oOAqYU/nVpLxXbzKk7qtf1mLX4tpHamJdOxsbiV5Pv4=

    # gate
    [WireGuardPeer]
    PublicKey = pqSIsKYyU33Xicz0I9IX0bzGHHsR9HxJrPGhmgeXk+A=
    PresharedKey = aCSUopm67+9H3E9R99xBqwJTWWAKRtX+uzxZ4Vf0OuU=
    AllowedIPs = 10.0.0.0/24, fd00::/64
    Endpoint = gate.example:51820
    PersistentKeepalive = 25
    == phone/warren0.network
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # phone
    [Match]
    Name = warren0
    [Network]
    Address = 10.0.0.3/32
    Address = fd00::3/128
    DNS = 10.0.0.1
    DNS = fd00::1
    Domains = m.internal

    [Route]
    Destination = 10.0.0.0/24

    [Route]
    Destination = fd00::/64
    "
  `);
});

test("renderNetwork() puts all routes into a table of the user's, and none where it is off", () => {
  const mesh = (table: string): string =>
    MESH.replace("exit: gate", `table: ${table}`).replace(
      "10.0.0.0/24,",
      "10.0.0.0/24, 10.9.0.0/24,",
    );
  const routes = (table: string): string => {
    const { devices } = sampleOf(mesh(table));
    const text = textOf(devices.find(({ name }) => name === "leaf"));
    return (text.match(/^(Destination|Table) = .*$/gm) ?? []).join("\n");
  };
  expect(routes("77")).toMatchInlineSnapshot(`
    "Destination = 10.0.0.0/24
    Table = 77
    Destination = fd00::/64
    Table = 77
    Destination = 10.9.0.0/24
    Table = 77
    Destination = 192.168.1.0/24
    Table = 77"
  `);
  expect(routes("off")).toBe("");
  expect(routes("auto")).toMatchInlineSnapshot(`
    "Destination = 10.9.0.0/24
    Destination = 192.168.1.0/24"
  `);
});

type Section = ReadonlyMap<string, readonly string[]>;

/** systemd.syntax(7): sections, keys that may stand several times, # and ; for comments. */
function readIni(text = ""): readonly (readonly [string, Section])[] {
  const sections: [string, Map<string, string[]>][] = [];
  for (const line of text.split("\n")) {
    const head = /^\[(.*)\]$/.exec(line)?.[1];
    const [, key = "", value = ""] = /^([^=#;]+?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (head !== undefined) sections.push([head, new Map()]);
    else if (key !== "") {
      const section = sections.at(-1)?.[1];
      section?.set(key, [...(section.get(key) ?? []), value]);
    }
  }
  return sections;
}

function all(
  sections: readonly (readonly [string, Section])[],
  name: string,
): readonly Readonly<Record<string, readonly string[]>>[] {
  return sections.filter(([head]) => head === name).map(([, keys]) => Object.fromEntries(keys));
}

/** What a key is given, where there is anything to give. */
function field(key: string, ...values: readonly (string | number | undefined)[]): object {
  const given = values.filter((value) => value !== undefined).map(String);
  return given.length === 0 ? {} : { [key]: given };
}

test("units say of a device all that it is", () => {
  fc.assert(
    fc.property(meshDocuments(5), (document) => {
      for (const device of sampleOfDocument(document).devices) {
        const units = unitsOf(device);
        const netdev = readIni(units.get(`${device.interface}.netdev`));
        const network = readIni(units.get(`${device.interface}.network`));
        expect(all(netdev, "NetDev")).toEqual([
          { Name: [device.interface], Kind: ["wireguard"], MTUBytes: [String(device.mtu)] },
        ]);
        expect(all(netdev, "WireGuard")).toEqual([
          {
            PrivateKey: [sampleSecrets.privateKey(device.name)],
            ...field("ListenPort", device.listenPort),
            ...field("FirewallMark", device.fwmark),
          },
        ]);
        expect(all(netdev, "WireGuardPeer")).toEqual(
          device.peers.map(
            ({ publicKey, allowedIps, endpoint, keepaliveSeconds, presharedKeyId }) => ({
              PublicKey: [publicKey],
              ...field(
                "PresharedKey",
                presharedKeyId && sampleSecrets.presharedKey(presharedKeyId),
              ),
              AllowedIPs: [allowedIps.map(printPrefix).join(", ")],
              ...field("Endpoint", endpoint && printEndpoint(endpoint)),
              ...field("PersistentKeepalive", keepaliveSeconds),
            }),
          ),
        );
        expect(all(network, "Match")).toEqual([{ Name: [device.interface] }]);
        expect(all(network, "Network")).toEqual([
          {
            Address: device.addresses.map(
              ({ address, length }) => `${printAddress(address)}/${length}`,
            ),
          },
        ]);
        const routes = all(network, "Route").map(({ Destination }) => Destination?.[0] ?? "");
        const wanted = [...device.offLinkRanges, ...device.routes].map(printPrefix);
        const isOff = device.table === "off";
        expect(isOff ? routes : wanted.filter((each) => !routes.includes(each))).toEqual([]);
        const hasRules = [...units.keys()].some((name) => /\.(nft|iptables)$/.test(name));
        expect(
          units.get(`${device.interface}-rules.service`)?.includes(`/${device.interface}.nft`),
        ).toBe(hasRules || undefined);
      }
    }),
    runs(60),
  );
});
