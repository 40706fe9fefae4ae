/** What somebody changes by hand on a host's tunnel is put right, at once where the kernel tells of it, and told once. */
import { expect, test } from "vitest";
import { createControl, machinesOf, serveOn, type } from "./control-machines.ts";
import type { System } from "./system.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** Other machines do more at once than this one. */
const SOON_MS = 3000;
const LOOK_MS = 10_000;

/** What a tunnel is, without what changes by itself. */
const STATE = `
cat >/run/state <<'end'
wg showconf warren0 | grep -v '^Endpoint'
ip link show dev warren0 | grep -o 'mtu [0-9]*'
ip link show dev warren0 | grep -c '[<,]UP[,>]'
ip -o address show dev warren0 | grep -v fe80 | sed 's/^[0-9]*: *//'
for family in 4 6; do ip -$family route show table all | grep -v 'fe80\\|^multicast' | sort; done
nft list table inet warren-warren0
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv6/conf/net/accept_ra
end
`;

/** Prints after how many milliseconds all is as it was. */
function healing(hand: string): string {
  return `
sh /run/state >/run/before 2>&1
{ ${hand}; } >/dev/null
begun=$(date +%s%3N)
sh /run/state >/run/after 2>&1
! cmp -s /run/before /run/after
timeout 20 sh -c 'until sh /run/state 2>&1 | cmp -s - /run/before; do sleep 0.05; done'
echo $(($(date +%s%3N) - begun))
`;
}

test("what is changed by hand is put right within 10 s, at once where the kernel tells, and told once", async () => {
  const { a, b } = await createPair();
  const key = (await type(a, "wg show warren0 peers")).trim();
  const told = [
    ["ip link delete warren0", "its interface was gone"],
    ["ip link set warren0 down", "its interface was down, "],
    ["ip address add 203.0.113.77/32 dev warren0", "there was address 203.0.113.77/32"],
    ["ip address delete 10.77.0.1/16 dev warren0", "address 10.77.0.1/16 was missing"],
    ["ip route delete 192.168.2.0/24 dev warren0", "route 192.168.2.0/24 was missing"],
    ["ip route add 198.51.100.0/24 dev warren0", "there was route 198.51.100.0/24"],
    ["ip link set warren0 mtu 1300", "its MTU was not 1420"],
    ["nft flush ruleset", "its firewall rules were others"],
    ["echo 0 >/proc/sys/net/ipv4/ip_forward", "setting forward4 was off"],
  ] as const;
  const untold = [
    [`wg set warren0 peer ${key} remove`, "peer b was gone or another"],
    [`wg set warren0 peer ${key} persistent-keepalive 7 allowed-ips ""`, "peer b was gone or"],
    ["echo 1 >/proc/sys/net/ipv6/conf/net/accept_ra", "setting forward6 was off"],
  ] as const;
  const slow: string[] = [];
  for (const [hands, mostMs] of [
    // First what takes longer: from then on the kernel is not read where it has told of nothing.
    [untold, LOOK_MS],
    [told, SOON_MS],
  ] as const) {
    for (const [hand, words] of hands) {
      const since = await cursor(a);
      const ms = Number(await type(a, healing(hand)));
      slow.push(...(ms > mostMs ? [`${hand}: ${ms} ms`] : []));
      // It is told when it is done.
      await expect
        .poll(() => readPutRight(a, since), { timeout: 5000, interval: 50 })
        .toEqual([expect.stringContaining(words)]);
    }
  }
  expect(slow).toEqual([]);
  await type(b, "ping -n -c 1 -W 6 10.77.0.1");
});

test("without anybody who tells, and against another program, it is put right all the same, and not told for ever", async () => {
  const { a } = await createPair();
  await type(a, "for each in $(pidof ip) $(pidof nft); do kill $each; done");
  const hand = "ip route delete 192.168.2.0/24 dev warren0";
  expect(Number(await type(a, healing(hand)))).toBeLessThan(LOOK_MS);
  await type(a, "systemctl restart warren@mesh");
  const since = await cursor(a);
  await type(a, `timeout 12 sh -c 'while :; do ${hand} 2>/dev/null; sleep 0.1; done' || true`);
  const lines = await readPutRight(a, since);
  expect(lines.length).toBeLessThanOrEqual(4);
  expect(lines.at(-1)).toMatch(
    /route 192.168.2.0\/24 was missing; \d+× since that was told last: look for another program that changes warren0, and stop it$/,
  );
  // Somebody else's link is none to put right; that it is there is told once.
  await type(a, "ip link delete warren0; ip link add warren0 type bridge; sleep 10");
  expect(await type(a, "ip -d link show warren0")).toContain("bridge");
  const told = (await journal(a, since)).filter((line) => line.includes("somebody else's"));
  expect(told.length).toBeLessThanOrEqual(2);
  expect(await type(a, "warren status || true")).toContain("somebody else's: bridge");
  await type(
    a,
    "ip link delete warren0; timeout 10 sh -c 'until wg show warren0; do sleep 0.1; done'",
  );
});

async function createPair(): Promise<{ readonly a: System; readonly b: System }> {
  const lan = { addresses: ["192.168.1.1/24"] };
  const lab = await createControl(ground, ["srv", "a", "b"], { a: { ports: { lan } } });
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  await serveOn(srv);
  await type(srv, "warren network set mesh addresses=10.77.0.0/16,fd77::/64");
  const token = await type(srv, "warren token create mesh --uses 0");
  await type(a, "echo 1 >/proc/sys/net/ipv6/conf/net/accept_ra");
  for (const node of [a, b]) await type(node, `warren join ${token}`);
  await type(srv, "warren node set mesh a subnets=192.168.1.0/24,fd00:1::/64");
  await type(srv, "warren node set mesh b subnets=192.168.2.0/24");
  await type(a, STATE);
  const isDone =
    "ip route | grep -q 192.168.2.0/24 && nft list table inet warren-warren0 | grep -q forward";
  await type(a, `timeout 10 sh -c 'until ${isDone}; do sleep 0.1; done'`);
  return { a, b };
}

async function cursor(machine: System): Promise<string> {
  const shown = await type(machine, "journalctl -q -u warren@mesh -n 0 --show-cursor");
  return shown.replace("-- cursor: ", "").trim();
}

async function readPutRight(machine: System, cursor: string): Promise<readonly string[]> {
  return (await journal(machine, cursor)).filter((line) => line.includes("put right"));
}

async function journal(machine: System, cursor: string): Promise<readonly string[]> {
  const words = `journalctl -q -u warren@mesh -o cat --after-cursor '${cursor}'`;
  return (await type(machine, words)).split("\n");
}
