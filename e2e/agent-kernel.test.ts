/** The agent's kernel on hosts of the lab, with real WireGuard, beside others' rules and under traffic. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Device } from "@warren/core";
import { publicKeyOf } from "@warren/crypto";
import { converge, takeDown } from "../packages/agent/src/converge.ts";
import {
  desiredFor,
  kernelContract,
  memory,
} from "../packages/agent/src/kernel/kernel.contract.ts";
import { meshDocuments } from "../tools/random-mesh.ts";
import { topologyDocuments } from "../tools/random-topology.ts";
import { runs } from "../tools/runs.ts";
import { sampleOfDocument, sampleSecrets } from "../tools/sample.ts";
import { sending } from "./future-handshake.ts";
import { KernelHost } from "./kernel-host.ts";
import { pingDuring } from "./steady-pings.ts";
import { createUnderlay } from "./underlay.ts";
import { useWorld } from "./world-fixture.ts";
import { FOREIGN } from "./foreign-rules.ts";

const fixture = useWorld();

/** Everything that a host has; counters and times are not of it. */
const HOST = `
nft -s list ruleset
for family in 4 6; do
  ip -$family route show table all | sort
  ip -$family rule
done
ip address | grep -v valid_lft
grep -r . /proc/sys/net/ipv4 /proc/sys/net/ipv6 2>/dev/null | sort
`;

/** What of a host is its tunnel's. Where a peer was, WireGuard cannot be told to forget. */
function tunnelOf(name: string): string {
  return `
wg showconf '${name}' | grep -v '^Endpoint'
ip link show dev '${name}' | grep -o 'mtu [0-9]*'
ip -o address show dev '${name}' | grep -v fe80 | sed 's/^[0-9]*: *//'
for family in 4 6; do
  ip -$family route show table all | grep -v 'fe80\\|^multicast' | sort
  ip -$family rule
done
nft -s list ruleset
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
`;
}

describe("LinuxKernel", () => {
  kernelContract(async () => {
    const kernel = await KernelHost.create(fixture, "a");
    const restart = async () => {
      await kernel.kill();
      return await KernelHost.start(kernel.host, join(fixture.folder.path, "a"));
    };
    return { kernel, restart };
  });
});

test("a host comes from any device to any other as if it had had no other before", async () => {
  let count = 0;
  const drawn = fc.oneof(meshDocuments(5), topologyDocuments(5)).map(firstDevice);
  const devices = drawn.filter((device) => device !== undefined);
  await fc.assert(
    fc.asyncProperty(devices, devices, async (before, target) => {
      count += 1;
      const { interface: own, name, publicKey } = before;
      const after = { ...target, interface: own, name, publicKey };
      const changed = await KernelHost.create(fixture, `changed${count}`);
      const fresh = await KernelHost.create(fixture, `fresh${count}`);
      const bare = await changed.sh(HOST);
      const last = memory();
      await converge(changed, desiredFor(before), last);
      await converge(changed, desiredFor(after), last);
      expect((await converge(changed, desiredFor(after), last)).done).toEqual([]);
      await converge(fresh, desiredFor(after), memory());
      expect(sorted(await changed.sh(tunnelOf(own)))).toEqual(
        sorted(await fresh.sh(tunnelOf(own))),
      );
      await takeDown(changed, desiredFor(after).device);
      expect(await changed.sh(HOST)).toBe(bare);
    }),
    { ...runs(6), endOnFailure: true },
  );
});

test("a link is adopted, and changed, while packets pass", async () => {
  const { a, b, devices } = await createPair();
  const [one] = devices;
  await converge(a, desiredFor(one), memory());
  await converge(b, desiredFor(devices[1]), memory());
  const index = await a.sh("cat /proc/net/if_inet6 | awk '$6 == \"warren0\" { print $2; exit }'");
  const wider = pairDevices({ c: { endpoint: "192.0.2.3", subnets: ["192.168.9.0/24"] } })[0];
  let agent = a;
  const counts = await pingDuring([{ source: b.host, target: "10.66.0.1" }], async () => {
    for (const device of [one, wider, one]) {
      await agent.kill();
      agent = await KernelHost.start(a.host, join(fixture.folder.path, "a"));
      const { done } = await converge(agent, desiredFor(device), memory());
      expect(done.filter((step) => /^(link|device|mtu|address)/.test(step))).toEqual([]);
    }
  });
  expect(counts).toMatchObject([{ lost: [] }]);
  expect(counts[0]?.sent).toBeGreaterThan(5);
  const after = await a.sh("cat /proc/net/if_inet6 | awk '$6 == \"warren0\" { print $2; exit }'");
  expect(after).toBe(index);
});

