/**
 * The agents that are connected: tells each what its device is, and what becomes of it. Knows no socket,
 * only something to send a text with; whoever cannot follow is cut off and begins anew, never left behind.
 */
import { printMessage, readAgentMessage, spreadMs } from "@warren/api";
import type { AgentMessage, LineEnd } from "@warren/api";
import * as core from "@warren/core";
import type { Name } from "@warren/core";
import { applied, greeted, isAnswered } from "./connected-agent.ts";
import { observedAt, presenceOf, reported, UNGREETED } from "./connected-agent.ts";
import type { ConnectedAgent as Agent, Arrival, Line, Presence } from "./connected-agent.ts";
import { Clones } from "./clones.ts";
import { Examinations } from "./examinations.ts";
import type { Clock, Ledger } from "./ledger.ts";
import { clockSeen } from "./node-clock.ts";
import { inTurn, sparing } from "./sparing.ts";
import { nodeKey } from "./state.ts";
import type { Joined } from "./state.ts";
import { Teller } from "./teller.ts";
import type { Means } from "./told.ts";

/** The first change leaves at once, later ones together: after a pause that is longer where telling takes long. */
const GATHER_MS = 50;
const LONGEST_GATHER_MS = 250;
const GATHER_SHARE = 3;
/** What an agent may have the server do for it alone, it may so often. */
const ASKED_MS = 1000;
/** What costs nothing to be told late. */
const REFRESH_MS = 5000;
/** Who comes each minute may miss that twice before he is taken for lost. */
const VISIT_MS = 180_000;
/** More than a snapshot of thousands of peers: who lets that pile up reads no more. */
const MOST_BUFFERED = 8_000_000;

export class Streams {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #teller: Teller;
  readonly #report: (mistake: unknown) => void;
  readonly #agents = new Map<string, Agent>();
  /** The latest that the clock of each node was, as it has said itself: it goes with what the node joined by. */
  readonly #clocks = new WeakMap<Joined, number>();
  readonly #clones = new Clones();
  readonly #unanswered = new Set<Agent>();
  /** At which revision those who are out, and those who wait for a confirmation, were told so. */
  readonly #settled = new Map<string, number>();
  readonly #waiting = new Set<string>();
  readonly #refreshing = new Set<string>();
  readonly #listeners = new Set<(network: string) => void>();
  readonly examinations: Examinations;
  /** Of a node that was answered by what it says that it has, however often it comes. */
  readonly #proveSoon: (key: string) => void;
  #isStopped = false;

  constructor(
    ledger: Ledger,
    clock: Clock,
    { report, ...means }: Means & { readonly report: (mistake: unknown) => void },
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#teller = new Teller(ledger, means, (agent, text) => this.#send(agent, text));
    this.examinations = new Examinations(clock);
    this.#report = report;
    this.#proveSoon = inTurn(clock, (key) => this.#prove(key));
    ledger.onChange((networks) => {
      for (const network of networks) this.#schedule(network);
    });
  }

  /** How many agents are connected. */
  get size(): number {
    return this.#agents.size;
  }

