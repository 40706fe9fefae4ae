/** Small routers in a mesh: with the script that the server hands out, and next to no programs. */
import { expect, test } from "vitest";
import {
  createControl,
  machinesOf,
  serveOn,
  type,
  typeInVain,
  withoutMoments,
} from "./control-machines.ts";
import { useGround } from "./systems-fixture.ts";
import { BIN, CHECKIN, onRouter, PING, ROUTER } from "./thin-router.ts";

const ground = useGround();

/** What is another each time: keys, and how long ago it was. */
function steady(printed: string): string {
  return withoutMoments(printed)
    .replaceAll(/publicKey=\S+/g, "publicKey=…")
    .replaceAll(/\d+ s ago/g, "… s ago");
}

/** How the server sees it. */
const LIST = "{ warren node list mesh 2>&1 || true; } | grep ^r";
/** Of the tunnel, as anybody may see it. */
const LOOK =
  "ip -o -4 address show dev warren0; ip -4 route show dev warren0; wg show warren0 allowed-ips | cut -f 2; wg show warren0 persistent-keepalive | cut -f 2";

/** Its folder on a small disk, which something has filled. */
const FULL =
  "mount -t tmpfs -o size=64k tmpfs /mnt; cp -a /etc/warren/. /mnt; mount --move /mnt /etc/warren; dd if=/dev/zero of=/etc/warren/full 2>/dev/null || true";
const KEPT = "cut -d ' ' -f 3 /etc/warren/device | head -n 1";

