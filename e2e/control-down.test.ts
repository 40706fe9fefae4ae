/** What a host has is another's: nothing of it is changed for good, whatever is in the way of a tunnel there. */
import { expect, test } from "vitest";
import { createControl, serveOn, type, machinesOf } from "./control-machines.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { useGround } from "./systems-fixture.ts";
import { FOREIGN } from "./foreign-rules.ts";

const ground = useGround();

/** And routes by a mark, and a resolver's file of his own. */
const OTHERS = `${FOREIGN}
ip rule add pref 100 fwmark 7 lookup 7
ip route add 198.51.100.0/24 via 203.0.113.100 table 7
echo nameserver 203.0.113.100 >/etc/resolv.conf
`;

/** Word for word, as the kernel says them. */
const EXACT = `
nft -s list ruleset
for family in 4 6; do ip -$family route show table all | sort; ip -$family rule; done
ip address | grep -v valid_lft
grep -r . /proc/sys/net/ipv4 /proc/sys/net/ipv6 2>/dev/null | grep -v 'stable_secret\\|nf_conntrack_count' | sort
cat /etc/resolv.conf
`;

test("others' rules let a tunnel's packets through while it is up, and are the same after `warren down`", async () => {
  const lan = { addresses: ["192.168.1.1/24", "fd00:1::1/64"] };
  const behind = { addresses: ["192.168.1.5/24", "fd00:1::5/64"] };
  const net = { addresses: ["203.0.113.50/24"] };
  const lab = await createControl(ground, ["srv", "a", "b"], {
    a: { ports: { lan } },
    m: { ports: { net, lan: behind } },
  });
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  await serveOn(srv);
  await type(srv, "warren network set mesh addresses=10.77.0.0/16,fd77::/64");
  await type(a, OTHERS);
  const token = await type(srv, "warren token create mesh --uses 0");
  // Whatever this machine has of its own.
  await type(a, "rm -rf /var/lib/warren");
  const [exact, snapshot] = [await type(a, EXACT), await readSnapshot(a)];

  await type(a, `warren join ${token}`);
  await type(srv, "warren node set mesh a subnets=192.168.1.0/24,fd00:1::/64");
  await type(b, `warren join ${token}`);
  const targets = "10.77.0.1 fd77::1 192.168.1.5 fd00:1::5";
  await type(b, `for target in ${targets}; do ping -n -c 1 -W 2 $target; done`);

  expect(await type(a, "warren down")).toMatchInlineSnapshot(`
    "mesh: down; bring it back: warren up mesh
    "
  `);
  expect(await type(a, EXACT)).toBe(exact);
  expect(await type(a, "warren down")).toMatchInlineSnapshot(`
    "mesh: was down already
    "
  `);
  expect(await type(a, "warren up")).toMatchInlineSnapshot(`
    "a is in mesh, on warren0: 1 tunnel
    "
  `);
  await type(b, `for target in ${targets}; do ping -n -c 1 -W 6 $target; done`);
  expect(await type(a, "warren leave")).toMatchInlineSnapshot(`
    "mesh: left
    "
  `);
  expect(await type(a, EXACT)).toBe(exact);
  // Services and files, too: there is nothing left of it.
  await expect.poll(() => readSnapshot(a), { timeout: 5000 }).toEqual(snapshot);
});
