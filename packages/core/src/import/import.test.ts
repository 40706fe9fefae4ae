/** What only hand-written files have: kept, or named with both places. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { importMesh } from "../mod.ts";
import type { PublicKey } from "../mod.ts";
import { sampleKey, sampleOf } from "../../../../tools/sample.ts";
import { A, B, check, read, shown } from "./by-hand.contract.ts";
import { foreignFolder, imported, textsOf } from "./round-trip.contract.ts";

test("importMesh() keeps two files that agree, and says nothing", () => {
  expect(check({ a: A, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}"
  `);
});

test("importMesh() names an endpoint that is another for one than for the others", () => {
  const c = `
    [Interface]
    Address = 10.0.0.3/24
    ListenPort = 51820
    [Peer]
    PublicKey = [a]
    AllowedIPs = 10.0.0.1/32
    Endpoint = 203.0.113.1:443
    [Peer]
    PublicKey = [b]
    AllowedIPs = 10.0.0.2/32
    Endpoint = b.example:51820
  `;
  const peer = `
    [Peer]
    PublicKey = [c]
    AllowedIPs = 10.0.0.3/32
  `;
  expect(check({ a: A + peer, b: B + peer, c })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],keepalive:0,firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:203.0.113.1:443,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    c {address:10.0.0.3,publicKey:[c]}
    b.conf:8 warning endpoint-differs: b dials a at a.example:51820, and will at 203.0.113.1:443 (c.conf:8)"
  `);
});

test("importMesh() lets both list each other where one did", () => {
  const b = B.slice(0, B.indexOf("[Peer]"));
  expect(check({ a: A, b })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],keepalive:0,firewall:off,presharedKeys:false}
    a {address:10.0.0.1,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    b.conf:1 warning peer-added: b does not list a, which lists it: now both do (a.conf:5)"
  `);
});

test("importMesh() gives both the preshared key that one had, and two others a new one", () => {
  const one = check({ a: A.replace("Endpoint", "PresharedKey = <1>\n  Endpoint"), b: B });
  expect(one).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    a.conf:8 warning preshared-key-one-sided: a has a preshared key for b, which has none: now both have it (b.conf:5)"
  `);
  const files = {
    a: A.replace("Endpoint", "PresharedKey = <1>\n  Endpoint"),
    b: B.replace("Endpoint", "PresharedKey = <2>\n  Endpoint"),
  };
  const made = imported(read(files));
  expect(textsOf(made)).toMatchInlineSnapshot(`
    [
      "a.conf:8 warning preshared-keys-differ: a and b have different preshared keys: both get a new one (b.conf:8)",
    ]
  `);
  expect([[...made.freshKeys], [...made.presharedKeys]]).toEqual([["a b"], []]);
});

test("importMesh() makes clients of those whom one node lists and waits for", () => {
  const hub = `
    [Interface]
    Address = 10.8.0.1/24
    ListenPort = 51820
    PostUp = iptables -A FORWARD -i %i -j ACCEPT
    # phone
    [Peer]
    PublicKey = [x]
    PresharedKey = <1>
    AllowedIPs = 10.8.0.2/32
    [Peer]
    PublicKey = [y]
    PresharedKey = <2>
    AllowedIPs = 10.8.0.3/32
  `;
  const made = imported(read({ hub }));
  expect(shown(made)).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.8.0.0/24],firewall:off}
    hub {address:10.8.0.1,endpoint:hub.invalid,publicKey:[hub],hooks:{postUp:iptables -A FORWARD -i %i -j ACCEPT}}
    peer-1 {via:hub,address:10.8.0.3,publicKey:[y]}
    phone {via:hub,address:10.8.0.2,publicKey:[x]}
    hub.conf:1 error endpoint-unknown: nothing says where hub is dialled: hub.invalid stands in its place"
  `);
  expect([...made.presharedKeys.keys()].sort()).toEqual(["hub peer-1", "hub phone"]);
});

test("importMesh() lets a hub carry for those who reach each other through it", () => {
  const hub = `
    [Interface]
    Address = 10.0.0.9/24
    ListenPort = 51820
    [Peer]
    PublicKey = [a]
    AllowedIPs = 10.0.0.1/32, 192.168.1.0/24
    [Peer]
    PublicKey = [b]
    AllowedIPs = 10.0.0.2/32
  `;
  const spoke = (address: string, others: string): string => `
    [Interface]
    Address = ${address}/24
    [Peer]
    PublicKey = [hub]
    AllowedIPs = 10.0.0.9/32, ${others}
    Endpoint = hub.example:51820
    PersistentKeepalive = 25
  `;
  const a = spoke("10.0.0.1", "10.0.0.2/32");
  const b = spoke("10.0.0.2", "10.0.0.1/32, 192.168.1.0/24");
  expect(check({ hub, a, b })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,subnets:[192.168.1.0/24],publicKey:[a]}
    b {address:10.0.0.2,publicKey:[b]}
    hub {address:10.0.0.9,endpoint:hub.example,relay:true,publicKey:[hub]}"
  `);
});

test("importMesh() keeps hooks, tables, marks and MTUs, and names what no node can have", () => {
  const head = `
    [Interface]
    Address = 10.0.0.1/24, 10.9.9.1/32
    ListenPort = 51821
    MTU = 1380
    Table = vpn
    FwMark = 0x10
    DNS = 1.1.1.1
    SaveConfig = true
    PreUp = echo up
    PostUp = iptables -A FORWARD -i %i -j ACCEPT; echo a
    PostDown = logger down
  `;
  const a = head + A.slice(A.indexOf("[Peer]"));
  const b = B.replace("a.example:51820", "a.example:51821").replace(
    "Address",
    "Table = off\n  Address",
  );
  expect(check({ a, b })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a],listenPort:51821,mtu:1380,fwmark:16,hooks:{preUp:echo up,postUp:iptables -A FORWARD -i %i -j ACCEPT; echo a,postDown:logger down}}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b],table:off}
    a.conf:3 warning addresses-differ: a has the addresses 10.0.0.1/24, 10.9.9.1/32, and gets 10.0.0.1/24
    a.conf:6 error field-lost: the table of a cannot be expressed, and is left out
    a.conf:8 error field-lost: the DNS of a cannot be expressed, and is left out
    a.conf:9 error field-lost: the SaveConfig of a cannot be expressed, and is left out"
  `);
});

test("importMesh() does without a network of which a host that is dialled is a part", () => {
  const a = A.replace("10.0.0.2/32", "10.0.0.2/32, 192.168.2.0/24").replace(
    "b.example",
    "192.168.2.9",
  );
  expect(check({ a, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    site-1 {network:[192.168.2.0/24]}
    a {address:10.0.0.1,site:site-1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,site:site-1,lan:192.168.2.9,subnets:[192.168.2.0/24],publicKey:[b]}
    a.conf:7 warning allowed-ips-differ: a sends b no more what is for 192.168.2.0/24"
  `);
});

test("importMesh() rather does without a range than without the endpoint that lies in it", () => {
  const a =
    A.replace("b.example", "203.0.113.9") +
    `
    [Peer]
    PublicKey = [c]
    AllowedIPs = 10.0.0.3/32, 203.0.113.0/24
    Endpoint = c.example:51820
  `;
  expect(check({ a, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:203.0.113.9,publicKey:[b]}
    peer-1 {address:10.0.0.3,endpoint:c.example,publicKey:[c]}
    {between:[b,peer-1],path:deny}
    a.conf:12 error left-out: nodes.peer-1.subnets[0] is left out: the endpoint 203.0.113.9 of b lies inside 203.0.113.0/24, which goes into the tunnel: it would swallow itself
    a.conf:12 warning allowed-ips-differ: a sends peer-1 no more what is for 203.0.113.0/24"
  `);
});

test("importMesh() writes no secret into a mesh that everybody may read", () => {
  const files = {
    a: A.replace("Endpoint", "PresharedKey = <1>\n  Endpoint").replace(
      "ListenPort",
      "PostUp = wg set %i peer x preshared-key <(echo <1>)\n  ListenPort",
    ),
    b: B.replace("Endpoint", "PresharedKey = <1>\n  Endpoint"),
  };
  expect(check(files)).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    a.conf:4 error hook-lost: a hook of a is left out: it holds a secret key, and a mesh file is no place for one"
  `);
});

test("importMesh() lets nobody's rules come in the way of hooks that somebody wrote by hand", () => {
  const range = (text: string, own: string): string =>
    text.replace(`${own}/32`, `${own}/32, 192.168.${own.at(-1)}.0/24`);
  const a = range(A, "10.0.0.2").replace(
    "ListenPort",
    "PostUp = nft -f /etc/wireguard/%i.nft\n  ListenPort",
  );
  const b = range(B, "10.0.0.1").replace(
    "ListenPort",
    "PostUp = sysctl -w net.ipv4.ip_forward=1\n  ListenPort",
  );
  expect(check({ a, b })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,subnets:[192.168.1.0/24],publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,subnets:[192.168.2.0/24],publicKey:[b],firewall:off,hooks:{postUp:sysctl -w net.ipv4.ip_forward=1}}"
  `);
});

test("importMesh() finds regions that go through their gateways", () => {
  const { devices } = sampleOf(
    readFileSync(new URL("../../../../examples/regions.yaml", import.meta.url), "utf8"),
  );
  expect(shown(imported(foreignFolder(devices)))).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.66.0.0/16],interface:wg0}
    site-1 {addresses:[10.66.0.0/24],gateways:[n1],reach:[172.16.1.0/24,172.16.2.0/23,172.16.4.0/22,172.16.8.0/21,172.16.16.0/20,172.16.32.0/19,172.16.64.0/18,172.16.128.0/17,172.17.0.0/16,172.18.0.0/15,172.20.0.0/14,172.24.0.0/13]}
    site-2 {addresses:[10.66.128.0/24],gateways:[s1]}
    n1 {address:10.66.0.1,site:site-1,lan:172.16.0.1,endpoint:203.0.113.10}
    n2 {address:10.66.0.2,site:site-1,lan:172.16.0.2}
    n3 {address:10.66.0.3,site:site-1,lan:172.16.0.3}
    s1 {address:10.66.128.1,site:site-2,endpoint:203.0.113.20,subnets:[172.16.128.0/24]}"
  `);
});

test("importMesh() gives a range to whom WireGuard gives it", () => {
  const peers = (text: string): string => text.replaceAll("/32", "/24");
  const c = `
    [Peer]
    PublicKey = [x]
    AllowedIPs = 10.0.0.7/24
    Endpoint = x.example:51820
  `;
  expect(check({ a: peers(A) + c, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    peer-1 {endpoint:x.example,relay:true,publicKey:[x]}
    {between:[b,peer-1],path:deny}
    a.conf:12 warning prefix-twice: 10.0.0.0/24 stands at two peers: WireGuard gives it to this one, and so does the mesh (a.conf:5)
    a.conf:10 error address-unknown: nothing says which address peer-1 has: it gets a free one
    a.conf:7 warning allowed-ips-differ: a sends b also what is for 10.0.0.2/32
    a.conf:12 warning allowed-ips-differ: a sends peer-1 no more what is for 10.0.0.0/31, 10.0.0.2/32, 10.0.0.4/30, 10.0.0.8/29, 10.0.0.16/28 and 3 more"
  `);
});

test("importMesh() finds names and ranges where the files have none that a mesh can use", () => {
  const bare = (text: string): string => text.replaceAll("/24", "/32");
  const keyed = read({ "Büro 1": bare(A), b: bare(B) });
  const devices = keyed.map((device) =>
    device.name === "b"
      ? device
      : { ...device, publicKey: { value: sampleKey("a"), place: device.place } },
  );
  expect(shown(imported(devices))).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/29],firewall:off,presharedKeys:false}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    buro-1 {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    Büro 1.conf:1 warning name-changed: Büro 1 is called buro-1 in the mesh
    b.conf:3 warning addresses-differ: addresses of 2 devices have the length /32, and get /29: b, buro-1"
  `);
});

test("importMesh() leaves out who has no key, or another's", () => {
  const [a, b] = read({ a: A, b: B });
  if (a === undefined || b === undefined) throw new Error("two were read");
  const twin = { ...b, name: "twin", place: { ...b.place, file: "twin.conf" } };
  const { publicKey: _, ...bare } = { ...twin, name: "bare", addresses: [] };
  const { publicKey: __, ...kept } = b;
  expect(textsOf(imported([a, b, twin, bare]))).toMatchInlineSnapshot(`
    [
      "twin.conf:1 error device-twice: twin has the key of another device, and is left out (b.conf:1)",
      "twin.conf:1 error device-without-key: bare has no key, and nobody lists it by its address: it is left out",
    ]
  `);
  // Its key is on the host alone, and known from whoever lists its address.
  const made = imported([a, kept]);
  expect(textsOf(made)).toEqual([]);
  expect(made.document.nodes["b"]?.["publicKey"]).toBe(sampleKey("b") satisfies PublicKey);
});

test("importMesh() names both places where one takes from a network what another rejects", () => {
  const lan = (text: string): string => text.replace("10.0.0.1/32", "10.0.0.1/32, 192.168.1.0/24");
  const c = lan(B).replace("10.0.0.2/24", "10.0.0.3/24");
  const peer = "[Peer]\n PublicKey = [c]\n AllowedIPs = 10.0.0.3/32\n PersistentKeepalive = 25\n";
  expect(check({ a: A + peer, b: B, c })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,subnets:[192.168.1.0/24],publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    c {address:10.0.0.3,publicKey:[c]}
    {between:[b,c],path:deny}
    a.conf:12 warning keepalive-differs: the keepalive of a is another towards c
    b.conf:7 warning allowed-ips-differ: b sends a also what is for 192.168.1.0/24 (c.conf:7)
    c.conf:1 warning keepalive-differs: the keepalive of c is another towards a"
  `);
});

test("importMesh() answers nothing where nobody is there", () => {
  expect(importMesh([])).toBeUndefined();
});
