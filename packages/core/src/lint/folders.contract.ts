/** Folders of wg-quick files in which nothing is wrong, as people write them by hand, for the linter's tests. */
import { createPrivateKey, createPublicKey, hash } from "node:crypto";
import type { Finding } from "../finding.ts";
import { parsePublicKey } from "../model/keys.ts";
import { Problem } from "../problem.ts";
import type { ForeignDevice, Reading } from "../read/foreign.ts";
import { readWgQuick } from "../read/wg-quick.ts";
import { lint } from "./lint.ts";

/** File name → text, in which `private a`, `public a` and `preshared a b` stand for keys. */
export type Folder = ReadonlyMap<string, string>;

/** Parts a text in files: a line `== a.conf` before each. */
export function folderOf(text: string): Folder {
  const parts = text.split(/^== (.*)\n/m).slice(1);
  const names = parts.filter((_, at) => at % 2 === 0);
  return new Map(names.map((name, at) => [name, parts[2 * at + 1] ?? ""]));
}

/** All that is found, sorted as check does it. */
export function lintFolder(folder: Folder, exposed: readonly string[] = []): readonly Finding[] {
  const reading = readFolder(folder, exposed);
  return lint(reading).findings.toSorted(
    (one, other) => compareTexts(one.file, other.file) || one.line - other.line,
  );
}

export function readFolder(folder: Folder, exposed: readonly string[] = []): Reading {
  const readings = [...folder].map(([file, text]) => {
    const name = file.replace(/\.conf$/, "");
    const isWorldReadable = exposed.includes(file);
    return readWgQuick(withKeys(text), { file, name, isWorldReadable });
  });
  const devices = readings.flatMap((reading) => reading.devices).map(withPublicKey);
  const findings = readings.flatMap((reading) => reading.findings);
  return { devices, findings };
}

/** `file:line severity code`, and the other place. */
export function printPlaces(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ file, line, severity, code, against }) => {
    const other = against === undefined ? "" : ` against ${against.file}:${against.line}`;
    return `${file}:${line} ${severity} ${code}${other}`;
  });
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function withKeys(text: string): string {
  return text
    .replaceAll(/\bprivate (\w+)$/gm, (_, name: string) => privateKeyOf(name))
    .replaceAll(/\bpublic (\w+)$/gm, (_, name: string) => publicKeyOf(privateKeyOf(name)))
    .replaceAll(/\bpreshared (\w+ \w+)$/gm, (_, pair: string) => hash("sha256", pair, "base64"));
}

function privateKeyOf(name: string): string {
  return hash("sha256", `private ${name}`, "base64");
}

