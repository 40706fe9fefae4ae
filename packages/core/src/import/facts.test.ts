/** What people write by mistake, or in their own way: kept as it was meant, and named once. */
import { hash } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { parsePrivateKey, Problem, readShowconf } from "../mod.ts";
import type { ForeignDevice, PublicKey } from "../mod.ts";
import { sampleKey } from "../../../../tools/sample.ts";
import { A, B, check, read, shown } from "./by-hand.contract.ts";
import { imported, textsOf } from "./round-trip.contract.ts";

test("importMesh() takes a private key in the place of a public one for its owner's, and never shows it", () => {
  const [a, b] = read({ a: A, b: B });
  const secret = parsePrivateKey(hash("sha256", "b's own", "base64"));
  if (a === undefined || b === undefined || secret instanceof Problem) throw new Error("no files");
  const shownKey = secret as string as PublicKey;
  const own = { ...b, privateKey: { value: secret, place: b.place } };
  const pasted = (device: ForeignDevice): ForeignDevice => ({
    ...device,
    peers: device.peers.map((peer) => ({
      ...peer,
      publicKey: { ...peer.publicKey, value: shownKey },
    })),
  });
  const made = imported([pasted(a), own]);
  expect(shown(made)).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example}
    a.conf:6 error private-key-shown: that is the PRIVATE key of b: it has been shown; its public key is taken in its place"
  `);
  const { privateKeys: _, ...rest } = made;
  expect(inspect(rest, { depth: 20, maxArrayLength: null })).not.toContain(secret);
  // Its own one, pasted at a peer: the peer is nobody.
  expect(textsOf(imported([a, pasted(own)]))).toMatchInlineSnapshot(`
    [
      "b.conf:5 warning peer-itself: b lists itself as a peer: WireGuard overlooks that, and so does the mesh",
      "b.conf:6 error private-key-shown: that is the PRIVATE key of b: it has been shown; its public key is taken in its place",
      "b.conf:1 warning peer-added: b does not list a, which lists it: now both do (a.conf:5)",
    ]
  `);
  // Where both stand, the right one counts.
  const both = { ...a, peers: [...pasted(a).peers, ...a.peers] };
  expect(textsOf(imported([both, own]))).toMatchInlineSnapshot(`
    [
      "a.conf:6 error private-key-shown: that is the PRIVATE key of b: it has been shown; its public key is taken in its place",
    ]
  `);
});

/** A server and a phone with a file of its own. */
function fullTunnel(ranges: string): Readonly<Record<string, string>> {
  const hub = `
    [Interface]
    Address = 10.8.0.1/24
    ListenPort = 51820
    [Peer]
    PublicKey = [c]
    AllowedIPs = 10.8.0.2/32
  `;
  const c = `
    [Interface]
    Address = 10.8.0.2/24
    [Peer]
    PublicKey = [hub]
    AllowedIPs = ${ranges}
    Endpoint = hub.example:51820
    PersistentKeepalive = 25
  `;
  return { hub, c };
}

test("importMesh() takes all parts of a family for its /0, and no family that nobody has", () => {
  const whole = check(fullTunnel("0.0.0.0/0"));
  expect(whole).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.8.0.0/24],firewall:off,presharedKeys:false}
    hub {address:10.8.0.1,endpoint:hub.example,subnets:[0.0.0.0/0],publicKey:[hub]}
    c {via:hub,access:[exit],address:10.8.0.2,publicKey:[c]}"
  `);
  expect(check(fullTunnel("0.0.0.0/1, 128.0.0.0/1"))).toBe(whole);
  expect(check(fullTunnel("128.0.0.0/1, 0.0.0.0/2, 64.0.0.0/2"))).toBe(whole);
  expect(check(fullTunnel("0.0.0.0/1, 128.0.0.0/2"))).not.toContain("access:[exit]");
  expect(check(fullTunnel("0.0.0.0/0, ::/0"))).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.8.0.0/24],firewall:off,presharedKeys:false}
    hub {address:10.8.0.1,endpoint:hub.example,subnets:[0.0.0.0/0],publicKey:[hub]}
    c {via:hub,access:[exit],address:10.8.0.2,publicKey:[c]}
    c.conf:6 warning family-ended: c sends hub all of IPv6, where nobody has an address of it: that ended in the tunnel, and will go beside it"
  `);
  expect(check(fullTunnel("0.0.0.0/1, ::/1, 128.0.0.0/1, 8000::/1"))).toBe(
    check(fullTunnel("0.0.0.0/0, ::/0")),
  );
  // A node, and two of one device that have everything.
  const a = A.replace("10.0.0.2/32", "0.0.0.0/1, 128.0.0.0/1, ::/0");
  expect(check({ a, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,exit:b,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.example,subnets:[0.0.0.0/0],publicKey:[b]}
    a.conf:7 warning family-ended: a sends b all of IPv6, where nobody has an address of it: that ended in the tunnel, and will go beside it"
  `);
  const second =
    "[Peer]\n PublicKey = [c]\n AllowedIPs = 0.0.0.0/0, 10.0.0.3/32\n Endpoint = c.example:1\n";
  const both = check({ a: a + second, b: B });
  expect(both).toContain("exit:peer-1");
  expect(both).toContain("a sends b no more what is for 0.0.0.0/5");
});

