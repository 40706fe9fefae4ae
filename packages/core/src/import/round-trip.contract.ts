/** A mesh as files, read back and imported; and what devices do, judged by nothing of the importer's. */
import * as core from "../mod.ts";
import { sampleSecrets } from "../../../../tools/sample.ts";

/** A folder a node with its file in it, as the reader of a folder gives them. */
export function foreignFolder(devices: readonly core.Device[]): readonly core.ForeignDevice[] {
  const printed = new core.Printed();
  return devices.map((device) => {
    const [file] = core.renderFiles(device, sampleSecrets, printed, "wg-quick");
    const text = [...(file?.text ?? [])].join("");
    const source = { file: `${device.name}/${device.interface}.conf`, name: device.name };
    const { devices: read } = core.readWgQuick(text, { ...source, isWorldReadable: false });
    return withKey(read, device);
  });
}

/** What `wg show IFACE dump` prints on each host. */
export function foreignDumps(devices: readonly core.Device[]): readonly core.ForeignDevice[] {
  return devices.map((device) => {
    const { name, publicKey, listenPort, fwmark } = device;
    const mark = fwmark === undefined ? "off" : `0x${fwmark.toString(16)}`;
    const own = [sampleSecrets.privateKey(name), publicKey, listenPort ?? 0, mark];
    const peers = device.peers.map(({ presharedKeyId: id, ...peer }) => [
      peer.publicKey,
      id === undefined ? "(none)" : sampleSecrets.presharedKey(id),
      peer.endpoint === undefined ? "(none)" : core.printEndpoint(peer.endpoint),
      peer.allowedIps.length === 0 ? "(none)" : peer.allowedIps.map(core.printPrefix).join(","),
      0,
      0,
      0,
      peer.keepaliveSeconds ?? "off",
    ]);
    const text = [own, ...peers].map((row) => `${row.join("\t")}\n`).join("");
    const source = { file: `${name}/dump`, name, isWorldReadable: false };
    return withKey(core.readDump(text, source).devices, device);
  });
}

/** A row a node, as wg-meshconf reads it. */
export function foreignTable(index: core.Index): readonly core.ForeignDevice[] {
  const keys = new Map(
    index.members.map(({ node, publicKey }) => [sampleSecrets.privateKey(node.name), publicKey]),
  );
  const text = core.renderMeshconf(index, sampleSecrets);
  const source = { file: "database.csv", name: "database", isWorldReadable: false };
  const { devices, findings } = core.readMeshconf(text, source, (key) => {
    const publicKey = keys.get(key);
    if (publicKey === undefined) throw new Error("a key was read that nobody wrote");
    return publicKey;
  });
  if (findings.length > 0) throw new Error(core.printText(findings[0]?.message ?? ""));
  return devices.map((device) => {
    const publicKey = keys.get(device.privateKey?.value);
    if (publicKey === undefined) throw new Error(`${device.name} was read without its key`);
    return { ...device, publicKey: { value: publicKey, place: device.place } };
  });
}

/** Keys of samples belong to nobody: the public one is no half of the private one. */
function withKey(
  read: readonly core.ForeignDevice[],
  { publicKey }: core.Device,
): core.ForeignDevice {
  const [device] = read;
  if (device === undefined) throw new Error("nothing was read");
  return { ...device, publicKey: { value: publicKey, place: device.place } };
}

export function imported(devices: readonly core.ForeignDevice[]): core.Imported {
  const made = core.importMesh(devices);
  if (made === undefined) throw new Error("nothing was imported");
  return made;
}

/** The findings of an import, a line each. */
export function textsOf({ findings }: core.Imported): readonly string[] {
  return findings.map(({ file, line, severity, code, message, against }) => {
    const other = against === undefined ? "" : ` (${against.file}:${against.line})`;
    return `${file}:${line} ${severity} ${code}: ${core.printText(message)}${other}`;
  });
}