  /** What was sent since it started. */
  get counts(): Teller["counts"] {
    return this.#teller.counts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Called when a node comes, goes, or tells something of itself. */
  onPresence(listener: (network: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  presence(network: string, node: string): Presence | undefined {
    const { presence, joined } = this.agentOf(network, node) ?? {};
    const cloned = this.#clones.find(joined, this.#clock.now());
    return presence && cloned ? { ...presence, error: core.printText(cloned) } : presence;
  }

  agentOf(network: string, node: string): Agent | undefined {
    return this.#agents.get(nodeKey(network, node));
  }

  /** Of a node whose credential holds. A second connection takes the first one's place. */
  connect(
    arrival: Arrival,
    line: Line,
  ): { readonly receive: (text: string) => void; readonly end: () => void } {
    const key = nodeKey(arrival.network, arrival.node);
    const before = this.#agents.get(key);
    before?.line.close("replaced");
    const agent: Agent = {
      ...arrival,
      line,
      presence: presenceOf(before, this.#clock.now()),
      joined: this.#ledger.state.node.get(key)?.joined,
      ...UNGREETED,
      observe: sparing(this.#clock, ASKED_MS, () => this.#observe(agent)),
      sendAgain: sparing(this.#clock, ASKED_MS, () => this.#sendAgain(agent)),
    };
    this.#agents.set(key, agent);
    this.#announce(arrival.network);
    return {
      receive: (text) => {
        if (!this.#isHere(agent)) return;
        try {
          this.#receive(agent, text);
        } catch (mistake) {
          // Ours, but one that this line brings about: the others go on.
          this.#end(agent, "failed");
          this.#report(mistake);
        }
      },
      end: () => {
        agent.isAway = agent.presence.visitedAt !== undefined;
        if (agent.isAway) this.#clock.after(VISIT_MS, () => this.#end(agent));
        else this.#end(agent);
      },
    };
  }

  /** Tells all when to come back, and lets them go. */
  stop(): void {
    this.#isStopped = true;
    const bye = printMessage({ kind: "bye", seconds: spreadMs(this.#agents.size) / 1000 });
    for (const { line } of this.#agents.values()) {
      line.send(bye);
      line.close("stopped");
    }
    this.#agents.clear();
    this.examinations.giveUp();
  }

  /** Its line has not ended, nor has another taken its place. */
  #isHere(agent: Agent): boolean {
    return this.#agents.get(nodeKey(agent.network, agent.node)) === agent;
  }

  #end(agent: Agent, why?: LineEnd): void {
    if (!this.#isHere(agent)) return;
    this.#agents.delete(nodeKey(agent.network, agent.node));
    this.#unanswered.delete(agent);
    this.examinations.giveUp(agent.line);
    if (why !== undefined) agent.line.close(why);
    this.#announce(agent.network);
  }

  #receive(agent: Agent, text: string): void {
    const message = readAgentMessage(text);
    const isGarbage = message instanceof core.Problem;
    if (isGarbage || (!agent.hasGreeted && message?.kind !== "hello")) {
      return this.#end(agent, "garbage");
    }
    // Of a newer agent.
    if (message === undefined) return;
    switch (message.kind) {
      case "hello":
        this.#greet(agent, message);
        break;
      case "resync":
        agent.sendAgain();
        break;
      case "applied":
        agent.presence = applied(agent, message);
        agent.isOfThisLog ||= message.error === undefined && message.hash === agent.told;
        break;
      case "report":
        this.#compareClocks(agent, message.now);
        agent.presence = reported(agent.presence, message, this.#clock.now());
        break;
      case "examined":
        return this.examinations.answer(agent.line, message);
    }
    this.#announce(agent.network);
  }

  #greet(agent: Agent, hello: Extract<AgentMessage, { kind: "hello" }>): void {
    const at = this.#clock.now();
    agent.presence = greeted(agent.presence, hello, at);
    this.#compareClocks(agent, hello.now);
    this.#clones.note(agent.joined, hello, { ...agent, at });
    const { listenPort: port, addresses = [] } = hello;
    if (port !== undefined && agent.address !== undefined) {
      agent.seen = { port, addresses };
      agent.observe();
    }
    // The others hear of it, together with whatever is gathered, and then it is answered.
    agent.hasGreeted = true;
    agent.answer = () => this.#answer(agent, hello);
    this.#unanswered.add(agent);
    this.#schedule(agent.network);
  }

  #compareClocks({ network, node, joined }: Agent, now: number | undefined): void {
    const isMember = this.#ledger.plan(network)?.index.byName.has(node as Name) === true;
    if (now === undefined || joined === undefined || !isMember) return;
    const before = this.#ledger.seenOf(network, node as Name);
    const { latest, seen } = clockSeen(before, this.#clocks.get(joined) ?? 0, now);
    this.#clocks.set(joined, latest);
    if (seen !== undefined) this.#ledger.observe(network, node as Name, seen);
  }

  #answer(agent: Agent, hello: Extract<AgentMessage, { kind: "hello" }>): void {
    const { epoch, rev } = this.#ledger;
    const isAhead = hello.epoch === epoch && (hello.rev ?? 0) > rev;
    // Who has nothing yet has nothing of another.
    agent.isOfThisLog = (hello.epoch ?? epoch) === epoch && !isAhead;
    const told = this.#teller.of(agent.network);
    if (told?.isMember(agent.node) !== true) {
      // Where there is trouble a host keeps what it has, until that is mended.
      if (this.#ledger.trouble(agent.network) !== undefined) return;
      return this.#send(agent, printMessage({ kind: "waiting", network: agent.network }));
    }
    const isAsTold = agent.isOfThisLog && told.isOfNow(hello);
    if (isAsTold && agent.told !== hello.hash) this.#proveSoon(nodeKey(agent.network, agent.node));
    const hash = isAsTold || hello.hash === undefined ? hello.hash : told.hashOf(agent.node);
    // What it was told on this line it has by the time that it hears the answer, whatever it had before.
    const had = agent.told ?? hello.hash;
    if (isAhead || hash === undefined || had !== hash) return this.#teller.tellAll(agent);
    // It had applied it before it came, perhaps under another log; what it was told here it may have refused.
    agent.isOfThisLog ||= hello.hash === hash;
    agent.told = hash;
    agent.presence = { ...agent.presence, told: rev, applied: rev, isBehind: false };
    this.#teller.tellCurrent(agent);
  }

  /** Whom a change did not concern hears once in a while that what he has is still made of what there is. */
  #refreshSoon(network: string): void {
    if (this.#refreshing.has(network)) return;
    this.#refreshing.add(network);
    this.#clock.after(REFRESH_MS, () => {
      this.#refreshing.delete(network);
      const basis = this.#teller.of(network)?.basis;
      for (const agent of this.#agents.values()) {
        const isUntold = agent.network === network && isAnswered(agent) && agent.basis !== basis;
        if (isUntold && agent.told !== undefined) this.#teller.tellCurrent(agent);
      }
    });
  }

  /** Who has said something wrong of what he has is sent everything. */
  #prove(key: string): void {
    const agent = this.#agents.get(key);
    if (agent?.told === undefined) return;
    if (agent.told !== this.#teller.of(agent.network)?.hashOf(agent.node))
      this.#teller.tellAll(agent);
  }

  #sendAgain(agent: Agent): void {
    if (!this.#isHere(agent)) return;
    this.#flush(agent.network);
    this.#teller.tellAll(agent);
  }

  /**
   * What the mesh itself says of where a node is dialled is believed before that. Who only waits is dialled
   * by nobody: it is remembered until he is let in.
   */
  #observe(agent: Agent): void {
    const { network, node, address, seen } = agent;
    if (seen === undefined || address === undefined || !this.#isHere(agent)) return;
    const index = this.#ledger.plan(network)?.index;
    if (index?.byName.has(node as Name) !== true) return;
    agent.seen = undefined;
    const observed = observedAt(address, seen, index.network.addresses);
    if (observed !== undefined) this.#ledger.observe(network, node as Name, observed);
  }

  #schedule(network: string): void {
    if (this.#waiting.has(network)) return;
    const begin = this.#clock.now();
    const hasChanged = this.#flush(network);
    for (const agent of this.#unanswered) {
      const { answer } = agent;
      if (agent.network !== network) continue;
      this.#unanswered.delete(agent);
      agent.answer = undefined;
      if (this.#isHere(agent)) answer?.();
    }
    if (!hasChanged) return;
    this.#waiting.add(network);
    const pauseMs = GATHER_SHARE * (this.#clock.now() - begin);
    this.#clock.after(Math.min(LONGEST_GATHER_MS, Math.max(GATHER_MS, pauseMs)), () => {
      this.#waiting.delete(network);
      this.#schedule(network);
    });
  }

  /** Tells everybody what has changed since he was told last; whether anything has. */
  #flush(network: string): boolean {
    // With each that comes: where there are thousands, all of them are looked at only when something is new.
    if (this.#settled.get(network) !== this.#ledger.rev) {
      this.#settled.set(network, this.#ledger.rev);
      this.#dismiss(network);
      this.#repeat(network);
    }
    if (this.#teller.isOfNow(network)) return false;
    for (const agent of this.#agents.values()) {
      if (agent.network === network && agent.seen !== undefined) agent.observe();
    }
    // What was seen of them just now may have been told within that.
    if (this.#teller.isOfNow(network)) return true;
    const change = this.#teller.renew(network);
    for (const agent of this.#agents.values()) {
      if (agent.network === network && isAnswered(agent)) this.#teller.tellChange(agent, change);
    }
    this.#refreshSoon(network);
    return true;
  }

  /** What was refused as too great a loss, once that is said to be meant. */
  #repeat(network: string): void {
    const { epoch, state } = this.#ledger;
    if (state.network.get(network)?.confirmedIn !== epoch) return;
    for (const agent of this.#agents.values()) {
      if (agent.network !== network || agent.isOfThisLog || !isAnswered(agent)) continue;
      agent.isOfThisLog = true;
      this.#teller.tellAll(agent);
    }
  }

  /** Those whose credential holds no more. */
  #dismiss(network: string): void {
    for (const [key, agent] of this.#agents) {
      const joined = this.#ledger.state.node.get(key)?.joined;
      if (
        agent.network !== network ||
        (joined !== undefined && joined.credential === agent.joined?.credential)
      )
        continue;
      this.#send(agent, printMessage({ kind: "revoked" }));
      this.#end(agent, "revoked");
    }
  }

  #send(agent: Agent, text: string): void {
    if (agent.isAway) return;
    const { line } = agent;
    if (line.bufferedBytes > MOST_BUFFERED) return this.#end(agent, "overflow");
    this.counts.bytes += text.length;
    line.send(text);
  }

  #announce(network: string): void {
    for (const listener of this.#listeners) listener(network);
  }
}
