/** What the linter finds in folders with a mistake in them, and that it finds nothing in those without. */
import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as folders from "./folders.contract.ts";
import { lintFolder, printPlaces } from "./folders.contract.ts";

import fc from "fast-check";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { sampleOfDocument, sampleSecrets } from "../../../../tools/sample.ts";
import type { Sample } from "../../../../tools/sample.ts";
import { readWgQuick } from "../read/wg-quick.ts";
import { renderFiles } from "../render/files.ts";
import { Printed } from "../render/printed.ts";
import { lint } from "./lint.ts";
import { runs } from "../../../../tools/runs.ts";
import type { Finding } from "../finding.ts";
import { REFUSALS } from "../messages/refusals.ts";
import { printText } from "../phrase.ts";
import { areApart, missedOf } from "./combinations.contract.ts";
import { MISTAKES } from "./mistakes.contract.ts";
import { plant } from "./planting.contract.ts";
import { VARIANTS } from "./variants.contract.ts";

const { CLOUDS, DUAL, EXIT, GATEWAYS, HUB_ALONE, REGIONS, SPOKES, TWO_HOSTS } = folders;

test.each(Object.entries({ CLOUDS, DUAL, EXIT, GATEWAYS, HUB_ALONE, REGIONS, SPOKES, TWO_HOSTS }))(
  "lint() finds nothing in %s",
  (_, folder) => {
    expect(printPlaces(lintFolder(folder))).toEqual([]);
  },
);

test.each(VARIANTS.map((each) => [each.what, each] as const))(
  "lint() finds nothing in %s",
  (_, variant) => {
    expect(printPlaces(lintFolder(plant(variant)))).toEqual([]);
  },
);

const examples = join(import.meta.dirname, "../../../../examples");

test.each(readdirSync(examples).filter((file) => file.endsWith(".case")))(
  "lint() finds nothing in what is rendered of examples/%s",
  (file) => {
    const text = readFileSync(join(examples, file), "utf8");
    const parts = text.split(/^-{40} out\/(.*)\n/m).slice(1);
    const files = parts.flatMap((name, at) => {
      return name.endsWith(".conf") && at % 2 === 0 ? [[name, parts[at + 1] ?? ""] as const] : [];
    });
    const folder = withRealKeys(new Map(files));
    expect(printPlaces(lintFolder(folder))).toEqual([]);
  },
);

test.each(MISTAKES.map((each) => [each.what, each] as const))("lint() finds %s", (_, mistake) => {
  expect(printPlaces(lintFolder(plant(mistake), mistake.exposed))).toEqual(mistake.found);
});

test("the mistakes are of all classes, the variants as many", () => {
  const found = new Set(MISTAKES.flatMap((each) => each.found).map(codeOf));
  const folder = join(import.meta.dirname, "../messages");
  const sources = readdirSync(folder).filter((file) => /^lint.*\.ts$/.test(file));
  const codes = sources.flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    return [...text.matchAll(/(?:lintError|lintWarning|found)\(\s*"([a-z\d-]+)"/g)].map(
      ([, code = ""]) => code,
    );
  });
  expect(codes.length).toBeGreaterThan(25);
  expect(codes.filter((code) => !found.has(code))).toEqual([]);
  // The checks of a mesh by their numbers, and what files by hand have beyond them.
  const checks = new Set(MISTAKES.map(({ what }) => what.split(":")[0]));
  expect(checks).toEqual(
    new Set([...Array.from({ length: 13 }, (_, at) => String(at + 1)), "lint"]),
  );
  expect(found.size).toBeGreaterThanOrEqual(45);
  expect(VARIANTS.length).toBeGreaterThanOrEqual(30);
});

/** Of `file:line severity code`. */
function codeOf(found: string): string {
  return /:\d+ (?:error|warning) (\S+)/.exec(found)?.[1] ?? "";
}

test("lint() names both places, where two disagree", () => {
  const places = MISTAKES.flatMap((each) => each.found).filter(
    (text) => !text.includes(" against "),
  );
  const alone = new Set(places.map(codeOf));
  const ofLint = [...alone].filter((code) => !Object.hasOwn(REFUSALS, code));
  expect(ofLint.sort()).toEqual(["mtu-below-ipv6", "node-alone", "world-readable"]);
});

