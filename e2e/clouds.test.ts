/** The network between the clouds, without any tunnel: what must not be there is the test. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createClouds, type Cloud } from "../lab/clouds.ts";
import type { CloudHost } from "../lab/plan.ts";
import type { Host } from "../lab/world.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();

test("machines of two clouds do not reach each other without a tunnel", async () => {
  const [a, b] = await create(
    cloud("a", { subnets: ["192.168.10.0/24"] }),
    cloud("b", { subnets: ["192.168.20.0/24"] }),
  );
  // Even if both hosts forwarded, as a mesh makes them do: it is the internet that knows no way.
  for (const { host } of [a, b]) await print(host, "sysctl", "-w", "net.ipv4.ip_forward=1");
  expect(await reaches(machineOf(a), "192.168.10.1")).toBe(true);
  expect(await reaches(a.host, "b.example")).toBe(true);
  expect(await reaches(machineOf(a), "192.168.20.10")).toBe(false);
  expect(await reaches(a.host, "192.168.20.10")).toBe(false);
  expect(await reaches(a.host, "192.168.20.1")).toBe(false);
});

test("the internet has routes to public addresses alone", async () => {
  await create(
    cloud("a", { subnets: ["192.168.10.0/24"] }),
    cloud("b", { endpointAddresses: ["198.51.100.7"] }),
  );
  expect(await print(fixture.world.internet, "ip", "-4", "route", "show")).toMatchInlineSnapshot(`
    "198.51.100.7 dev host2 scope link 
    203.0.113.11 dev host1 scope link 
    "
  `);
});

test("a host is fresh: it forwards nothing, has no tunnel, and asks no resolver", async () => {
  const [a] = await create(cloud("a", {}));
  expect(await print(a.host, "sysctl", "-n", "net.ipv4.ip_forward")).toBe("0\n");
  expect(await print(a.host, "sysctl", "-n", "net.ipv6.conf.all.forwarding")).toBe("0\n");
  expect(await print(a.host, "ls", "/run")).toBe("");
  expect(await print(a.host, "cat", "/etc/resolv.conf")).toBe("");
  expect(await print(a.host, "cat", "/etc/hosts")).toBe(
    "127.0.0.1 localhost\n203.0.113.11 a.example\n",
  );
});

test("IPv6 networks and endpoints work like IPv4's", async () => {
  const [a, b] = await create(
    cloud("a", { subnets: ["fd00:10::/64"], endpointAddresses: ["2001:db8::a"] }),
    cloud("b", { subnets: ["fd00:20::/64"], endpointAddresses: ["2001:db8::b"] }),
  );
  expect(await reaches(a.host, "b.example")).toBe(true);
  expect(await reaches(machineOf(a), "fd00:10::1")).toBe(true);
  expect(await reaches(a.host, "fd00:20::1")).toBe(false);
  expect(machineOf(b).name).toBe("the machine behind b");
});

test("a command that fails says where, how and what it said", async () => {
  const [a] = await create(cloud("a", {}));
  const words = ["ip", "link", "set", "nothing", "up"];
  await expect(a.host.run({ words, wayOut: "look for it" })).rejects.toThrow(
    'cannot run "ip link set nothing up" on a: exit status 1: Cannot find device "nothing"\n  look for it',
  );
});

test("hosts with endpoints of different families have both", async () => {
  const [a, b] = await create(
    cloud("a", { endpointAddresses: ["198.51.100.7"] }),
    cloud("b", { endpointAddresses: ["2001:db8::b"] }),
  );
  expect(await reaches(b.host, "198.51.100.7")).toBe(true);
  expect(await reaches(a.host, "2001:db8::b")).toBe(true);
});

test("orphans that end in the world are not kept as zombies", async () => {
  const [a] = await create(cloud("a", {}));
  // The orphan holds the output open: the command is over when the orphan is.
  await print(a.host, "bash", "-c", "sleep 0.05 & exit");
  const children = ["-o", "stat=", "--ppid", String(fixture.world.internet.pid)];
  expect(execFileSync("ps", children, { encoding: "utf8" })).not.toContain("Z");
});

function cloud(name: string, part: Partial<CloudHost>): CloudHost {
  const names = [`${name}.example`];
  const addresses = { addresses: [], names, endpointAddresses: [], subnets: [], isPublic: true };
  return {
    name,
    folder: join(fixture.folder.path, name),
    ...addresses,
    ...part,
  };
}

async function create(
  first: CloudHost,
  ...rest: readonly CloudHost[]
): Promise<readonly [Cloud, Cloud]> {
  const hosts = [first, ...rest];
  for (const host of hosts) mkdirSync(host.folder);
  const [a, b = a] = await createClouds(fixture.world, hosts, {
    folder: fixture.folder.path,
    place: "/etc/wireguard",
  });
  if (a === undefined || b === undefined) throw new Error("no cloud was created");
  return [a, b];
}

function machineOf({ plan, machines }: Cloud): Host {
  const [machine] = machines;
  if (machine === undefined) throw new Error(`${plan.name} has no machine`);
  return machine.host;
}

function print(host: Host, ...words: readonly string[]): Promise<string> {
  return host.run({ words, wayOut: "" });
}

async function reaches(host: Host, target: string): Promise<boolean> {
  const words = ["ping", "-n", "-c", "1", "-w", "1", target];
  return (await host.attempt({ words, wayOut: "" })).status === 0;
}
