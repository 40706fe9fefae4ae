/**
 * What the kernels of a world come to, as the judge of plans reads it: each host's device as its kernel
 * has it. Nothing of it is the compiler's word, but what no kernel shows: a filter before it is printed.
 */
import * as core from "@warren/core";
import type { Device, Lock, Mesh, Peer } from "@warren/core";
import { judge } from "../tools/oracle/judge.ts";
import type { PlaneWorld } from "./plane-world.ts";
import type { SimHost } from "./sim-host.ts";
import { OWN } from "./sim-host.ts";

/** More than anybody rotates a pair's key here. */
const MOST_EPOCHS = 8;

/** What is wrong between the hosts, by sending packets from each to each. */
export async function judgeWorld(world: PlaneWorld): Promise<readonly string[]> {
  const plan = world.ledger.plan(world.network);
  if (plan === undefined) return [];
  const { lock, index } = plan;
  const mesh = withSeen(world, index.mesh);
  const devices = await Promise.all(
    mesh.nodes.map(async ({ name }) => {
      const host = world.hosts.find((each) => each.name === name);
      const isThere = host?.isRunning === true && world.isKnown(host);
      // Whoever is away has what it was told; the others must have him all the same.
      return isThere ? await observe(world, host, { mesh, lock }) : world.deviceOf(name);
    }),
  );
  return judge(
    mesh,
    lock,
    devices.filter((each) => each !== undefined),
  );
}

/** Where nodes were seen is where they are dialled, as if the document said so. */
function withSeen(world: PlaneWorld, mesh: Mesh): Mesh {
  const nodes = mesh.nodes.map((node) => {
    const text = world.disk.content.facts.get(`seen/${world.network}/${node.name}`);
    if (node.endpoint !== undefined || text === undefined) return node;
    const { endpoint } = JSON.parse(text) as { readonly endpoint?: string };
    if (endpoint === undefined) return node;
    return { ...node, endpoint: valid(core.parseEndpoint(endpoint)) };
  });
  return { ...mesh, nodes };
}

async function observe(
  world: PlaneWorld,
  host: SimHost,
  { mesh, lock }: { readonly mesh: Mesh; readonly lock: Lock },
): Promise<Device | undefined> {
  const { link, addresses, routes } = await host.kernel.read(OWN);
  const said = host.kept?.bundle.device;
  if (link?.kind !== "wireguard" || link.publicKey === undefined || said === undefined) {
    return undefined;
  }
  const own = link.publicKey;
  const dialled = new Set(said.peers.flatMap((peer) => (peer.endpoint ? [peer.publicKey] : [])));
  const peers = [...link.peers].map(([publicKey, state]): Peer => {
    const named = mesh.nodes.find(({ name }) => lock.nodes.get(name)?.publicKey === publicKey);
    const id = findKey(world, [own, publicKey], state.presharedKey);
    // A kernel forgets no endpoint: one that nobody says any more is in nobody's way.
    const endpoint = dialled.has(publicKey) ? state.endpoint : undefined;
    return {
      name: named?.name ?? (publicKey as never),
      publicKey,
      allowedIps: [...state.allowedIps].map((each) => valid(core.parsePrefix(each))),
      ...(id === undefined ? {} : { presharedKeyId: id }),
      ...(endpoint === undefined ? {} : { endpoint: valid(core.parseEndpoint(endpoint)) }),
    };
  });
  return {
    ...said,
    publicKey: own,
    listenPort: link.listenPort,
    addresses: [...addresses].map((each) => valid(core.parseInterfaceAddress(each))),
    peers,
    offLinkRanges: [],
    routes: [...routes].map((each) => valid(core.parsePrefix(each.replace(/ .*/, "")))),
  };
}

/** Which of the pair's keys it is; one that is none of them is of nobody. */
function findKey(
  world: PlaneWorld,
  [own, other]: readonly [core.PublicKey, core.PublicKey],
  key: core.PresharedKey | undefined,
): core.PresharedKeyId | undefined {
  if (key === undefined) return undefined;
  for (let epoch = 0; epoch <= MOST_EPOCHS; epoch += 1) {
    const id = core.presharedKeyId(own, other, epoch);
    if (world.presharedKey(id) === key) return id;
  }
  return { low: own, high: own, epoch: 0 };
}

function valid<T>(parsed: T | core.Problem): T {
  if (parsed instanceof core.Problem) throw new Error(String(parsed));
  return parsed;
}
