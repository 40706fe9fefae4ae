/** What a tunnel does without a look is what it would have done with one. */
import { applyDelta, bundleAfter, bundleOf, deltaBetween, entriesOf } from "@warren/api";
import type { Bundle, Entries } from "@warren/api";
import { Problem } from "@warren/core";
import type { Device, Peer, PrivateKey } from "@warren/core";
import { publicKeyOf } from "@warren/crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FakeKernel } from "../../../tools/fake-kernel.ts";
import { runs } from "../../../tools/runs.ts";
import { sampleOf, sampleSecrets } from "../../../tools/sample.ts";
import { converge } from "./converge.ts";
import { memory } from "./kernel/kernel.contract.ts";
import { desiredOf } from "./reconcile.ts";
import { Tunnel } from "./tunnel.ts";

const MESH = `
network: { name: n, addresses: [10.66.0.0/16, 10.67.0.0/16, fd00::/64] }
nodes:
  a: { endpoint: 192.0.2.1 }
  b: { endpoint: 192.0.2.2, subnets: [192.168.2.0/24] }
  c: { endpoint: 192.0.2.3 }
  d: { endpoint: 192.0.2.4, address: 10.67.0.5 }
  e: { endpoint: e.example }
`;
const [whole] = sampleOf(MESH).devices;

/** What may become of a peer: each is something that a patch brings. */
const change = fc.constantFrom<((peer: Peer) => Peer | undefined)[]>(
  (peer) => peer,
  (peer) => peer,
  () => undefined,
  (peer) => ({ ...peer, keepaliveSeconds: 25 }),
  (peer) => ({ ...peer, allowedIps: peer.allowedIps.slice(0, 1) }),
  ({ endpoint: _, ...peer }) => peer,
  ({ presharedKeyId: _, ...peer }) => peer,
);

test("whatever a patch changes, the kernel is as a look would have made it", async () => {
  const steps = fc.array(fc.array(change, { minLength: 4, maxLength: 4 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { kernel, tunnel, privateKey } = create();
      let now = bundled(entriesFor(start()));
      await tunnel.renew(now.bundle);
      for (const changes of all) {
        const peers = start().peers.flatMap((peer, at) => changes[at]?.(peer) ?? []);
        now = patched(now, entriesFor({ ...start(), peers }));
        await tunnel.renew(now.bundle);
        const desired = desiredOf(now.bundle, privateKey);
        expect((await converge(kernel, desired, memory())).done).toEqual([]);
      }
    }),
    runs(60),
  );
});

test("one peer is changed without a look at the others; after a refusal there is one", async () => {
  const { kernel, tunnel } = create();
  let looks = 0;
  const read = kernel.read.bind(kernel);
  kernel.read = async (name) => {
    looks += 1;
    return await read(name);
  };
  const first = bundled(entriesFor(start()));
  const [one] = start().peers;
  if (one === undefined) throw new Error("there are four");
  await tunnel.renew(first.bundle);
  const toggled = (seconds: number): Device => ({
    ...start(),
    peers: [{ ...one, keepaliveSeconds: seconds }, ...start().peers.slice(1)],
  });
  const second = patched(first, entriesFor(toggled(9)));
  looks = 0;
  const { done } = await tunnel.renew(second.bundle);
  expect([looks, done]).toEqual([0, [`peer ~ ${one.publicKey} allowedIps keepaliveSeconds`]]);
  kernel.killsAfter = 0;
  const third = patched(second, entriesFor(toggled(10)));
  await expect(tunnel.renew(third.bundle)).rejects.toThrow("kill");
  expect((await tunnel.renew(third.bundle)).done).toHaveLength(1);
  expect(looks).toBeGreaterThan(0);
});

test("what was read before a change is not taken for what there is after it", async () => {
  const { kernel, tunnel, privateKey } = create();
  const first = bundled(entriesFor(start()));
  await tunnel.renew(first.bundle);
  const read = kernel.read.bind(kernel);
  const { promise: isSlow, resolve } = Promise.withResolvers<void>();
  kernel.read = async (name) => {
    kernel.read = read;
    const state = await read(name);
    await isSlow;
    return state;
  };
  const reading = tunnel.readPeers();
  const peers = start().peers.filter(({ name }) => name !== "c");
  const second = patched(first, entriesFor({ ...start(), peers }));
  const renewing = tunnel.renew(second.bundle);
  // Nothing but the slow read is left to wait for.
  for (let awaited = 0; awaited < 200; awaited += 1) await Promise.resolve();
  resolve();
  await Promise.all([reading, renewing]);
  const third = patched(second, entriesFor(start()));
  await tunnel.renew(third.bundle);
  const desired = desiredOf(third.bundle, privateKey);
  expect((await converge(kernel, desired, memory())).done).toEqual([]);
});

function start(): Device {
  if (whole === undefined) throw new Error("the sample has nodes");
  return whole;
}

function create() {
  const privateKey: PrivateKey | undefined = sampleSecrets.privateKey(start().name);
  if (privateKey === undefined) throw new Error("every sample has one");
  const kernel = new FakeKernel(publicKeyOf);
  return { kernel, privateKey, tunnel: new Tunnel(kernel, privateKey, start().interface) };
}

function entriesFor(device: Device): Entries {
  const publicKey = publicKeyOf(create().privateKey);
  return entriesOf({ ...device, publicKey }, (id) => sampleSecrets.presharedKey(id));
}

interface Bundled {
  readonly entries: Entries;
  readonly bundle: Bundle;
}

function bundled(entries: Entries): Bundled {
  const bundle = bundleOf(entries);
  if (bundle instanceof Problem) throw new Error(String(bundle));
  return { entries, bundle };
}

function patched({ entries, bundle }: Bundled, after: Entries): Bundled {
  const delta = deltaBetween(entries, after);
  const made = bundleAfter(bundle, applyDelta(entries, delta), delta);
  if (made instanceof Problem) throw new Error(String(made));
  return { entries: after, bundle: made };
}
