/** What the API shows to somebody who watches a network: its nodes as they change, and its picture. */
import { AppError } from "@warren/api";
import type { NetworkNews, NodeLine } from "@warren/api";
import { HANDSHAKE_SECONDS, layout, optional, pictureOf, renderSvg, say } from "@warren/core";
import type { Index } from "@warren/core";
import type { Handlers, Plane } from "../plane.ts";
import { demandNetwork } from "../commands/networks.ts";
import { standingOf } from "./nodes.ts";
import { rowsOf } from "../state.ts";
import type { NodeRow } from "../state.ts";
import type { Presence } from "../connected-agent.ts";

/** The first change is told at once, later ones at most so often. */
const GAP_MS = 250;
/** Below the minute after which proxies take a silent connection for a dead one. */
const HEARTBEAT_MS = 15_000;

/** A stream begins with it: who was cut off comes back after so long. */
const RETRY_MS = 500;

export const watchHandlers: Handlers<"watchNodes" | "readPicture"> = {
  async watchNodes(plane, { params: { network = "" }, demandAgain }) {
    const demand = (): void => {
      demandAgain();
      demandNetwork(plane.ledger.state, network);
    };
    demand();
    return watchNetwork(plane, network, demand);
  },
  async readPicture({ ledger, words }, { params: { network = "" }, query: { language } }) {
    demandNetwork(ledger.state, network);
    const index = ledger.plan(network)?.index;
    if (index !== undefined) {
      return renderSvg(layout(pictureOf(index), (text) => words(text, language)));
    }
    throw new AppError("not-found", say`network ${network} has no node to draw yet`, {
      fix: say`have a host join it: warren token create ${network}`,
    });
  },
};

/** Server-Sent Events until `demand` throws. Whoever asks has been let in. */
export function watchNetwork(
  plane: Watched,
  network: string,
  demand: () => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream(new Watch(plane, network, demand));
}

type Watched = Pick<Plane, "ledger" | "streams" | "clock">;

/** One reader's stream. Whoever reads slowly is told less often, and never something old. */
class Watch {
  readonly #plane: Watched;
  readonly #network: string;
  readonly #demand: () => void;
  /** As they were told last. */
  readonly #lines = new Map<string, string>();
  /** By what was reported: a thousand nodes have a million peers, of which few are news. */
  readonly #sums = new WeakMap<Presence["peers"], Sums>();
  #index: Index | "untold" | undefined = "untold";
  #isDue = true;
  #isResting = false;
  #offs: readonly (() => void)[] = [];
  #callOff: () => void = () => undefined;

  constructor(plane: Watched, network: string, demand: () => void) {
    this.#plane = plane;
    this.#network = network;
    this.#demand = demand;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { ledger, streams } = this.#plane;
    const hear = (): void => {
      this.#isDue = true;
      if (!this.#isResting) this.#tell(controller);
    };
    this.#offs = [
      // A change of no network may be one of the reader's own rights.
      ledger.onChange((networks) => {
        if (networks.size === 0 || networks.has(this.#network)) hear();
      }),
      streams.onPresence((network) => {
        if (network === this.#network) hear();
      }),
    ];
    this.#tell(controller);
  }

  /** There is room for more. */
  pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#isDue && !this.#isResting) this.#tell(controller);
  }

  cancel(): void {
    for (const off of this.#offs) off();
    this.#callOff();
  }

  #tell(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#isDue = true;
    if ((controller.desiredSize ?? 0) <= 0) return;
    if (!this.#isAllowed()) {
      this.cancel();
      return controller.close();
    }
    const news = this.#news();
    this.#isDue = false;
    const retry = news?.isWhole === true ? `retry: ${RETRY_MS}\n` : "";
    const event = news === undefined ? ":\n\n" : `${retry}data: ${JSON.stringify(news)}\n\n`;
    this.#rest(controller);
    controller.enqueue(new TextEncoder().encode(event));
  }

  #isAllowed(): boolean {
    try {
      this.#demand();
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  #rest(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { clock } = this.#plane;
    this.#isResting = true;
    this.#callOff();
    this.#callOff = clock.after(GAP_MS, () => {
      this.#isResting = false;
      if (this.#isDue) return this.#tell(controller);
      this.#callOff = clock.after(HEARTBEAT_MS, () => this.#tell(controller));
    });
  }

  #news(): NetworkNews | undefined {
    const { ledger } = this.#plane;
    const isWhole = this.#index === "untold";
    const lines = rowsOf(ledger.state.node, this.#network).map(([name, row]) =>
      this.#lineOf(name, row),
    );
    const nodes = lines.filter((line) => {
      const text = JSON.stringify(line);
      const isNew = this.#lines.get(line.name) !== text;
      this.#lines.set(line.name, text);
      return isNew;
    });
    const names = new Set<string>(lines.map(({ name }) => name));
    const gone = [...this.#lines.keys()].filter((name) => !names.has(name));
    for (const name of gone) this.#lines.delete(name);
    const index = ledger.plan(this.#network)?.index;
    const isDrawnAnew = this.#index !== index;
    this.#index = index;
    if (!isWhole && !isDrawnAnew && nodes.length + gone.length === 0) return undefined;
    const picture = index === undefined ? "none" : "changed";
    return { nodes, gone, ...(isWhole ? { isWhole } : {}), ...(isDrawnAnew ? { picture } : {}) };
  }

  #lineOf(name: string, row: NodeRow): NodeLine {
    const { ledger, streams } = this.#plane;
    const presence = streams.presence(this.#network, name);
    return {
      ...standingOf(ledger.plan(this.#network)?.index, name, row, presence),
      ...(row.fields === undefined
        ? { ...optional("publicKey", row.publicKey), ...optional("joinedFrom", row.joined?.from) }
        : {}),
      ...optional("told", presence?.told),
      ...(presence === undefined ? NO_SUMS : this.#sumsOf(presence)),
    };
  }

  #sumsOf(presence: Presence): Sums {
    const sums = this.#sums.get(presence.peers) ?? sumUp(presence);
    this.#sums.set(presence.peers, sums);
    return sums;
  }
}

const NO_SUMS: Sums = { tunnels: 0, alive: 0, received: 0, sent: 0 };

type Sums = Pick<NodeLine, "tunnels" | "alive" | "received" | "sent" | "handshakeAt">;

function sumUp({ peers, tunnels, reportedAt = 0 }: Presence): Sums {
  const sums = { tunnels, alive: 0, received: 0, sent: 0 };
  let newest = Infinity;
  for (const { handshakeSeconds = Infinity, received, sent } of peers) {
    if (handshakeSeconds < HANDSHAKE_SECONDS) sums.alive += 1;
    newest = Math.min(newest, handshakeSeconds);
    sums.received += received;
    sums.sent += sent;
  }
  return newest === Infinity ? sums : { ...sums, handshakeAt: reportedAt - newest * 1000 };
}
