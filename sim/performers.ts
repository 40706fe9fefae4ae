/** How each thing that can happen to a world is done. */
import { pairName } from "@warren/core";
import type { Name } from "@warren/core";
import { applyDocument, removeNode, setNetwork, setNode } from "@warren/server";
import type { State } from "@warren/server";
import { drift } from "./drift.ts";
import { UPLINK } from "./sim-host.ts";
import { LINKS, POLICIES } from "./operations.ts";
import type { Operation } from "./operations.ts";
import type { Play } from "./play.ts";

/** 198.51.100.0, of which one half is whose and the other's. */
const SEEN_AT = 0xc6_33_64_00;

/** Longer than a host may be cut off. */
const CUT_MS = 25_000;

type Performers = {
  readonly [K in Operation["kind"]]: (
    play: Play,
    operation: Extract<Operation, { readonly kind: K }>,
  ) => void | Promise<void>;
};

export async function perform(play: Play, operation: Operation): Promise<void> {
  if ("name" in operation && operation.name !== undefined) {
    const { world } = play;
    world.host(operation.name).disturbedAt = world.clock.now();
  }
  await (performers[operation.kind] as (play: Play, operation: Operation) => void | Promise<void>)(
    play,
    operation,
  );
}

const performers: Performers = {
  join: (play, { name, by }) => play.join(name, by === "token"),
  approve: (play, { name }) => play.approve(name),
  subnet: (play, { name, last }) => {
    const subnets = last === 0 ? undefined : [`192.168.${last}.0/24`];
    play.write((state) => setNode(state, play.world.network, name, { subnets }));
  },
  relay: (play, { name, isRelay }) => {
    const relay = isRelay ? true : undefined;
    play.write((state) => setNode(state, play.world.network, name, { relay }));
  },
  remove: (play, { name }) => play.write((state) => removeNode(state, play.world.network, name)),
  settings: (play, { listenPort, mtu }) =>
    play.write((state) => setNetwork(state, play.world.network, { settings: { listenPort, mtu } })),
  policy: (play, { at }) => change(play, { policy: POLICIES[at] }),
  links: (play, { at }) => change(play, { links: LINKS[at] }),
  rotate: (play, { name, other }) =>
    play.write((state) => rotated(state, play.world.network, [name, other])),

  /** A range that is nobody's to offer: whoever routes it into the tunnel hears nothing any more. */
  uplink: (play, { name, isSwallowed }) => offerUplink(play, name, isSwallowed),

  "start agent": ({ world }, { name }) => {
    const host = world.host(name);
    if (host.credential !== undefined) host.startAgent();
  },
  "kill agent": ({ world }, { name }) => world.host(name).killAgent(),
  "kill agent at work": ({ world }, { name, steps }) => {
    world.host(name).kernel.killsAfter = steps;
  },
  boot: ({ world }, { name }) => {
    const host = world.host(name);
    if (host.credential !== undefined) host.boot();
  },
  /** An image of it, of the same node: then it boots. */
  "old disk": ({ world, images }, { name }) => {
    const host = world.host(name);
    const image = images.get(name);
    if (image === undefined || image.credential !== host.credential || host.isOut) {
      images.set(name, host.disk);
      return;
    }
    host.killAgent();
    host.disk = image;
    host.boot();
  },
  kernel: ({ world }, { name, isRefusing, isUnreadable }) => {
    Object.assign(world.host(name), { isRefusing, isUnreadable });
  },
  "host disk": ({ world }, { name, isFull }) => {
    world.host(name).isFull = isFull;
  },
  "host clock": ({ world }, { name, jumpMs }) => {
    world.host(name).clockAheadMs += jumpMs;
  },
  drift: ({ world }, { name, ...how }) => drift(world.host(name), how),

  break: ({ world }, { name, agentMs, serverMs }) => world.host(name).cut({ agentMs, serverMs }),
  partition: ({ world }, { name, isCutOff }) => {
    const host = world.host(name);
    host.isCutOff = isCutOff;
    if (isCutOff) host.cut({ agentMs: 45_000, serverMs: 60_000 });
  },
  lonely: ({ world }, { name, isLonely }) => {
    world.host(name).isLonely = isLonely;
  },
  move: ({ world }, { name, last }) => {
    const host = world.host(name);
    host.address = { family: 4, bits: BigInt(SEEN_AT + (name === "d" ? 0 : 256) + last) };
    host.cut({ agentMs: last });
  },
  stall: ({ world }, { name, spanMs }) => world.host(name).stall(spanMs),
  spoil: ({ world }, { name, direction, how }) => world.host(name).spoil(direction, how),

  "kill server": async ({ world }, { afterMs, awayMs }) => {
    await world.clock.pass(afterMs);
    world.killServer();
    await world.clock.pass(awayMs);
    await world.startServer();
  },
  "stop server": async ({ world }, { awayMs }) => {
    world.streams?.stop();
    await world.clock.until(world.ledger.close().catch(() => undefined));
    world.killServer();
    await world.clock.pass(awayMs);
    await world.startServer();
  },
  disk: ({ world }, { isFull }) => {
    world.disk.isFull = isFull;
  },
  clock: ({ world }, { jumpMs }) => {
    world.serverSkewMs += jumpMs;
  },
  backup: ({ world, backups }) => void backups.push(world.disk.content),
  restore: async (play, { isPutBack }) => {
    const { world, backups } = play;
    const copy = backups.at(-1) ?? world.disk.content;
    play.isPutBack = isPutBack;
    await world.restart(() => (isPutBack ? world.disk.putBack(copy) : world.disk.restore(copy)));
  },
  confirm: (play) => play.confirm(),
  rest: async (play, { name, spanMs, isLasting }) => {
    await play.world.clock.pass(spanMs);
    if (name === undefined) return;
    offerUplink(play, name, true);
    await play.world.clock.pass(CUT_MS);
    if (!isLasting) offerUplink(play, name, false);
  },
  pass: async ({ world }, { spanMs }) => await world.clock.pass(spanMs),
};

function offerUplink(play: Play, name: string, isOffered: boolean): void {
  const subnets = isOffered ? [UPLINK] : undefined;
  play.write((state) => setNode(state, play.world.network, name, { subnets }));
}

/** Of the document as a whole, as somebody applies it. */
function change(play: Play, part: Readonly<Record<string, unknown>>): void {
  const { network } = play.world;
  play.write((state) => {
    const row = state.network.get(network);
    const start = `${network}/`;
    const nodes = [...state.node].flatMap(([key, { fields }]) =>
      key.startsWith(start) && fields !== undefined ? [[key.slice(start.length), fields]] : [],
    );
    const document = { ...row?.document, ...part, nodes: Object.fromEntries(nodes) };
    const all = Object.entries(document).filter(([, value]) => value !== undefined);
    return applyDocument(state, network, Object.fromEntries(all));
  });
}

/** A pair's preshared key is another from now on. */
function rotated(state: State, network: string, [one, other]: readonly [string, string]): State {
  const row = state.network.get(network);
  if (row === undefined || one === other) return state;
  const name = pairName(one as Name, other as Name);
  const epochs = { ...row.epochs, [name]: (row.epochs[name] ?? 0) + 1 };
  return { ...state, network: new Map(state.network).set(network, { ...row, epochs }) };
}
