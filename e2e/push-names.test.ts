/** Endpoints that are names, on real machines: systemd asks again, wg never hears of them, nothing of it is left. */
import { expect, test } from "vitest";
import { PushDesk, at, sh } from "./push-desk.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const hosts = {
  desk: at("203.0.113.100"),
  a: at("203.0.113.1", {}),
  // It moves from its second address to its first, by which ssh reaches it.
  b: { ports: { net: { addresses: ["203.0.113.22/24", "203.0.113.2/24"] } }, system: {} },
};

/** Nobody dials a: what comes back to it comes because it has found b. */
const MESH = `
network: { name: m, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { ssh: a }
  b: { ssh: b, endpoint: b.example }
`;

const FOLLOWS = `
systemctl is-active warren-endpoints@wg0.timer
systemctl is-enabled warren-endpoints@wg0.timer
grep -c example /etc/wireguard/wg0.conf
wg show wg0 endpoints | cut -f 2
`;

test("a host follows a peer whose name it is given, by systemd's timer, also after a reboot", async () => {
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, MESH);
  const [a, b] = [lab.machine("a"), lab.machine("b")];
  const before = await readSnapshot(a);
  // The machine's own file is put back in the end.
  await sh(a, "cp /etc/hosts /run/hosts; echo 203.0.113.2 b.example >>/etc/hosts");
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  8 changes: started, files, start at boot
    b  4 changes: started, files, start at boot
    2 of 2 pairs reach each other
    "
  `);
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  as it is to be
    b  as it is to be
    2 of 2 pairs reach each other
    "
  `);
  const following = await a.attempt({ words: ["sh", "-c", FOLLOWS], wayOut: "" });
  expect(following.output).toBe("active\nenabled\n0\n203.0.113.2:51820\n");

  await sh(b, "ip address del 203.0.113.2/24 dev net");
  await sh(a, "cp /run/hosts /etc/hosts; echo 203.0.113.22 b.example >>/etc/hosts");
  // 60 s is what is promised: ping ends with the first answer.
  await sh(a, "ping -q -c 1 -w 60 10.0.0.2");
  expect(await sh(a, "wg show wg0 endpoints | cut -f 2")).toBe("203.0.113.22:51820\n");
  expect(await sh(a, "journalctl -q -o cat -u warren-endpoints@wg0")).toBe(
    "warren-endpoints: wg0: b now at 203.0.113.2:51820\nwarren-endpoints: wg0: b now at 203.0.113.22:51820\n",
  );
  await a.reboot();
  await sh(a, "ping -q -c 1 -w 30 10.0.0.2");

  // As one leaves it that is ended at a bad moment.
  await sh(a, "touch /run/warren/wg0.endpoints-state.1");
  desk.change("b.example", "203.0.113.22");
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "a  6 changes: peers, files
    b  as it is to be
    2 of 2 pairs reach each other
    "
  `);
  expect(
    await sh(a, "systemctl list-units --all --plain --no-legend 'warren*'; ls /etc/wireguard"),
  ).toBe("wg0.before\nwg0.conf\nwg0.key\nwg0.state\n");

  desk.change("interface: wg0", "interface: wg7");
  const renamed = await desk.warren("push", "--remove", "--all");
  expect(`${renamed.status}\n${renamed.errors}${renamed.output}`).toMatchInlineSnapshot(`
    "2
    a  error interface-renamed (check): its tunnel of this mesh is there under the name wg0, and the mesh file says wg7
       take it off under its old name first: warren set network interface=wg0, and warren push --remove a; then set the new name, and push
    b  error interface-renamed (check): its tunnel of this mesh is there under the name wg0, and the mesh file says wg7
       take it off under its old name first: warren set network interface=wg0, and warren push --remove b; then set the new name, and push
    2 of 2 hosts failed
    "
  `);
  desk.change("interface: wg7", "interface: wg0");
  await desk.pushed("--remove", "--all");
  await sh(a, "sed -i /b.example/d /etc/hosts");
  expect(await readSnapshot(a)).toEqual(before);
});