test("importMesh() leaves out an endpoint inside the tunnel itself, and nothing else of its host", () => {
  const a = A.replace("b.example", "10.0.0.2");
  expect(check({ a, b: B })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],keepalive:0,firewall:off,presharedKeys:false}
    a {address:10.0.0.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,publicKey:[b]}
    a.conf:8 error endpoint-swallowed: a dials b at 10.0.0.2:51820, inside the tunnel itself: now it waits for b to dial"
  `);
  const b = B.replace(/Endpoint.*/, "PersistentKeepalive = 25");
  expect(check({ a, b })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],firewall:off,presharedKeys:false}
    a {address:10.0.0.1,publicKey:[a]}
    b {address:10.0.0.2,endpoint:b.invalid,publicKey:[b]}
    a.conf:8 error endpoint-swallowed: a dials b at 10.0.0.2:51820, inside the tunnel itself: b.invalid:51820 stands in its place
    a.conf:1 warning keepalive-differs: the keepalive of a is another towards b
    b.conf:8 warning keepalive-differs: the keepalive of b is another towards a"
  `);
  // Of somebody in the same network, too, which has another range.
  const c = B.replace("10.0.0.2/24", "10.0.0.3/24").replace("a.example", "192.168.1.1");
  const peer =
    "[Peer]\n PublicKey = [c]\n AllowedIPs = 10.0.0.3/32\n Endpoint = 192.168.1.3:51820\n";
  expect(check({ a: a + peer, b: B, c })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],keepalive:0,firewall:off,presharedKeys:false}
    site-1 {}
    a {address:10.0.0.1,site:site-1,lan:192.168.1.1,endpoint:a.example,publicKey:[a]}
    b {address:10.0.0.2,publicKey:[b]}
    c {address:10.0.0.3,site:site-1,lan:192.168.1.3,publicKey:[c]}
    a.conf:8 error endpoint-swallowed: a dials b at 10.0.0.2:51820, inside the tunnel itself: now it waits for b to dial"
  `);
});

test("importMesh() says what it saw of a running interface, and takes no NAT's port for anybody's", () => {
  const text = [
    "[Interface]\nListenPort = 51820",
    `[Peer]\nPublicKey = ${sampleKey("b")}\nAllowedIPs = 10.0.0.2/32\nEndpoint = 198.51.100.7:41234`,
    `[Peer]\nPublicKey = ${sampleKey("c")}\nAllowedIPs = 10.0.0.3/32\nEndpoint = 198.51.100.7:41235`,
  ].join("\n");
  const place = { file: "wg0", line: 1, column: 1 };
  const key = { publicKey: { value: sampleKey("a"), place } };
  const { devices } = readShowconf(text, { file: "wg0", name: "a", isWorldReadable: false });
  expect(shown(imported(devices.map((each) => ({ ...each, ...key }))))).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/29],keepalive:0,firewall:off,presharedKeys:false}
    a {publicKey:[a]}
    peer-1 {address:10.0.0.2,endpoint:198.51.100.7:41234,publicKey:[b]}
    peer-2 {address:10.0.0.3,endpoint:198.51.100.7:41235,publicKey:[c]}
    wg0:1 error address-unknown: nothing says which address a has: it gets a free one
    wg0:6 warning endpoints-seen: seen from the running interface: the endpoints of peer-1, peer-2 are where they were last heard from, behind a NAT for a moment
    wg0:1 warning ranges-seen: seen from the running interface: it does not tell the range of its addresses, and 10.0.0.0/29 is a guess"
  `);
});