/** The devices of a document as any other is compiled, with the lock that came with it. */
export function devicesOf({ document, lock }: core.Imported): readonly core.Device[] {
  const diagnostics = new core.Diagnostics();
  const mesh = core.parseMesh(document, diagnostics);
  if (mesh === undefined) throw new Error("no mesh");
  core.checkMesh(mesh, diagnostics);
  const given = core.allocate(mesh, lock, diagnostics);
  const devices = [...core.compile(core.index(mesh, lock))];
  core.verify(mesh, lock, devices, diagnostics);
  const error = diagnostics.list.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(core.printText(error.message));
  const print = (addresses: readonly core.Address[]): string =>
    addresses.map(core.printAddress).join();
  for (const { name, addresses } of devices) {
    const own = given.nodes.get(name);
    if (own !== undefined && print(own) !== print(addresses.map(({ address }) => address))) {
      throw new Error("the lock has other addresses");
    }
  }
  return devices;
}

/** The preshared key of two devices, by their public keys; undefined where they have none. */
export type SharedKeys = (one: core.PublicKey, other: core.PublicKey) => string | undefined;

/** Those that sample files hold. */
export function sampleShared(devices: readonly core.Device[]): SharedKeys {
  const byKey = new Map(devices.map((device) => [device.publicKey, device]));
  return (one, other) => {
    const id = byKey.get(one)?.peers.find(({ publicKey }) => publicKey === other)?.presharedKeyId;
    return id && sampleSecrets.presharedKey(id);
  };
}

/** Those that were imported. */
export function importedShared({ devices, presharedKeys }: core.Imported): SharedKeys {
  const names = new Map(devices.map(({ name, publicKey }) => [publicKey, name]));
  return (one, other) => {
    const [low = "", high = ""] = [names.get(one) ?? "", names.get(other) ?? ""].sort();
    return presharedKeys.get(core.pairName(low as core.Name, high as core.Name));
  };
}

/** By aspect, what a device does. */
export type Meaning = Readonly<Record<string, unknown>>;

/**
 * Of each device, by its public key: addresses, settings, how each peer is dialled, and where each piece
 * of the address space goes, found by a scan for the longest prefix.
 */
export function meaningsOf(
  devices: readonly core.Device[],
  edges: readonly bigint[],
  sharedKeys: SharedKeys,
): ReadonlyMap<core.PublicKey, Meaning> {
  return new Map(
    devices.map((device) => [device.publicKey, meaningOf(device, edges, sharedKeys)] as const),
  );
}

function meaningOf(device: core.Device, edges: readonly bigint[], sharedKeys: SharedKeys): Meaning {
  const { addresses, listenPort, mtu, fwmark, table, peers } = device;
  const lists = peers.flatMap(({ publicKey, allowedIps }) =>
    allowedIps.map((prefix) => ({ publicKey, length: prefix.length, ...spanOf(prefix) })),
  );
  const sentTo = (edge: bigint): string | undefined =>
    lists
      .filter(({ from, to }) => from <= edge && edge < to)
      .reduce((best, each) => (each.length > best.length ? each : best), {
        publicKey: "nobody",
        length: -1,
      }).publicKey;
  const [file] = core.renderFiles(device, sampleSecrets, new core.Printed(), "wg-quick");
  const text = [...(file?.text ?? [])].join("");
  return {
    addresses: addresses.map(({ address, length }) => `${core.printAddress(address)}/${length}`),
    settings: { listenPort, mtu, fwmark, table },
    hooks: text.match(/^(?:Pre|Post)(?:Up|Down) = .*$/gm) ?? [],
    routes: edges.map(sentTo),
    peers: Object.fromEntries(
      peers.map(({ publicKey, endpoint, keepaliveSeconds = 0 }) => {
        const dialled = endpoint === undefined ? "" : core.printEndpoint(endpoint);
        const shared = sharedKeys(device.publicKey, publicKey);
        return [publicKey, { dialled, keepaliveSeconds, shared }];
      }),
    ),
  };
}

/** Wherever anything can change along the line of all addresses, IPv6 behind IPv4. */
export function edgesOf(devices: readonly core.Device[]): readonly bigint[] {
  const edges = new Set<bigint>([0n]);
  for (const prefix of devices.flatMap(({ peers }) => peers.flatMap((peer) => peer.allowedIps))) {
    const { from, to } = spanOf(prefix);
    edges.add(from).add(to);
  }
  return [...edges];
}

function spanOf({ family, bits, length }: core.Prefix): {
  readonly from: bigint;
  readonly to: bigint;
} {
  const from = family === 4 ? bits : bits + (1n << 130n);
  return { from, to: from + (1n << BigInt((family === 4 ? 32 : 128) - length)) };
}
