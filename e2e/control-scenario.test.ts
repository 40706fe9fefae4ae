/** A managed mesh from the first command to the last, as S4 of the walk-throughs went, without its pains. */
import { expect, test } from "vitest";
import {
  createControl,
  serveOn,
  type,
  typeInVain,
  withoutMoments,
  machinesOf,
} from "./control-machines.ts";
import type { System } from "./system.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

test("a network is made, hosts ask to join it, are approved, bring ranges, and go", async () => {
  const lan = { addresses: ["192.168.40.1/24"] };
  const behind = { addresses: ["192.168.40.5/24"] };
  const lab = await createControl(ground, ["srv", "aws", "azure", "gcp", "aliyun"], {
    aliyun: { ports: { lan } },
    machine: { ports: { lan: behind, net: { addresses: ["203.0.113.50/24"] } } },
  });
  const names = ["aws", "azure", "gcp", "aliyun"];
  const srv = lab.machine("srv");
  const hosts = names.map((name) => lab.machine(name)) as [System, System, System, System];
  const [aws, azure, gcp, aliyun] = hosts;
  await serveOn(srv);

  // Create a network, and allow joining without a key.
  const make = "warren network create clouds addresses=10.0.0.0/24 open=true; warren network list";
  expect(await type(srv, make)).toMatchInlineSnapshot(`
    "clouds: created; let hosts in: warren token create clouds
    network  ranges        nodes  waiting  joining
    mesh     10.77.0.0/16  0      0        by token
    clouds   10.0.0.0/24   0      0        by token, or with approval
    "
  `);

  // Who asks without knowing the server by its key is told which it shows, and has to say that it is the one.
  const ask = "warren join --server 203.0.113.1 --network clouds";
  const refused = await typeInVain(aws, ask);
  expect(refused.replace(/sha256:.*/, "sha256:…")).toMatchInlineSnapshot(`
    "warren: error usage: 203.0.113.1 has to be known by its key
      compare it with what the server printed, and give it: --pin sha256:…
    "
  `);
  const [pin] = /sha256:\S+/.exec(refused) ?? [];
  expect(await type(srv, "journalctl -u warren-server -o cat")).toContain(`known by ${pin}`);

  // Four hosts ask, and wait until somebody approves them; then they are in the mesh, each by the same command.
  const joining = hosts.map((host) => type(host, `${ask} --pin ${pin}`));
  await untilListed(srv, /waits for approval/g, 4);
  await type(srv, names.map((name) => `warren node approve clouds ${name}`).join("\n"));
  const joined = await Promise.all(joining);
  const told = joined.map((text) =>
    text.replace(/\d tunnels?$/m, "… tunnels").replace(/(?<=publicKey=)\S{8}$/m, "…"),
  );
  expect(told).toMatchInlineSnapshot(`
    [
      "waiting for approval: on the server, warren node approve clouds aws publicKey=…
    aws is in clouds, on warren0: … tunnels
    ",
      "waiting for approval: on the server, warren node approve clouds azure publicKey=…
    azure is in clouds, on warren0: … tunnels
    ",
      "waiting for approval: on the server, warren node approve clouds gcp publicKey=…
    gcp is in clouds, on warren0: … tunnels
    ",
      "waiting for approval: on the server, warren node approve clouds aliyun publicKey=…
    aliyun is in clouds, on warren0: … tunnels
    ",
    ]
  `);
  await untilListed(srv, /current/g, 4);
  expect(withoutMoments(await type(srv, "warren node list clouds"))).toMatchInlineSnapshot(`
    "node    state    addresses  endpoint
    aliyun  current  10.0.0.4   203.0.113.5:51821
    aws     current  10.0.0.1   203.0.113.2:51821
    azure   current  10.0.0.2   203.0.113.3:51821
    gcp     current  10.0.0.3   203.0.113.4:51821
    "
  `);
  const addresses = await addressesOf(srv);
  for (const host of hosts) await pingAll(host, addresses);

  // A range behind a host: there are routes to it on all the others, and its machines answer them; both go with it.
  await type(srv, "warren node set clouds aliyun subnets=192.168.40.0/24");
  for (const host of [aws, azure, gcp]) {
    await until(host, "ip route | grep -q '^192.168.40.0/24 dev warren0'");
    await until(host, "ping -n -W 1 -c 1 192.168.40.5");
  }
  await type(srv, "warren node set clouds aliyun subnets=");
  for (const host of [aws, azure, gcp]) await until(host, "! ip route | grep 192.168.40");
  await until(aliyun, "grep -qx 0 /proc/sys/net/ipv4/ip_forward; ! nft list tables | grep warren");

  // Who is taken out is out within two seconds, everywhere, and cannot come back by what he has.
  await type(srv, "warren node remove clouds gcp");
  await Promise.all([
    ...[aws, azure, aliyun].map((host) =>
      until(host, "wg show warren0 | grep -c ^peer | grep -qx 2"),
    ),
    until(gcp, "! ip link show warren0 2>/dev/null"),
    until(gcp, "! systemctl is-active -q warren@clouds"),
  ]);
  expect(await typeInVain(gcp, "warren up")).toMatchInlineSnapshot(`
    "warren: error not-found: this host is in no network
      join one: warren join TOKEN
    "
  `);

  // A host leaves by itself, and the rest of the mesh goes on.
  expect(await type(azure, "warren leave")).toMatchInlineSnapshot(`
    "clouds: left
    "
  `);
  await until(aws, "wg show warren0 | grep -c ^peer | grep -qx 1");
  await pingAll(aws, [addresses[3] ?? ""]);
  expect(withoutMoments(await type(srv, "warren node list clouds"))).toMatchInlineSnapshot(`
    "node    state    addresses  endpoint
    aliyun  current  10.0.0.4   203.0.113.5:51821
    aws     current  10.0.0.1   203.0.113.2:51821
    "
  `);
});