test("a host whose clock went back is refused, until its peer has an entry of it anew", async () => {
  const { a, b, devices } = await createPair();
  const [one, other] = devices;
  const [last, desired] = [memory(), desiredFor(other)];
  await converge(a, desiredFor(one), memory());
  await converge(b, desired, last);
  // As long as it has not been so late there since.
  const words = sending(desiredFor(one).privateKey, other.publicKey, "192.0.2.2");
  await a.host.run({ words, wayOut: "look at e2e/future-handshake.ts" });
  await a.sh("! ping -n -c 1 -W 6 10.66.0.2");
  const peers = other.peers.map((peer) => ({ ...peer, generation: 1 }));
  const anew = desiredFor({ ...other, peers });
  const { done } = await converge(b, anew, last);
  expect(done.map((step) => step.slice(0, 6))).toEqual(["peer -", "peer ~"]);
  await a.sh("ping -n -c 1 -W 10 10.66.0.2");
  expect((await converge(b, anew, last)).done).toEqual([]);
  expect((await converge(b, anew, memory())).done).toEqual([]);
});

test("packets pass others' rules while a tunnel is up, and nothing of it is left behind", async () => {
  const { a, b, devices } = await createPair();
  await a.sh(FOREIGN);
  const before = await a.sh(HOST);
  const [one, other] = devices;
  await converge(b, desiredFor(other), memory());
  const { blocks } = await converge(a, desiredFor(one), memory());
  expect(blocks).toEqual([]);
  expect((await converge(a, desiredFor(one), memory())).done).toEqual([]);
  for (const target of ["10.66.0.1", "192.168.1.5", "fd00:66::1", "fd00:1::5"]) {
    await b.sh(`ping -n -c 3 -i 0.1 -W 2 ${target}`);
  }
  // Else the host would forget the routes that routers advertise.
  expect(await a.sh("cat /proc/sys/net/ipv6/conf/net/accept_ra")).toBe("2\n");
  await takeDown(a, desiredFor(one).device);
  expect(await a.sh(HOST)).toBe(before);
});

test("what no other route knows goes through an exit, and the tunnel's own packets do not", async () => {
  const { a, b, devices } = await createPair({ exit: "a" }, ["0.0.0.0/0", "::/0"]);
  const [one, other] = devices;
  // Strict, as some systems have it: what comes in must come from where an answer would go.
  await b.sh("echo 1 | tee /proc/sys/net/ipv4/conf/all/rp_filter");
  const before = await b.sh(HOST);
  await converge(a, desiredFor(one), memory());
  await converge(b, desiredFor(other), memory());
  expect((await converge(b, desiredFor(other), memory())).done).toEqual([]);
  for (const target of ["198.51.100.5", "10.66.0.1", "192.0.2.1"]) {
    await b.sh(`ping -n -c 2 -i 0.1 -W 2 ${target}`);
  }
  expect(await b.sh("ip rule")).toMatchInlineSnapshot(`
    "0:	from all lookup local
    32764:	not from all fwmark 0xca6c lookup main suppress_prefixlength 0 proto 87
    32765:	not from all fwmark 0xca6c lookup 51820 proto 87
    32766:	from all lookup main
    32767:	from all lookup default
    "
  `);
  await b.sh("ip link delete warren0");
  await takeDown(b, desiredFor(other).device);
  expect(await b.sh(HOST)).toBe(before);
});

test("what somebody changed by hand is as it was, and somebody else's link stays", async () => {
  const kernel = await KernelHost.create(fixture, "a");
  const [device] = pairDevices({});
  const desired = desiredFor(device);
  const last = memory();
  await converge(kernel, desired, last);
  const before = await kernel.sh(tunnelOf("warren0"));
  for (const hand of [
    "ip link delete warren0",
    "ip link set warren0 down",
    "ip address flush dev warren0",
    "ip address add 203.0.113.4/24 dev warren0; ip route add 198.51.100.0/24 dev warren0",
    "ip route delete 192.168.2.0/24 dev warren0",
    "ip address flush dev warren0; ip address add 10.66.9.9/16 dev warren0",
    "nft flush ruleset",
    "nft flush chain inet warren-warren0 forward",
    "echo 0 >/proc/sys/net/ipv4/ip_forward",
    `wg set warren0 peer ${device.peers[0]?.publicKey} persistent-keepalive 7 allowed-ips ""`,
    `wg set warren0 listen-port 7 fwmark 9 peer ${device.peers[0]?.publicKey} remove`,
  ]) {
    await kernel.sh(hand);
    const { done } = await converge(kernel, desired, last);
    expect({ hand, done }).not.toEqual({ hand, done: [] });
    // What is done is not undone by what is done after it.
    expect({ hand, done }).toEqual({ hand, done: [...new Set(done)] });
    const after = sorted(await kernel.sh(tunnelOf("warren0")));
    expect({ hand, after }).toEqual({ hand, after: sorted(before) });
  }
  await kernel.sh("ip link delete warren0; ip link add warren0 type bridge");
  await expect(converge(kernel, desired, last)).rejects.toThrow(
    /warren0 is somebody else's: bridge/,
  );
});