/** RFC 8410's frame around the 32 bytes of an X25519 key. */
function publicKeyOf(privateKey: string): string {
  const head = Buffer.from("302e020100300506032b656e04220420", "hex");
  const der = Buffer.concat([head, Buffer.from(privateKey, "base64")]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return key.export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}

function withPublicKey(device: ForeignDevice): ForeignDevice {
  const { privateKey } = device;
  if (privateKey === undefined) return device;
  const value = parsePublicKey(publicKeyOf(privateKey.value));
  if (value instanceof Problem) throw new Error(String(value));
  return { ...device, publicKey: { value, place: privateKey.place } };
}

/** Two hosts, one of which can be dialled. */
export const TWO_HOSTS = folderOf(`== a.conf
[Interface]
PrivateKey = private a
Address = 10.0.0.1/24

[Peer]
# b
PublicKey = public b
PresharedKey = preshared a b
AllowedIPs = 10.0.0.2/32
Endpoint = 172.17.3.1:51820
PersistentKeepalive = 25
== b.conf
[Interface]
PrivateKey = private b
Address = 10.0.0.2/24
ListenPort = 51820

[Peer]
# a
PublicKey = public a
PresharedKey = preshared a b
AllowedIPs = 10.0.0.1/32
`);

/** Each with a private network behind it, each dialled by each by name. */
export const CLOUDS = meshOf(
  ["aws", "azure", "gcp", "aliyun"].map((name, at) => ({
    name,
    head: `Address = 10.0.0.${at + 1}/24
ListenPort = 51820
MTU = 1420
PostUp = sysctl -w net.ipv4.ip_forward=1`,
    allowedIps: `10.0.0.${at + 1}/32, 192.168.${at + 1}0.0/24`,
    rest: `Endpoint = ${name}.example.com:51820`,
  })),
);

/** Both families, each dialled at its address. */
export const DUAL = meshOf(
  ["a", "b", "c"].map((name, at) => ({
    name,
    head: `Address = 10.0.0.${at + 1}/24, fd00::${at + 1}/64
ListenPort = 51820
MTU = 1400`,
    allowedIps: `10.0.0.${at + 1}/32, fd00::${at + 1}/128`,
    rest: at === 2 ? "Endpoint = [2001:db8::3]:51820" : `Endpoint = 203.0.113.${at + 1}:51820`,
  })),
);

/** A hub with a network behind it, two hosts behind NATs, and a router with a network behind it. */
export const SPOKES = folderOf(`== hub.conf
[Interface]
PrivateKey = private hub
Address = 10.8.0.1/24
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1
PostUp = iptables -A FORWARD -i %i -j ACCEPT

[Peer]
# laptop
PublicKey = public laptop
PresharedKey = preshared hub laptop
AllowedIPs = 10.8.0.2/32

[Peer]
# nas
PublicKey = public nas
PresharedKey = preshared hub nas
AllowedIPs = 10.8.0.3/32

[Peer]
# router
PublicKey = public router
PresharedKey = preshared hub router
AllowedIPs = 10.8.0.4/32, 192.168.4.0/24
${["laptop", "nas", "router"]
  .map(
    (name, at) => `== ${name}.conf
[Interface]
PrivateKey = private ${name}
Address = 10.8.0.${at + 2}/24${name === "router" ? "\nPostUp = echo 1 > /proc/sys/net/ipv4/ip_forward" : ""}

[Peer]
# hub
PublicKey = public hub
PresharedKey = preshared hub ${name}
AllowedIPs = 10.8.0.0/24, 192.168.0.0/16
Endpoint = 198.51.100.1:51820
PersistentKeepalive = 25
`,
  )
  .join("")}`);

/** Only the hub's own file, and a telephone's that sends it everything. */
export const HUB_ALONE = folderOf(`== wg0.conf
[Interface]
PrivateKey = private hub
Address = 10.8.0.1/24
ListenPort = 51820

[Peer]
PublicKey = public x
AllowedIPs = 10.8.0.2/32

[Peer]
PublicKey = public y
AllowedIPs = 10.8.0.3/32, 192.168.7.0/24
`);

export const EXIT = folderOf(`== exit.conf
[Interface]
PrivateKey = private exit
Address = 10.9.0.1/24, fd09::1/64
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

[Peer]
# phone
PublicKey = public phone
AllowedIPs = 10.9.0.2/32, fd09::2/128
== phone.conf
[Interface]
PrivateKey = private phone
Address = 10.9.0.2/32, fd09::2/128
DNS = 9.9.9.9

[Peer]
# exit
PublicKey = public exit
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = 198.51.100.1:51820
PersistentKeepalive = 25
`);

/** Two regions behind gateways; what is not in their own goes to the gateway, a list of what is left of a range. */
export const REGIONS = folderOf(`== n1.conf
[Interface]
PrivateKey = private n1
Address = 10.66.0.1/16
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
# n2
PublicKey = public n2
AllowedIPs = 10.66.0.2/32
Endpoint = 172.16.0.2:51820

[Peer]
# n3
PublicKey = public n3
AllowedIPs = 10.66.0.3/32
Endpoint = 172.16.0.3:51820

[Peer]
# s1
PublicKey = public s1
AllowedIPs = 10.66.128.0/24, 172.16.128.0/24
Endpoint = 203.0.113.20:51820
${["n2", "n3"]
  .map(
    (name, at) => `== ${name}.conf
[Interface]
PrivateKey = private ${name}
Address = 10.66.0.${at + 2}/16
ListenPort = 51820

[Peer]
# n1
PublicKey = public n1
AllowedIPs = 10.66.0.1/32, 10.66.128.0/24
AllowedIPs = 172.16.1.0/24, 172.16.2.0/23, 172.16.4.0/22, 172.16.8.0/21, 172.16.16.0/20
AllowedIPs = 172.16.32.0/19, 172.16.64.0/18, 172.16.128.0/17, 172.17.0.0/16, 172.18.0.0/15
AllowedIPs = 172.20.0.0/14, 172.24.0.0/13
Endpoint = 172.16.0.1:51820

[Peer]
# ${at === 0 ? "n3" : "n2"}
PublicKey = public ${at === 0 ? "n3" : "n2"}
AllowedIPs = 10.66.0.${3 - at}/32
Endpoint = 172.16.0.${3 - at}:51820
`,
  )
  .join("")}== s1.conf
[Interface]
PrivateKey = private s1
Address = 10.66.128.1/16
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
# n1
PublicKey = public n1
AllowedIPs = 10.66.0.0/24
Endpoint = 203.0.113.10:51820

[Peer]
# s2
PublicKey = public s2
AllowedIPs = 10.66.128.2/32
Endpoint = 172.16.128.2:51820
== s2.conf
[Interface]
PrivateKey = private s2
Address = 10.66.128.2/16
ListenPort = 51820

[Peer]
# s1
PublicKey = public s1
AllowedIPs = 10.66.128.1/32, 10.66.0.0/24, 172.16.0.0/17
Endpoint = 172.16.128.1:51820
`);

/** As published: the tunnel's addresses are the regions' own. */
export const GATEWAYS = folderOf(`== n1.conf
[Interface]
PrivateKey = private n1
Address = 172.16.0.1/32
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
PublicKey = public s1
AllowedIPs = 172.16.128.0/24
Endpoint = 203.0.113.20:51820
== s1.conf
[Interface]
PrivateKey = private s1
Address = 172.16.128.1/32
ListenPort = 51820
PostUp = sysctl -w net.ipv4.ip_forward=1

[Peer]
PublicKey = public n1
AllowedIPs = 172.16.0.0/24
Endpoint = 203.0.113.10:51820
`);

interface Member {
  readonly name: string;
  readonly head: string;
  readonly allowedIps: string;
  readonly rest: string;
}

/** Everybody with everybody, each pair with a preshared key of its own. */
function meshOf(members: readonly Member[]): Folder {
  return new Map(
    members.map(({ name, head }) => {
      const peers = members
        .filter((other) => other.name !== name)
        .map((other) => {
          const pair = [name, other.name].toSorted(compareTexts).join(" ");
          return `
[Peer]
# ${other.name}
PublicKey = public ${other.name}
PresharedKey = preshared ${pair}
AllowedIPs = ${other.allowedIps}
${other.rest}
`;
        });
      return [
        `${name}.conf`,
        `[Interface]\nPrivateKey = private ${name}\n${head}\n${peers.join("")}`,
      ];
    }),
  );
}