test("a host is in several networks, each with an interface of its own", async () => {
  const lan = { addresses: ["192.168.40.1/24"] };
  const lab = await createControl(ground, ["srv", "a", "b", "c"], { a: { ports: { lan } } });
  const [srv, a, b, c] = machinesOf(lab, "srv", "a", "b", "c");
  await serveOn(srv);
  await type(srv, "warren network create other");
  const tokens = "for network in mesh other; do warren token create $network --uses 0; done";
  const [mesh = "", other = ""] = (await type(srv, tokens)).trim().split("\n");
  await type(a, `warren join ${mesh}`);
  expect(await type(a, `warren join ${other}`)).toMatchInlineSnapshot(`
    "a is in other, on warren1: 0 tunnels
    "
  `);
  await type(b, `warren join ${mesh}`);
  await type(c, `warren join ${other} --interface tunnel`);
  await type(srv, "warren node set mesh a subnets=192.168.40.0/24");
  await type(srv, "warren node set other a subnets=192.168.40.0/24");
  for (const host of [b, c]) {
    await until(host, "ip route | grep -q '^192.168.40.0/24 dev \\(warren0\\|tunnel\\)'");
    await until(host, "ping -n -W 1 -c 1 192.168.40.1");
  }
  await type(a, "ping -n -W 2 -c 1 10.77.0.2; ping -n -W 2 -c 1 10.78.0.2");
  expect(await typeInVain(a, "warren down")).toMatchInlineSnapshot(`
    "warren: error usage: this host is in several networks
      name one of mesh, other
    "
  `);

  // What one of them needs of the host stays until it goes, too.
  await type(a, "warren down mesh; ! ip link show warren0 2>/dev/null");
  await type(c, "ping -n -W 2 -c 1 192.168.40.1");
  await type(a, "grep -qx 1 /proc/sys/net/ipv4/ip_forward; warren leave other");
  await type(a, "grep -qx 0 /proc/sys/net/ipv4/ip_forward; ! ip link show warren1 2>/dev/null");
});

/** Within the two seconds that a host may take, asking again and again. */
async function until(host: System, condition: string): Promise<void> {
  const quoted = `'${condition.replaceAll("'", `'\\''`)}'`;
  await type(host, `timeout 2 sh -c 'until sh -ec "$1"; do sleep 0.05; done' sh ${quoted}`);
}

async function untilListed(srv: System, what: RegExp, count: number): Promise<void> {
  const ask = async () => (await type(srv, "warren node list clouds")).match(what)?.length;
  await expect.poll(ask, { timeout: 20_000, interval: 100 }).toBe(count);
}

async function addressesOf(srv: System): Promise<readonly string[]> {
  const listed = await type(srv, "warren node list clouds");
  return ["aws", "azure", "gcp", "aliyun"].map(
    (name) => new RegExp(`^${name} .*?(10\\.0\\.0\\.\\d+)`, "m").exec(listed)?.[1] ?? "",
  );
}

/** Hosts that are approved at once may call one another before both have heard of it: then again 5 s later. */
async function pingAll(host: System, addresses: readonly string[]): Promise<void> {
  await type(host, addresses.map((address) => `ping -n -W 6 -c 1 ${address}`).join("\n"));
}
