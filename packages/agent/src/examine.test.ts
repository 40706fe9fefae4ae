/** What an end says of itself, on a kernel in memory; its tunnels are looked at on real machines, in e2e/. */
import type { Bundle, EndFacts } from "@warren/api";
import type { Name, PublicKey } from "@warren/core";
import { parseAddress, Problem } from "@warren/core";
import { publicKeyOf } from "@warren/crypto";
import { expect, test } from "vitest";
import { FakeKernel } from "../../../tools/fake-kernel.ts";
import type { FakeInterface } from "../../../tools/fake-kernel.ts";
import { sampleOf } from "../../../tools/sample.ts";
import { converge } from "./converge.ts";
import { examine } from "./examine.ts";
import { desiredFor, memory } from "./kernel/kernel.contract.ts";
import type { Link } from "./kernel/kernel.ts";
import { desiredOf } from "./reconcile.ts";

const MESH = `
network: { name: n, addresses: [10.66.0.0/16], interface: warren0 }
nodes:
  a: { endpoint: 192.0.2.1, subnets: [192.168.1.0/24] }
  b: { endpoint: 192.0.2.2, subnets: [192.168.2.0/24] }
`;
const NOW = 1_700_000_000_000;

test("examine() tells how the tunnel stands, and of whom it knows nothing", async () => {
  const whole = await look({});
  expect(whole).toMatchObject({ link: "up", lacks: [], isForwarding: true, blocks: [] });
  expect(whole.addresses).toEqual(["192.0.2.1"]);
  expect(whole.peers).toEqual([
    { peer: "x", isMeant: false, isLetIn: false, sent: 0, received: 0 },
  ]);
  const routes = new Set<string>();
  expect(await look({ disturb: { link: undefined } })).toMatchObject({ link: "absent" });
  expect(await look({ disturb: { routes } })).toMatchObject({ link: "up", lacks: ["route"] });
  const settings = new Map([["forward4", false]] as const);
  expect(await look({ disturb: { settings } })).toMatchObject({ isForwarding: false, lacks: [] });
  const foreign = { kind: "foreign", what: "bridge" } as const;
  expect(await look({ disturb: { link: foreign } })).toMatchObject({ link: "foreign", lacks: [] });
});

test("examine() tells of a tunnel of another key, of others' rules, and of a clock that went back", async () => {
  const other = ({ link }: FakeInterface): Partial<FakeInterface> => {
    return { link: { ...(link as Link), publicKey: `${"x".repeat(43)}=` as PublicKey } };
  };
  expect(await look({ disturb: other })).toMatchObject({ link: "foreign", isKeyOther: true });
  const iptables = "*filter\n:INPUT DROP [0:0]\n";
  const guarded = await look({ iptables, disturb: { admissions: [] } });
  expect(guarded.blocks.map(({ kind }) => kind)).toEqual(["tunnel", "input"]);
  expect((await look({ iptables })).blocks).toEqual([]);
  expect(await look({ writtenMs: NOW + 60_000 })).toMatchObject({ isClockBack: true });
  expect(await look({ writtenMs: NOW + 1000 })).not.toHaveProperty("isClockBack");
});

interface Wish {
  readonly disturb?: Partial<FakeInterface> | ((now: FakeInterface) => Partial<FakeInterface>);
  readonly iptables?: string;
  readonly writtenMs?: number;
}

/** At host a, which was as it should be before it was disturbed. */
async function look({ disturb = {}, iptables = "", writtenMs = NOW }: Wish): Promise<EndFacts> {
  const [device] = sampleOf(MESH).devices;
  if (device === undefined) throw new Error("it has two");
  const kernel = new FakeKernel(publicKeyOf, { firewalls: { iptables } });
  const { privateKey } = desiredFor(device);
  const own = { ...device, publicKey: publicKeyOf(privateKey) };
  const bundle: Bundle = { device: own, presharedKeys: new Map() };
  await converge(kernel, desiredOf(bundle, privateKey), memory());
  kernel.disturb(device.interface, typeof disturb === "function" ? disturb : () => disturb);
  const outer = parseAddress("192.0.2.1");
  if (outer instanceof Problem) throw new Error(String(outer));
  return await examine(["x" as Name], {
    bundle,
    privateKey,
    kernel,
    resolve: async () => undefined,
    readAddresses: () => [...own.addresses.map(({ address }) => address), outer],
    nowMs: () => NOW,
    writtenMs,
    about: { isAgentRunning: true, rev: 1 },
  });
}
