/** What every kernel does, the real one and the fake one: what was said of it is what it says. */
import { expect, test } from "vitest";
import type { Device, InterfaceName } from "@warren/core";
import { publicKeyOf } from "@warren/crypto";
import { sampleOf, sampleSecrets } from "../../../../tools/sample.ts";
import { converge, takeDown } from "../converge.ts";
import type { Memory } from "../converge.ts";
import { desiredOf } from "../reconcile.ts";
import type { Desired } from "../reconcile.ts";
import type { Kernel, KernelState, PolicyRule } from "./kernel.ts";

const MESH = `
network: { name: n, addresses: [10.66.0.0/16, "fd00:66::/64"], interface: warren0 }
nodes:
  a: { endpoint: 192.0.2.1, subnets: [192.168.1.0/24], listenPort: 51871 }
  b: { endpoint: 192.0.2.2, subnets: [192.168.2.0/24, "fd00:2::/64"] }
  c: { endpoint: "[2001:db8::3]:7", keepalive: 21 }
`;
const OTHER = `
network: { name: n, addresses: [10.67.0.0/16], interface: warren0, presharedKeys: false }
nodes:
  a: { endpoint: 192.0.2.1, listenPort: 51872, fwmark: 77, mtu: 1300 }
  b: { endpoint: 192.0.2.2, subnets: [192.168.3.0/24] }
  d: { endpoint: 192.0.2.4 }
`;

/** As an agent has it; keys of devices must be those of private keys, which a sample's are not. */
export function desiredFor(device: Device): Desired {
  const privateKey = sampleSecrets.privateKey(device.name);
  if (privateKey === undefined) throw new Error("every sample has one");
  const own = { ...device, publicKey: publicKeyOf(privateKey), isKeyElsewhere: true };
  const presharedKeys = device.peers.flatMap(({ publicKey, presharedKeyId }) =>
    presharedKeyId === undefined
      ? []
      : [[publicKey, sampleSecrets.presharedKey(presharedKeyId)] as const],
  );
  return desiredOf({ device: own, presharedKeys: new Map(presharedKeys) }, privateKey);
}

export function memory(): Memory {
  return { endpoints: new Map(), generations: new Map(), silent: new Map() };
}