test("lint() says the line to write instead", () => {
  const said = MISTAKES.map((mistake) => {
    const first = lintFolder(plant(mistake), mistake.exposed).find(isOfLint);
    return first === undefined ? "" : `${printText(first.message)}\n  → ${printText(first.fix)}`;
  });
  expect([...new Set(said)].join("\n")).toMatchInlineSnapshot(`
    "192.168.20.0/24 is on several peers, "azure", "gcp": WireGuard keeps it on the last, "gcp", silently
      → write AllowedIPs = 10.0.0.3/32
    10.0.0.0/24 is on several peers, "a", "b": WireGuard keeps it on the last, "b", silently
      → write AllowedIPs = 10.0.0.2/32, fd00::2/128
    10.0.0.2 is on this device itself, but 10.0.0.2/32 would go into the tunnel to "aws"
      → write AllowedIPs = 10.0.0.1/32, 192.168.10.0/24
    172.16.128.1 is on this device itself, but 172.16.128.0/24 would go into the tunnel to "n1"
      → write AllowedIPs = 172.16.0.0/24
    10.66.128.1 is on this device itself, but 10.66.128.0/24 would go into the tunnel to "n1"
      → write AllowedIPs = 10.66.0.0/24
    192.168.30.0/24 is on this device itself, but 192.168.30.0/24 would go into the tunnel to "azure"
      → write AllowedIPs = 10.0.0.2/32, 192.168.20.0/24
    the endpoint 172.16.0.1:51820 lies inside 172.16.0.0/24, which goes into the tunnel: it would swallow itself
      → write AllowedIPs = 172.20.0.0/14, 172.24.0.0/13
    the endpoint 10.0.0.9:51820 lies inside 10.0.0.0/24, which goes into the tunnel: it would swallow itself
      → write an endpoint outside 10.0.0.0/24, or take 10.0.0.0/24 out of the tunnel
    packets of 10.0.0.1 come to "b" from "a", and are dropped: AllowedIPs for "a" does not hold them, and answers would not go there
      → write AllowedIPs = 10.0.0.1/32
    packets of 10.0.0.2 come to "a" from "b", and are dropped: AllowedIPs for "b" does not hold them, and answers would not go there
      → write AllowedIPs = 10.0.0.2/32, fd00::2/128
    packets of 10.66.0.2, 10.66.0.3 come to "s1" from "n1", and are dropped: AllowedIPs for "n1" does not hold them, and answers would not go there
      → write AllowedIPs = 10.66.0.1/32, 10.66.0.2/32, 10.66.0.3/32
    packets of 10.66.0.1 come to "s1" from "n1", and are dropped: AllowedIPs for "n1" does not hold them, and answers would not go there
      → write AllowedIPs = 10.66.0.1/32, 10.67.0.0/24
    packets of 10.66.0.1 come to "s1" from "n1", and are dropped: AllowedIPs for "n1" does not hold them, and answers would not go there
      → write AllowedIPs = 10.66.0.1/32, 10.66.0.0/24
    packets from "n2" to "s1" arrive at "n1" from "n3", but answers take another way, and so they are dropped
      → write AllowedIPs = 10.66.0.3/32, and add 10.66.128.1/32 to the AllowedIPs of "n1"
    packets of 10.66.128.2 come to "n1" from "s1", and are dropped: AllowedIPs for "s1" does not hold them, and answers would not go there
      → write AllowedIPs = 10.66.128.1/32, 10.66.128.2/32, 172.16.128.0/24
    packets of 10.8.0.3 come to "hub" from "nas", and are dropped: AllowedIPs for "nas" does not hold them, and answers would not go there
      → write AllowedIPs = 10.8.0.3/32
    172.16.128.0/24 is on this device itself, but 172.16.128.0/24 would go into the tunnel to "n1"
      → write AllowedIPs = 10.66.0.0/24
    packets to 10.66.128.2/32 go round between "n1", "n2", each of which sends them on
      → write AllowedIPs = 10.66.0.2/32
    packets to 192.168.1.0/24 go round between "a", "b", each of which sends them on
      → take 192.168.1.0/24 from the AllowedIPs of the one behind which it is
    packets to 172.30.0.0/16 go round between "aws", "azure", "gcp", each of which sends them on
      → take 172.30.0.0/16 from the AllowedIPs of the one behind which it is
    "aws" sends 192.168.30.0/24 here, to be passed on, but nothing in this file switches forwarding on for IPv4
      → write PostUp = sysctl -w net.ipv4.ip_forward=1, unless sysctl.d does so
    "laptop" sends 10.8.0.0/24 here, to be passed on, but nothing in this file switches forwarding on for IPv4
      → write PostUp = sysctl -w net.ipv4.ip_forward=1, unless sysctl.d does so
    "phone" sends ::/0 here, to be passed on, but nothing in this file switches forwarding on for IPv6
      → write PostUp = sysctl -w net.ipv6.conf.all.forwarding=1, unless sysctl.d does so
    neither "a" nor "b" knows an endpoint of the other: nobody can start
      → write Endpoint = (address of "b"):51820, or the other way round
    neither "aws" nor "gcp" knows an endpoint of the other: nobody can start
      → write Endpoint = gcp.example.com:51820
    neither "aws" nor "azure" knows an endpoint of the other: nobody can start
      → write Endpoint = azure.example.com:51820
    neither "b" nor "a" knows an endpoint of the other: nobody can start
      → write Endpoint = 203.0.113.1:51820
    10.0.0.2/32 is on several peers, "b", "c": WireGuard keeps it on the last, "c", silently
      → write AllowedIPs = 10.0.0.3/32, fd00::3/128
    port 51821 is dialled here for "hub", which is dialled at 198.51.100.1:51820 elsewhere
      → write Endpoint = 198.51.100.1:51820, unless port 51821 is forwarded to it
    port 51821 is dialled here for "gcp", which is dialled at gcp.example.com:51820 elsewhere
      → write Endpoint = gcp.example.com:51820, unless port 51821 is forwarded to it
    "hub" cannot dial back, and nothing is sent to keep the way open: a NAT closes it after some 30 s
      → write PersistentKeepalive = 25
    "b" cannot dial back, but it is there that keepalive is set: a NAT is kept open from inside only
      → write PersistentKeepalive = 25
    unknown addresses of 10.0.0.0/24 would leave by the default route, not die in the tunnel's interface
      → write Address = 10.0.0.2/24
    an MTU of 1500 here, of 1420 at the other end, "aws": large packets get through one way only
      → write MTU = 1420
    an MTU of 1200 is too small for IPv6, which needs 1280
      → write MTU = 1280, or use IPv4 alone
    192.168.20.128/25 behind "gcp" overlaps 192.168.20.0/24 behind "azure"
      → renumber one of them, or take 192.168.20.128/25 from the AllowedIPs of "gcp"; it is right where both lead into one network
    10.0.0.0/25 on "b" holds addresses of the mesh that are not behind it
      → write AllowedIPs = 10.0.0.2/32, fd00::2/128
    10.0.0.2 is already the address of "azure"
      → write another address, and tell it to the others
    nobody knows this device by 10.0.0.33: the others send it 10.0.0.3
      → write Address = 10.0.0.3/24
    "azure" has the same private key: the others cannot tell the two apart
      → make a new key with wg genkey, and tell its public key to the others
    nobody knows this device by its key: the others list its address under xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=
      → write PublicKey = QBNDyKT/Bo72/cQytCUTrwrkekuDHLTzN84X5ef6Wyc= at the others, or put the private key of xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc= back
    this is not the public key of "gcp", whose address is listed here
      → write PublicKey = xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=
    this is not the public key of "b", whose address is listed here
      → write PublicKey = f54MZFzSby+LQjF+s1b2kBCRtDkiANHcj+9Tj6SPq28=
    this is the device's own key: WireGuard ignores the peer
      → write PublicKey = xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=

    this is not the public key of "azure", whose address is listed here
      → write PublicKey = Js/KPsK7xQ+XO1SgdZJjGfeIrTlkXozF9Hm3TJwyTRg=
    this is the PRIVATE key of "gcp": everybody who has this file can pose as "gcp"
      → write PublicKey = xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=, and make a new key for "gcp" with wg genkey
    this is the PRIVATE key of "aws": everybody who has this file can pose as "aws"
      → write PublicKey = xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=, and make a new key for "aws" with wg genkey
    this is the PRIVATE key of "b": everybody who has this file can pose as "b"
      → write PublicKey = f54MZFzSby+LQjF+s1b2kBCRtDkiANHcj+9Tj6SPq28=, and make a new key for "b" with wg genkey
    this is the PRIVATE key of "aws": everybody who has this file can pose as "aws"
      → write the public key of the peer, and make a new key for "aws" with wg genkey
    there is a preshared key for "aws", but none at the other end: they would never shake hands
      → write the same PresharedKey line there, or remove this one
    this is another preshared key than at the other end, "gcp": they would never shake hands
      → write the same PresharedKey line here as there
    2 pairs share this preshared key: who learns it from one has it of all
      → make one for each pair with wg genpsk
    neither does this device know an endpoint of "a", "b", nor they one of it: nobody can start
      → write Endpoint = (address):51820 for one of them here, or for this device there
    this device has no peers, and is nobody's peer
      → write a [Peer] for whom it is to reach
    "azure" is a peer here, but does not list this device: it would not answer
      → write a [Peer] in azure.conf: PublicKey = xzMESarHdQvzzbLw7IdQepVlcPNBiRh4oZIOrjLGvGc=, AllowedIPs = 10.0.0.3/32
    "nas" is a peer here, but does not list this device: it would not answer
      → write a [Peer] in nas.conf: PublicKey = SRAb3u0fH/E8L8YfEIbwLdRbxVfYCU7ft+Y+L2Xu61M=, AllowedIPs = 10.8.0.2/32
    none of "aws", "azure", "gcp" lists this device, which lists them: they would not answer
      → write a [Peer] in each of their files: PublicKey = 1Cv6UXQlZO6sPqN44EPoRSnlABbXV4ELRnX0TScac1A=, AllowedIPs = 10.0.0.4/32
    "aws", "azure", "gcp" list this device, which lists none of them: it would not answer
      → write a [Peer] for each of them, or take this device from them
    "n1" is a peer here, but does not list this device: it would not answer
      → write a [Peer] in n1.conf: PublicKey = MbdP+fg7kJkSUEfBxObfIkRVPYAvTmaNo45Kpev8om8=, AllowedIPs = 10.66.128.1/32
    "aws" dials this device, which has no ListenPort: it takes another port at each start
      → write ListenPort = 51820
    everybody on the host may read the keys in this file
      → run chmod 600 a.conf
    everybody on the host may read the keys in this file
      → run chmod 600 'it'\\''s a.conf'"
  `);
});