test("a router joins by the command that `warren token create --router` prints, and follows what is changed", async () => {
  const lab = await createControl(ground, ["srv", "b"], { r: { system: ROUTER } });
  const [srv, b, r] = machinesOf(lab, "srv", "b", "r");
  await serveOn(srv);
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  const command = (await type(srv, "warren token create mesh --router --ask")).trim();
  await onRouter(r, `${command} --no-service`);
  const waiting = await onRouter(r, `${CHECKIN}; ${CHECKIN}; ip link show warren0`);
  expect(steady(waiting)).toMatchInlineSnapshot(`
    "warren: waiting for approval: on the server, warren node approve mesh r publicKey=…
    ip: can't find device 'warren0'
    exit 2
    "
  `);
  expect(steady(await type(srv, "warren node approve mesh r; warren node list mesh")))
    .toMatchInlineSnapshot(`
    "r: approved
    node  state                   addresses  endpoint
    b     current                 10.77.0.1  203.0.113.2:51820
    r     being changed, … s ago  10.77.0.2
    "
  `);
  expect(await onRouter(r, `${CHECKIN}; ${PING}; ${LOOK}; ${CHECKIN}; ${CHECKIN}`))
    .toMatchInlineSnapshot(`
      "warren: revision 6: warren0 made, peers set, addresses and routes set
      reached
      3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
      10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
      10.77.0.1/32
      25
      warren: revision 6: peers set
      "
    `);
  expect(steady(await type(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state             addresses  endpoint
    b     current           10.77.0.1  203.0.113.2:51820
    r     current, … s ago  10.77.0.2  203.0.113.3:51820
    "
  `);

  await type(srv, "warren node set mesh b subnets=192.168.9.0/24");
  expect(await onRouter(r, `${CHECKIN}; ${LOOK}`)).toMatchInlineSnapshot(`
    "warren: revision 7: peers set, addresses and routes set
    3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
    10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
    192.168.9.0/24 dev warren0 scope link 
    10.77.0.1/32 192.168.9.0/24
    off
    "
  `);
  // A flash that is full: the tunnel is right, and stays so; what a boot brings is held once there is room.
  await type(r, FULL);
  await type(srv, "warren node set mesh b subnets=192.168.8.0/24");
  expect(await onRouter(r, `${CHECKIN}; ${CHECKIN}; ip route show 192.168.8.0/24; ${KEPT}`))
    .toMatchInlineSnapshot(`
      "warren: revision 8: peers set, addresses and routes set
      cat: write error: No space left on device
      warren: cannot write /etc/warren/device
      cat: write error: No space left on device
      warren: cannot write /etc/warren/device
      192.168.8.0/24 dev warren0 scope link 
      7
      "
    `);
  await type(r, "rm /etc/warren/full");
  expect(await onRouter(r, `${CHECKIN}; ${KEPT}`)).toMatchInlineSnapshot(`
    "8
    "
  `);
  await type(srv, "warren node set mesh b subnets=");
  // By other shells, too; the second finds nothing left to do.
  expect(
    await onRouter(
      r,
      `/bin/dash warren-thin checkin; /bin/bash --posix warren-thin checkin; ${LOOK}`,
    ),
  ).toMatchInlineSnapshot(`
    "warren: revision 9: peers set, addresses and routes set
    3: warren0    inet 10.77.0.2/16 scope global warren0\\       valid_lft forever preferred_lft forever
    10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
    10.77.0.1/32
    off
    "
  `);
  // By hand.
  for (const harm of [
    'wg set warren0 peer "$(wg show warren0 peers)" remove',
    "ip address del 10.77.0.2/16 dev warren0",
    "ip link set dev warren0 down",
    "ip link del dev warren0",
  ]) {
    const printed = await onRouter(r, `${harm}; ${CHECKIN}; ${CHECKIN}; ${PING}`);
    expect(printed).toMatch(/^warren: put right: [^\n]*\nreached\n$/);
  }

  // Of a peer whose clock went back.
  const again =
    'sed -i "s|^wg \\[Peer\\]|wg # again $(wg show warren0 peers) 1\\n&|" /etc/warren/device';
  const handshake = "wg show warren0 latest-handshakes | cut -f 2";
  expect(await onRouter(r, `${again}; ${CHECKIN}; ${handshake}; ${CHECKIN}; ${PING}`)).toBe(
    "warren: put right: peers set\n0\nreached\n",
  );

  // A way into a tunnel that leads nowhere, for the server's own address.
  const key = (await type(srv, "wg genkey | wg pubkey")).trim();
  await type(
    srv,
    `warren node add mesh x publicKey=${key} endpoint=203.0.113.99 subnets=203.0.113.1/32`,
  );
  // What a boot would bring is asked for whenever the server is.
  const spy = `rm ${BIN}/curl; cat >${BIN}/curl <<'end'
#!/bin/sh
cut -d " " -f 3 /etc/warren/device | head -n 1 >>/root/kept
exec /usr/bin/curl "$@"
end
chmod 755 ${BIN}/curl`;
  await onRouter(r, spy);
  expect(await onRouter(r, `${CHECKIN}; ${CHECKIN}; ${PING}; ip route show dev warren0`))
    .toMatchInlineSnapshot(`
      "warren: revision 10: peers set, addresses and routes set
      warren: taken back: with what the server wants it is not reached any more
      warren: taken back: peers set, addresses and routes set
      reached
      10.77.0.0/16 dev warren0 scope link  src 10.77.0.2 
      "
    `);
  expect(await onRouter(r, `sort -u kept; ln -sf /usr/bin/curl ${BIN}/curl`)).toBe("9\n");
  expect(steady(await type(srv, LIST))).toMatchInlineSnapshot(`
    "r     failed, … s ago  10.77.0.2  203.0.113.3:51820
    r: taken back: with what the server wants it is not reached any more
    "
  `);
  await type(srv, "warren node remove mesh x");
  await onRouter(r, CHECKIN);

  // What the policy wants is there before the tunnel is, or there is none.
  await type(srv, "warren node set mesh r tags=router");
  await type(
    srv,
    "warren pull mesh -o /root/mesh.yaml; printf 'policy:\\n  - { from: b, to: r, ports: [tcp/22] }\\n' >>/root/mesh.yaml; warren apply mesh -f /root/mesh.yaml --yes",
  );
  expect(await onRouter(r, `mv ${BIN}/nft /; ${CHECKIN}`)).toMatchInlineSnapshot(`
    "warren: the policy needs a filter here, and there is no nft: install nftables
    exit 1
    "
  `);
  expect(steady(await type(srv, LIST))).toMatchInlineSnapshot(`
    "r     failed, … s ago  10.77.0.2  203.0.113.3:51820
    r: the policy needs a filter here, and there is no nft: install nftables
    "
  `);
  const flushed = `mv /nft ${BIN}; ${CHECKIN}; nft flush ruleset; ${CHECKIN}; ${CHECKIN}; nft list tables`;
  expect(await onRouter(r, flushed)).toMatchInlineSnapshot(`
    "warren: revision 13: filter set, peers set
    warren: put right: filter set
    table inet warren-warren0
    "
  `);
  expect(
    await onRouter(r, `ip link del dev warren0; mv ${BIN}/nft /; ${CHECKIN}; ip link show warren0`),
  ).toMatchInlineSnapshot(`
    "warren: the policy needs a filter here, and there is no nft: install nftables
    ip: can't find device 'warren0'
    exit 2
    "
  `);
});

test("`warren doctor` does not blame a router for what its last visit has mended", async () => {
  const lab = await createControl(ground, ["srv", "b"], { r: { system: ROUTER } });
  const [srv, b, r] = machinesOf(lab, "srv", "b", "r");
  await serveOn(srv);
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  const command = (await type(srv, "warren token create mesh --router")).trim();
  await onRouter(r, `${command} --no-service; ${CHECKIN}; ${PING}; ${CHECKIN}; ${CHECKIN}`);
  // r has nothing to send, and b begins anew after 15 s.
  await onRouter(r, `ip link del dev warren0; ${CHECKIN}`);
  expect(await type(b, "warren doctor r")).toBe("1 tunnel looked at: nothing is wrong\n");
  await onRouter(r, "ip link del dev warren0");
  expect(await typeInVain(b, "warren doctor r")).toMatchInlineSnapshot(`
    "b ↔ r: probably nothing comes to b from r, which it dials at 203.0.113.3:51820 (no-answer)
      r is there from time to time, and may have mended it just now: look again in a minute; then see whether UDP is let in there, and what it says: sh /etc/warren/warren-thin checkin
    "
  `);
  const told = await typeInVain(srv, "warren doctor --network mesh b x");
  expect(`${await typeInVain(b, "warren doctor x")}${told}`).toMatchInlineSnapshot(`
    "b ↔ x: b has no tunnel to x, and is to have none: there is no node of that name, nothing is allowed between them, it goes by way of another, or nobody knows where to dial either of them (not-meant)
      see whom b has tunnels to: warren status; and, where you are signed in, all nodes: warren node list mesh
    warren: error not-found: there is no node x in network mesh
      there are b, r
    "
  `);
});