/** `create` makes one on a host that has nothing; `restart` gives what an agent has after one. */
export function kernelContract(
  create: () => Promise<{ readonly kernel: Kernel; readonly restart: () => Promise<Kernel> }>,
): void {
  const [first, second] = [MESH, OTHER].map((text) => {
    const [device] = sampleOf(text).devices;
    if (device === undefined) throw new Error("the sample has a first node");
    return desiredFor(device);
  });
  if (first === undefined || second === undefined) throw new Error("there are two");
  const { name } = first;
  const other = "warren1" as InterfaceName;

  test("a kernel says what it was told, and a second time there is nothing to tell", async () => {
    const { kernel: one, restart } = await create();
    const bare = await one.read(name);
    const { done } = await converge(one, first, memory());
    expect(done).not.toEqual([]);
    expect(summary(await one.read(name))).toMatchInlineSnapshot(`
      "JI8tsQKS8gWqHXq+20EDTJbX4XD3KFJsl54I2EJJAw0= port 51871 mark 0 mtu 1420 up
      LZOV +tdx [2001:db8::3]:7 0 10.66.0.3/32 fd00:66::3/128
      ZGFt 89x+ 192.0.2.2:51820 0 10.66.0.2/32 192.168.2.0/24 fd00:2::/64 fd00:66::2/128
      addresses 10.66.0.1/16 fd00:66::1/64
      routes 192.168.2.0/24 fd00:2::/64
      rules 0 settings forward4
      # Made by Warren, form 1. Changes here are lost: change the mesh and render again.
      table inet warren-warren0
      delete table inet warren-warren0
      table inet warren-warren0 {
      	chain forward {
      		type filter hook forward priority filter; policy accept;
      		oifname "warren0" tcp flags syn tcp option maxseg size set rt mtu
      		iifname != "warren0" accept
      		ct state established,related accept
      		oifname "warren0" drop
      		ip daddr 192.168.1.0/24 accept
      		drop
      	}
      	chain postrouting {
      		type nat hook postrouting priority srcnat; policy accept;
      		iifname "warren0" oifname != "warren0" ip daddr 192.168.1.0/24 masquerade
      	}
      }
      "
    `);
    expect((await converge(one, first, memory())).done).toEqual([]);
    // Nor after a restart.
    const kernel = await restart();
    expect((await converge(kernel, first, memory())).done).toEqual([]);
    await takeDown(kernel, first.device);
    expect(await kernel.read(name)).toEqual(bare);
    expect(await takeDown(kernel, first.device)).toEqual([]);
  });

  test("a kernel goes from one device to another on the same link", async () => {
    const { kernel } = await create();
    await converge(kernel, first, memory());
    const before = await kernel.read(name);
    await converge(kernel, second, memory());
    const after = await kernel.read(name);
    expect(summary(after)).toMatchInlineSnapshot(`
      "JI8tsQKS8gWqHXq+20EDTJbX4XD3KFJsl54I2EJJAw0= port 51872 mark 77 mtu 1300 up
      UGZP none 192.0.2.4:51820 0 10.67.0.3/32
      ZGFt none 192.0.2.2:51820 0 10.67.0.2/32 192.168.3.0/24
      addresses 10.67.0.1/16
      routes 192.168.3.0/24
      rules 0 settings 
      no table"
    `);
    expect(linkOf(after).index).toBe(linkOf(before).index);
    await converge(kernel, first, memory());
    const again = await kernel.read(name);
    expect(summary(again)).toEqual(summary(before));
  });

  test("a kernel moves an AllowedIP to the peer that was given it last", async () => {
    const { kernel } = await create();
    await converge(kernel, first, memory());
    const [b, c] = [...first.peers.keys()];
    if (b === undefined || c === undefined) throw new Error("there are two");
    const allowedIps = new Set(["10.99.0.0/16"]);
    for (const publicKey of [b, c]) {
      await kernel.run(name, [{ kind: "peer", publicKey, change: { allowedIps } }]);
    }
    const { peers } = linkOf(await kernel.read(name));
    expect([peers.get(b)?.allowedIps, peers.get(c)?.allowedIps]).toEqual([new Set(), allowedIps]);
    expect((await converge(kernel, first, memory())).done).toHaveLength(2);
  });

  test("a kernel takes the routes of a family away with its last address", async () => {
    const { kernel } = await create();
    await converge(kernel, first, memory());
    const address = "10.66.0.1/16";
    await kernel.run(name, [{ kind: "address", isAdded: false, address }]);
    expect((await kernel.read(name)).routes).toEqual(new Set(["fd00:2::/64"]));
    const { done } = await converge(kernel, first, memory());
    expect(done).toEqual([`address + ${address}`, "route + 192.168.2.0/24"]);
  });

  test("a kernel knows the policy rules of an interface, and whoever added them", async () => {
    const { kernel } = await create();
    const common = { family: 6, fwmark: 51_820 } as const;
    const rules: readonly PolicyRule[] = [
      { ...common, priority: 32_764, table: 254, isForDefaults: false },
      { ...common, priority: 32_765, table: 51_820, isForDefaults: true },
    ];
    const step = (isAdded: boolean) => (rule: PolicyRule) =>
      ({ kind: "policy-rule", isAdded, rule }) as const;
    await kernel.run(name, rules.map(step(true)));
    expect((await kernel.read(name)).policyRules).toEqual(rules);
    expect((await kernel.read(other)).policyRules).toEqual([]);
    await kernel.run(name, rules.map(step(false)));
    expect((await kernel.read(name)).policyRules).toEqual([]);
  });

  test("a kernel refuses what it has not, with a code", async () => {
    const { kernel } = await create();
    const steps = [{ kind: "mtu", mtu: 1400 }] as const;
    await expect(kernel.run(name, steps)).rejects.toMatchObject({ code: "kernel" });
  });
}

function linkOf({ link }: KernelState) {
  if (link?.kind !== "wireguard") throw new Error("there is no link of ours");
  return link;
}

/** Without what differs from kernel to kernel. */
function summary(state: KernelState): string {
  const { listenPort, fwmark, mtu, isUp, publicKey, peers } = linkOf(state);
  const sorted = (each: Iterable<string>): string => [...each].sort().join(" ");
  return [
    `${publicKey} port ${listenPort} mark ${fwmark} mtu ${mtu} ${isUp ? "up" : "down"}`,
    ...[...peers.keys()].sort().map((key) => {
      const peer = peers.get(key);
      if (peer === undefined) return "";
      const { presharedKey = "none", allowedIps, endpoint = "nowhere", keepaliveSeconds } = peer;
      const secret = presharedKey.slice(0, 4);
      return `${key.slice(0, 4)} ${secret} ${endpoint} ${keepaliveSeconds} ${sorted(allowedIps)}`;
    }),
    `addresses ${sorted(state.addresses)}`,
    `routes ${sorted(state.routes)}`,
    `rules ${state.policyRules.length} settings ${sorted(state.settings.keys())}`,
    ...(state.table ?? "no table").split("\n"),
  ].join("\n");
}