test("lint() tells no private key, wherever it stands", () => {
  for (const mistake of MISTAKES) {
    const folder = plant(mistake);
    const texts = [...folder.values()].join("\n");
    const names = new Set(texts.match(/\bprivate (\w+)$/gm));
    const secrets = [...names].map((name) => hash("sha256", name, "base64"));
    const said = JSON.stringify(lintFolder(folder, mistake.exposed));
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
  }
});

/** Not of the readers, whose sentences are tested with them. */
function isOfLint({ code }: Finding): boolean {
  return !Object.hasOwn(REFUSALS, code);
}

test("lint() finds two mistakes in one folder", () => {
  const pairs = MISTAKES.flatMap((one) =>
    MISTAKES.filter((other) => one.what < other.what && areApart(one, other)).map((other) => {
      return `${one.what} + ${other.what}`;
    }),
  );
  expect(pairs.length).toBeGreaterThan(300);
  const byName = new Map(MISTAKES.map((mistake) => [mistake.what, mistake]));
  fc.assert(
    fc.property(fc.constantFrom(...pairs), (pair) => {
      const [one, other] = pair.split(" + ").map((what) => byName.get(what));
      if (one === undefined || other === undefined) throw new Error(pair);
      expect(missedOf(one, other)).toEqual([]);
    }),
    runs(80),
  );
});