test("a thousand peers are there in a moment, and one that changes leaves the others alone", async () => {
  const kernel = await KernelHost.create(fixture, "a");
  const names = Array.from({ length: 1001 }, (_, at) => `n${at}`);
  const nodes = names.map((name, at) => [name, { endpoint: `192.0.${at >> 8}.${at & 255}` }]);
  const addresses = ["10.66.0.0/16"];
  const network = { name: "n", addresses, interface: "warren0" };
  const device = firstDevice({ network, nodes: Object.fromEntries(nodes) });
  if (device === undefined) throw new Error("it compiles");
  const desired = desiredFor(device);
  const startedAt = performance.now();
  const { done } = await converge(kernel, desired, memory());
  const tookMs = performance.now() - startedAt;
  expect(done.length).toBeGreaterThan(1000);
  // In userspace on a busy machine; the kernel's own takes a part of it.
  expect(tookMs).toBeLessThan(5000);
  const peers = device.peers.map((peer, at) =>
    at === 500 ? { ...peer, keepaliveSeconds: 9 } : peer,
  );
  const changed = await converge(kernel, desiredFor({ ...device, peers }), memory());
  expect(changed.done).toHaveLength(1);
});

function firstDevice(document: unknown): Device | undefined {
  try {
    return sampleOfDocument(document).devices[0];
  } catch {
    return undefined;
  }
}

/** a has machines behind it, b has none; both have the keys that their names give. */
function pairDevices(
  others: Readonly<Record<string, object>>,
  fields: object = {},
  exits: readonly string[] = [],
): readonly [Device, Device] {
  const nodes = {
    a: { endpoint: "192.0.2.1", subnets: ["192.168.1.0/24", "fd00:1::/64", ...exits] },
    b: { endpoint: "192.0.2.2", subnets: ["192.168.2.0/24"], ...fields },
    ...others,
  };
  const keyed = Object.entries(nodes).map(([name, node]) => {
    const privateKey = sampleSecrets.privateKey(name as Device["name"]);
    if (privateKey === undefined) throw new Error("every sample has one");
    return [name, { ...node, publicKey: publicKeyOf(privateKey) }];
  });
  const addresses = ["10.66.0.0/16", "fd00:66::/64"];
  const network = { name: "n", addresses, interface: "warren0" };
  const { devices } = sampleOfDocument({ network, nodes: Object.fromEntries(keyed) });
  const [a, b] = devices;
  if (a === undefined || b === undefined) throw new Error("there are two");
  return [a, b];
}

async function createPair(fields: object = {}, exits: readonly string[] = []) {
  const underlay = await createUnderlay(fixture, {
    hosts: {
      a: {
        ports: {
          net: { addresses: ["192.0.2.1/24"] },
          lan: { addresses: ["192.168.1.1/24", "198.51.100.1/24", "fd00:1::1/64"] },
        },
      },
      // It reaches the other by its default route, as most do.
      b: { ports: { net: { addresses: ["192.0.2.2/32"] } }, routes: ["default dev net"] },
      m: {
        ports: { lan: { addresses: ["192.168.1.5/24", "198.51.100.5/24", "fd00:1::5/64"] } },
      },
    },
  });
  const [a, b] = await Promise.all(
    ["a", "b"].map((name) =>
      KernelHost.start(underlay.host(name), join(fixture.folder.path, name)),
    ),
  );
  if (a === undefined || b === undefined) throw new Error("there are two");
  return { a, b, devices: pairDevices({}, fields, exits) };
}

function sorted(text: string): readonly string[] {
  return text.split("\n").toSorted();
}
