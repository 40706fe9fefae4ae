/** What a client's device is told, and what the nodes are told of it. */
import { expect, test } from "vitest";
import { entryDevice, Printed, renderFiles } from "../mod.ts";
import type { Device } from "../mod.ts";
import { sampleOf, sampleSecrets } from "../../../../tools/sample.ts";

const MESH = `
  network: { name: n, addresses: [10.66.0.0/16, "fd00::/64"], interface: wg0 }
  nodes:
    aws: { endpoint: aws.example:443, subnets: [192.168.10.0/24] }
    db: { endpoint: 203.0.113.7, subnets: [192.168.20.0/24], underlayMtu: 1400 }
  clients:
    phone: { via: aws, dns: true }
    card: { via: [db, aws], access: nodes, publicKey: xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= }`;

/** The text of wg-quick's file, and the blocks of the peers that are named. */
function textOf(device: Device | undefined, ...peers: readonly string[]): string {
  const files = device && renderFiles(device, sampleSecrets, new Printed(), "wg-quick");
  const text = files?.[0]?.text.join("") ?? "";
  if (peers.length === 0) return text;
  return text
    .split("\n\n")
    .filter((block) => peers.includes(block.split("\n")[0] ?? ""))
    .join("\n\n");
}

test("compile() gives a client one peer, which it dials, and the mesh's ranges whole", () => {
  const { devices } = sampleOf(MESH);
  expect(devices.map(({ name }) => name)).toEqual(["aws", "db", "card.aws", "card.db", "phone"]);
  expect(textOf(devices[4])).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # phone
    [Interface]
    PrivateKey = oOAqYU/nVpLxXbzKk7qtf1mLX4tpHamJdOxsbiV5Pv4=
    Address = 10.66.0.5/32
    Address = fd00::5/128
    DNS = 10.66.0.1, fd00::1, n.internal
    MTU = 1320

    # aws
    [Peer]
    PublicKey = ycROJxMnrawr5HsVifuj5vIxumr+m4swcvGOUGMxL1o=
    PresharedKey = eb+K24schAwTO68Y0Na+4M43X1I9zdXepIImXL+UNhc=
    AllowedIPs = 10.66.0.0/16, 192.168.10.0/24, 192.168.20.0/24, fd00::/64
    Endpoint = aws.example:443
    PersistentKeepalive = 25
    "
  `);
});

test("compile() gives the node a peer of each of its clients, with the same preshared key", () => {
  const { devices } = sampleOf(MESH);
  expect(textOf(devices[0], "# phone", "# card.aws")).toMatchInlineSnapshot(`
    "# card.aws
    [Peer]
    PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
    PresharedKey = P4AUE9Dehxrr29CYFdhtAfSAtGax4sVksR4l0IKKLzw=
    AllowedIPs = 10.66.0.3/32, fd00::3/128

    # phone
    [Peer]
    PublicKey = g2eGNi2bUUOFwgzzOu85PhhoeZvnGckUWIFSO0lFiFw=
    PresharedKey = eb+K24schAwTO68Y0Na+4M43X1I9zdXepIImXL+UNhc=
    AllowedIPs = 10.66.0.5/32, fd00::5/128
    "
  `);
  expect(textOf(devices[1], "# phone", "# card.db")).toMatchInlineSnapshot(`
    "# card.db
    [Peer]
    PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
    PresharedKey = GNgHV42h/i7GsUrsEQu6HrejpjqGGROG3b31vf+2SRo=
    AllowedIPs = 10.66.0.4/32, fd00::4/128
    "
  `);
  expect(devices[0]?.peers.map(({ name }) => name)).toEqual(["card.aws", "db", "phone"]);
  // To all others a client is behind its node.
  expect(textOf(devices[1], "# aws")).toMatch(
    /^AllowedIPs = 10\.66\.0\.1\/32, 10\.66\.0\.3\/32, 10\.66\.0\.5\/32, /m,
  );
});

test("renderFiles() names each way in of a client, also where one key serves several", () => {
  const printed = new Printed();
  const texts = sampleOf(MESH).devices.map((device) =>
    renderFiles(device, sampleSecrets, printed, "wg-quick")[0]?.text.join(""),
  );
  expect(texts[0]).toContain("\n# card.aws\n[Peer]\n");
  expect(texts[1]).toContain("\n# card.db\n[Peer]\n");
});

test("compile() leaves a client's key where it is, and says where it belongs", () => {
  expect(textOf(sampleOf(MESH).devices[3])).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # card.db
    [Interface]
    # Add here PrivateKey = and the key, which is kept elsewhere.
    Address = 10.66.0.4/32
    Address = fd00::4/128
    MTU = 1320

    # db
    [Peer]
    PublicKey = Ekf+F3fYXRMLl2gHjIbh81ZzpFEGF4X95W1h2kvpBsc=
    PresharedKey = GNgHV42h/i7GsUrsEQu6HrejpjqGGROG3b31vf+2SRo=
    AllowedIPs = 10.66.0.0/16, fd00::/64
    Endpoint = 203.0.113.7:51820
    PersistentKeepalive = 25
    "
  `);
});

test("compile() gives a client no keepalive or preshared key where the mesh has none", () => {
  const bare = MESH.replace("name: n,", "name: n, keepalive: 0, presharedKeys: false,");
  const text = textOf(sampleOf(bare).devices[4]);
  expect(text).not.toMatch(/PersistentKeepalive|PresharedKey/);
});

test("entryDevice() gives the device that compile() does", () => {
  const { index, devices } = sampleOf(MESH);
  expect(index.entries.map((entry) => entryDevice(index, entry))).toEqual(devices.slice(2));
});

test("compile() gives a client the MTU that fits its node's tunnels and the underlay", () => {
  const mtus = (mesh: string): readonly number[] =>
    sampleOf(mesh)
      .devices.map(({ mtu }) => mtu)
      .slice(2);
  expect(mtus(MESH)).toEqual([1320, 1320, 1320]);
  expect(mtus(MESH.replaceAll("underlayMtu: 1400", "underlayMtu: 9000"))).toEqual([
    1420, 1420, 1420,
  ]);
  const narrow = MESH.replace("name: n,", "name: n, underlayMtu: 1380,").replace(
    "endpoint: aws.example:443",
    "$&, underlayMtu: 1500",
  );
  expect(mtus(narrow.replace("underlayMtu: 1400", "underlayMtu: 1500"))).toEqual([
    1300, 1300, 1300,
  ]);
});