test("lint() finds no error in what random meshes render to", () => {
  fc.assert(
    fc.property(fc.oneof(meshDocuments(5), topologyDocuments(6)), (document) => {
      const errors = lintSample(document).filter(({ severity }) => severity === "error");
      expect(printPlaces(errors)).toEqual([]);
    }),
    runs(50),
  );
});

/** What is found in the files of a mesh that is right; nothing where it is not. */
function lintSample(document: unknown): readonly Finding[] {
  const sample = readSample(document);
  if (sample === undefined || sample.diagnostics.hasErrors) return [];
  const printed = new Printed();
  const readings = sample.devices.map((device) => {
    const [file] = renderFiles(device, sampleSecrets, printed, "wg-quick");
    const source = { file: `${device.name}.conf`, name: device.name, isWorldReadable: false };
    const { devices, findings } = readWgQuick(file?.text.join("") ?? "", source);
    const known = devices.map((each) => {
      return { ...each, publicKey: { value: device.publicKey, place: each.place } };
    });
    return { devices: known, findings };
  });
  const findings = readings.flatMap((reading) => reading.findings);
  const devices = readings.flatMap((reading) => reading.devices);
  return lint({ devices, findings }).findings;
}

/** Random documents may contradict themselves. */
function readSample(document: unknown): Sample | undefined {
  try {
    return sampleOfDocument(document);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("the sample is wrong")) return undefined;
    throw error;
  }
}

/** A golden case has public keys that are not those of its private ones: its names tell which are meant. */
function withRealKeys(folder: folders.Folder): folders.Folder {
  const named = [...folder].map(([name, text]): [string, string] => {
    const node = name.split("/")[0] ?? "";
    const word = (each: string): string => each.replaceAll("-", "_");
    const own = text.replace(/^PrivateKey = .*$/m, `PrivateKey = private ${word(node)}`);
    const peers = own.replaceAll(
      /^# (\S+)\n\[Peer\]\nPublicKey = .*$/gm,
      (_, peer: string) => `# ${peer}\n[Peer]\nPublicKey = public ${word(peer)}`,
    );
    return [`${node}.conf`, peers];
  });
  return new Map(named);
}
