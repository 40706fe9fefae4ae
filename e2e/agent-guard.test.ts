/** A change that cuts a host off from its server and its peers is taken back by the host itself. */
import { expect, test } from "vitest";
import { createControl, machinesOf, serveOn, type } from "./control-machines.ts";
import type { System } from "./system.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** Somebody else's, on a host: as long as no tunnel marks its packets nothing comes of it. */
const FOREIGN = `nft -f - <<'end'
table inet other {
  chain out {
    type filter hook output priority 10; policy accept;
    oifname net meta mark != 0 drop
  }
}
end
`;

test("a host that its exit cuts off goes back by itself, and tells why, until that is mended", async () => {
  const net = { addresses: ["203.0.113.2/32"] };
  const lab = await createControl(ground, ["srv", "a", "b", "c"], {
    a: { ports: { net }, routes: ["default dev net"] },
  });
  const [srv, a, b, c] = machinesOf(lab, "srv", "a", "b", "c");
  await serveOn(srv);
  const token = await type(srv, "warren token create mesh --uses 0");
  for (const node of [a, b, c]) await type(node, `warren join ${token}`);
  await type(srv, "warren node set mesh b subnets=0.0.0.0/0");
  // Everybody is heard all the time: two looks later that is known.
  const ping = (host: number): string =>
    `ping -n -i 1 10.77.0.${host} >/dev/null 2>&1 </dev/null &`;
  await type(a, `${FOREIGN}${ping(2)}\n${ping(3)}\nsleep 18`);
  const before = await type(a, "ip rule; ip route");

  await type(srv, "warren node set mesh a exit=b");
  const seconds = Number(await type(a, UNTIL_BACK));
  expect(seconds).toBeGreaterThan(10);
  expect(seconds).toBeLessThan(30);
  await expect.poll(() => type(a, "ip rule; ip route"), { timeout: 5000 }).toBe(before);
  await type(a, "ping -n -c 1 -W 10 10.77.0.2");
  expect(await statusOf(a)).toContain("neither the server nor 2 of 2 peers answered");
  const list = (): Promise<string> => type(srv, "warren node list mesh || true");
  await expect.poll(list, { timeout: 90_000, interval: 500 }).toContain("cut this host off");

  await type(srv, "warren node set mesh a exit=");
  await expect.poll(() => statusOf(a), { timeout: 90_000 }).not.toContain("cut this host off");
  expect(await type(a, "ip rule; ip route")).toBe(before);
});

/** From the moment at which it is cut off. */
const UNTIL_BACK = `
timeout 20 sh -c 'until ip rule | grep -q "lookup 51820"; do sleep 0.1; done'
begun=$(date +%s)
timeout 60 sh -c 'while ip rule | grep -q "lookup 51820"; do sleep 0.1; done'
echo $(($(date +%s) - begun))
`;

async function statusOf(machine: System): Promise<string> {
  const { output, errors } = await machine.attempt({ words: ["warren", "status"], wayOut: "" });
  return output + errors;
}