test("importMesh() takes for the mesh's port what its files listen on, before what others dial", () => {
  const more = (port: number): string =>
    `[Peer]\n PublicKey = [x${port}]\n AllowedIPs = 10.0.0.${port}/32\n Endpoint = x.example:${port}\n`;
  const a = A.replace("51820", "5000") + more(7) + more(8).replace("x.example:8", "y.example:7");
  expect(check({ a })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],listenPort:5000,keepalive:0,firewall:off,presharedKeys:false}
    a {address:10.0.0.1,publicKey:[a]}
    peer-1 {address:10.0.0.2,endpoint:b.example,publicKey:[b],listenPort:51820}
    peer-2 {address:10.0.0.7,endpoint:x.example,publicKey:w2leAiXYXc/fcSrTB9q2DQggMpm6N1UHaBTNb34JCPg=,listenPort:7}
    peer-3 {address:10.0.0.8,endpoint:y.example,publicKey:/SQxbPUEMjxJ0gaz++KCT2HkTF0WGWLeXCw0SIGPlDU=,listenPort:7}"
  `);
  expect(check({ a: A.replace("ListenPort = 51820", "").replace("51820", "7") + more(7) }))
    .toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.0.0.0/24],listenPort:7,keepalive:0,firewall:off,presharedKeys:false}
    a {address:10.0.0.1,publicKey:[a]}
    peer-1 {address:10.0.0.2,endpoint:b.example,publicKey:[b]}
    peer-2 {address:10.0.0.7,endpoint:x.example,publicKey:w2leAiXYXc/fcSrTB9q2DQggMpm6N1UHaBTNb34JCPg=}"
  `);
});

test("importMesh() says of a client what it cannot have as a client", () => {
  const { hub, c } = fullTunnel("10.8.0.0/24");
  const more = "DNS = 9.9.9.9\n  PostUp = logger up\n  PostUp = logger again\n  [Peer]";
  expect(check({ hub: hub ?? "", c: (c ?? "").replace("[Peer]", more) })).toMatchInlineSnapshot(`
    "{name:mesh,addresses:[10.8.0.0/24],firewall:off,presharedKeys:false}
    hub {address:10.8.0.1,endpoint:hub.example,publicKey:[hub]}
    c {via:hub,access:[nodes],address:10.8.0.2,publicKey:[c]}
    c.conf:5 error field-lost: the hooks of c are left out: it is a client, and a client runs none
    c.conf:4 error field-lost: the DNS of c cannot be expressed, and is left out"
  `);
});

test("importMesh() counts what many have in common", () => {
  const peer = (host: number): string =>
    `[Peer]\n PublicKey = [x${host}]\n AllowedIPs = 10.0.0.0/24\n Endpoint = x${host}.example:51820\n`;
  const said = textsOf(imported(read({ a: A + peer(3) + peer(4) + peer(5), b: B })));
  expect(said.filter((text) => text.includes("prefix-twice"))).toMatchInlineSnapshot(`
    [
      "a.conf:19 warning prefix-twice: 10.0.0.0/24 stands at 3 peers: WireGuard gives it to this one, and so does the mesh (a.conf:13)",
    ]
  `);
  const bare = (text: string): string => text.replaceAll("/24", "/32");
  const c = bare(B).replace("10.0.0.2/32", "10.0.0.3/32");
  expect(textsOf(imported(read({ a: bare(A), b: bare(B), c })))).toMatchInlineSnapshot(`
    [
      "a.conf:3 warning addresses-differ: addresses of 3 devices have the length /32, and get /29: a, b, c",
      "a.conf:1 warning peer-added: a does not list c, which lists it: now both do (c.conf:5)",
    ]
  `);
});
