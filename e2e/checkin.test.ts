/** A host whose agent is started by cron alone, and ends each time. */
import { expect, test } from "vitest";
import { createControl, machinesOf, serveOn, type, typeInVain } from "./control-machines.ts";
import { withoutMoments } from "./control-machines.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const PING = "ping -n -W 3 -c 1 10.77.0.1 >/dev/null && echo reached";

test("`warren checkin` does once what an agent does, and its tunnel stays when it has ended", async () => {
  const lab = await createControl(ground, ["srv", "b", "a"]);
  const [srv, b, a] = machinesOf(lab, "srv", "b", "a");
  await serveOn(srv);
  await type(b, "mkdir -p /var/lib/warren; mount -t tmpfs none /var/lib/warren");
  await type(b, `warren join ${await type(srv, "warren token create mesh")}`);
  const token = (await type(srv, "warren token create mesh --ask")).trim();
  const joined = await type(a, `warren join ${token} --no-service 2>/dev/null`);
  expect(joined).toMatchInlineSnapshot(`
    "a has joined mesh; its tunnel comes with /opt/warren/warren checkin mesh, every minute from root's crontab, or /opt/warren/warren agent mesh as a service
    "
  `);
  const watched = (line: string): string => `script -qec '${line}' /dev/null | tr -d '\\r'`;
  expect(await type(a, "warren checkin")).toBe("");
  expect(await type(a, watched("warren checkin"))).toBe("mesh: waiting for approval\n");
  await type(srv, "warren node approve mesh a");
  const first = await type(a, `warren checkin; ${PING}; warren checkin mesh`);
  // That the other end knows this one by now it hears at once, or with the second visit.
  expect(first.replaceAll("revision 6: peer\n", "")).toMatchInlineSnapshot(`
    "revision 6: link, device, peer, mtu, address, up
    reached
    "
  `);
  const list = withoutMoments(await type(srv, "warren node list mesh"));
  expect(list.replace(/\d+ s ago/, "… s ago")).toMatchInlineSnapshot(`
    "node  state             addresses  endpoint
    a     current, … s ago  10.77.0.2  203.0.113.3:51820
    b     current           10.77.0.1  203.0.113.2:51820
    "
  `);

  const stands =
    "warren status | grep -v ^b | sed 's/in [0-9]* s/in … s/; s/, [^,]*=$/, …/; s/ed [0-9]* s/ed … s/'";
  expect(await type(a, stands)).toMatchInlineSnapshot(`
    "a (warren0): checked in … s ago, at revision 6 of 6 of mesh
    a (warren0): UDP port 51820, 10.77.0.2/16, …
    peer  endpoint           last handshake  received … sent   AllowedIPs
    "
  `);
  // What is down stays down, whatever cron starts.
  const down = `warren down; warren checkin; ${watched("warren checkin")}; ip link show warren0 2>&1 || warren status`;
  expect(await typeInVain(a, down)).toMatchInlineSnapshot(`
    "mesh: down; let cron bring it back: warren up mesh --no-service
    mesh: down; let cron bring it back: warren up mesh --no-service
    Device "warren0" does not exist.
    a (warren0): the tunnel is down
      bring it back: warren up mesh; or, where cron does that: warren checkin mesh
    "
  `);
  await type(a, `warren up --no-service; warren checkin; ${PING}`);

  await type(srv, "warren node set mesh b subnets=192.168.9.0/24");
  expect(await type(a, "warren checkin; ip route show dev warren0")).toMatchInlineSnapshot(`
    "revision 7: peer, route
    10.77.0.0/16 proto kernel scope link src 10.77.0.2 
    192.168.9.0/24 proto 87 scope link 
    "
  `);

  // A way into a tunnel that leads nowhere, for the server's own address: once, and not again soon.
  const key = (await type(srv, "wg genkey | wg pubkey")).trim();
  const way = `publicKey=${key} endpoint=203.0.113.99 subnets=203.0.113.1/32`;
  await type(srv, `warren node add mesh x ${way}`);
  expect(await typeInVain(a, "warren checkin")).toMatchInlineSnapshot(`
    "revision 8: peer, route
    taken back: with what the server wants it is not reached any more; mend what was changed
    revision 7: route, peer
    mesh: taken back: with what the server wants it is not reached any more; mend what was changed
    "
  `);
  expect(await typeInVain(a, `${PING}; ip route show dev warren0; warren checkin`))
    .toMatchInlineSnapshot(`
    "reached
    10.77.0.0/16 proto kernel scope link src 10.77.0.2 
    192.168.9.0/24 proto 87 scope link 
    mesh: taken back: with what the server wants it is not reached any more; mend what was changed
    "
  `);
  expect(await type(srv, "warren node list mesh || true")).toContain("\na: taken back: ");
  await type(srv, "warren node remove mesh x");
  await type(a, "warren checkin");

  await type(srv, "systemctl stop warren-server");
  await a.reboot();
  expect(await typeInVain(a, `${PING} || warren checkin`)).toMatchInlineSnapshot(`
    "ping: connect: Network is unreachable
    revision 9: link, device, peer, mtu, address, up, route
    mesh: cannot reach the server 203.0.113.1: the connection is refused
    "
  `);
  await type(a, PING);
  await type(srv, "systemctl start warren-server");
  expect(await type(a, "warren up; warren checkin")).toMatchInlineSnapshot(`
    "a is in mesh, on warren0: 1 tunnel
    "
  `);
  await type(a, "systemctl stop warren@mesh");
  expect((await typeInVain(a, "warren status")).split("\n", 2)).toMatchInlineSnapshot(`
    [
      "a (warren0): the agent of mesh does not run: the tunnel stays as it is",
      "  bring it back: warren up mesh; or, where cron does that: warren checkin mesh",
    ]
  `);
  await type(srv, "warren node remove mesh a");
  expect(await typeInVain(a, "warren checkin")).toMatchInlineSnapshot(`
    "taken out of network mesh: the tunnel is down
    "
  `);
  expect(await typeInVain(a, "ip link show warren0 2>&1 || warren status")).toMatchInlineSnapshot(`
    "Device "warren0" does not exist.
    a (warren0): this host was taken out of mesh
      join again: warren join; or have it forgotten: warren leave mesh
    "
  `);
  expect(await type(b, "warren leave; ls -A /var/lib/warren")).toBe("mesh: left\n");
});
