/** A small router whose server is away, has lost its memory, or wants it no more. */
import { expect, test } from "vitest";
import {
  createControl,
  machinesOf,
  serveOn,
  type,
  untilServing,
  withoutMoments,
} from "./control-machines.ts";
import { useGround } from "./systems-fixture.ts";
import { CHECKIN, onRouter, PING, ROUTER } from "./thin-router.ts";

const ground = useGround();

test("its tunnel needs no server: not at boot, not after a restored store; but one that was taken out goes", async () => {
  const lab = await createControl(ground, ["srv", "b"], { r: { system: ROUTER } });
  const [srv, b, r] = machinesOf(lab, "srv", "b", "r");
  await serveOn(srv);
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  await type(srv, "warren server backup /root/before");
  const command = (await type(srv, "warren token create mesh --router")).trim();
  await onRouter(r, `${command} --no-service; ${CHECKIN}; ${CHECKIN}`);
  await type(srv, "warren server backup /root/after; systemctl stop warren-server");
  await r.crash();
  expect(await onRouter(r, `${CHECKIN}; ${PING}; ${CHECKIN}`)).toMatchInlineSnapshot(`
    "warren: put right: warren0 made, peers set, addresses and routes set
    warren: no address of the server answers as it should: curl: (7) Failed to connect to 203.0.113.1 port 8443: Couldn't connect to server
    reached
    exit 1
    "
  `);

  // It was never there, as that copy has it, nor do others know it then; as the other has it, it was. Put
  // back by hand it has the same log, which grows past what the router has seen.
  const told = [];
  for (const put of [
    "cp /root/before /var/lib/warren-server/warren.db",
    "warren server restore /root/before",
    "warren server restore /root/after",
  ]) {
    await type(srv, `systemctl stop warren-server; ${put}; systemctl start warren-server`);
    await untilServing(srv);
    if (put.startsWith("cp")) {
      await type(
        srv,
        "for i in 1 2 3 4 5 6; do warren node set mesh b subnets=192.168.$i.0/24; done",
      );
    }
    const stays = put.endsWith("after") ? PING : "wg show warren0 peers | wc -l";
    told.push(await onRouter(r, `${CHECKIN}; ${stays}; ${CHECKIN}`));
  }
  const unknown =
    "warren: the server does not know this router any more: join again with a new token\n1\nexit 1\n";
  expect(told).toEqual([unknown, unknown.replace(/^.*\n/, ""), "reached\n"]);

  // What would take away most of its peers, or was there before what it has, is no mesh that it knows.
  const forge = (epoch: string, rev: number) => `
    head="device ${epoch} ${rev} $(printf %032d 0)"
    sed "1s/.*/$head/; \\$d" kept >/etc/warren/device
    for i in 1 2 3 4 5 6; do printf 'wg [Peer]\\nwg PublicKey = %s\\n' "$(wg genkey | wg pubkey)"; done >>/etc/warren/device
    echo end >>/etc/warren/device
    ${CHECKIN}; ${PING}`;
  const forged = [forge("another", 2), forge("$(cut -d ' ' -f 2 kept | head -n 1)", 99)];
  expect(await onRouter(r, `cp /etc/warren/device kept; ${forged.join("\n")}`))
    .toMatchInlineSnapshot(`
    "warren: put right: peers set
    warren: refused: it would take away 6 of 7 peers, and nobody says that this is meant
    reached
    warren: put right: peers set
    warren: refused: the server is at revision 5, and has been at 99
    reached
    "
  `);
  await onRouter(r, `cp kept /etc/warren/device; ${CHECKIN}`);

  await type(srv, "warren node remove mesh r");
  expect(await onRouter(r, `${CHECKIN}; ls /etc/warren; ip link show warren0; ${CHECKIN}`))
    .toMatchInlineSnapshot(`
    "warren: taken out of network mesh: the tunnel is down
    ls: /etc/warren: No such file or directory
    ip: can't find device 'warren0'
    warren: this router has joined no network
    exit 78
    "
  `);
  const again = (await type(srv, "warren token create mesh --router")).trim();
  await onRouter(r, `${again} --no-service --name other; ${CHECKIN}; ${PING}`);
  expect(await onRouter(r, "sh warren-thin leave; ip link show warren0; ls /etc/warren"))
    .toMatchInlineSnapshot(`
    "warren: mesh: left
    ip: can't find device 'warren0'
    ls: /etc/warren: No such file or directory
    exit 1
    "
  `);
  expect(withoutMoments(await type(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state    addresses  endpoint
    b     current  10.77.0.1  203.0.113.2:51820
    "
  `);
});
