/** What people write by mistake, or in their own way: kept as it was meant, and named once. */
import { hash } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { parsePrivateKey, Problem } from "../mod.ts";
import type { ForeignDevice, PublicKey } from "../mod.ts";
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
  expect(check({ a: a + second, b: B })).toContain("a sends b no more what is for 0.0.0.0/5");
});
