/** How the server itself is: whether it lives, whether it may be sent requests, and its measures in Prometheus' form. */
import { AppError } from "@warren/api";
import { say } from "@warren/core";
import type { Context, Hono } from "hono";
import type { Registry } from "prom-client";
import type { Plane } from "./plane.ts";
import { stateOf } from "./routes/nodes.ts";

/** What only the application itself knows. */
export interface HealthView {
  /** How often something was refused, by code. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Throws where a caller may not see measures. */
  readonly demand: (context: Context) => void;
}

/**
 * Measures are for whoever may look at the whole server, and nobody else: they count other people's nodes,
 * and behind a proxy on the same host the whole world would come from loopback. Prometheus can send a token.
 */
export function addHealth(app: Hono, plane: Plane, { refusals, demand }: HealthView): void {
  let measures: Promise<Registry> | undefined;
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    if (plane.streams.isStopped) throw unready(say`the server stops`);
    const refused = await plane.ledger.findRefusal();
    if (refused !== undefined) throw unready(say`the store refuses to be written: ${refused.text}`);
    return context.text("ok\n");
  });
  app.get("/metrics", async (context) => {
    demand(context);
    measures ??= createMeasures(plane, refusals);
    const registry = await measures;
    return context.text(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  });
}

function unready(why: ReturnType<typeof say>): AppError {
  return new AppError("busy", why, { fix: say`ask again in a moment; its log says more` });
}

interface Measure {
  readonly kind: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** By the label's values; without label there is one. */
  readonly read: () => Iterable<readonly [value: string, count: number]>;
}

/** What they measure is asked for when they are read: until then it costs a server nothing. */
async function createMeasures(
  plane: Plane,
  refusals: ReadonlyMap<string, number>,
): Promise<Registry> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { kind, label, read, ...said } of measuresOf(plane, refusals)) {
    const described = {
      ...said,
      registers: [],
      labelNames: label === undefined ? [] : [label],
      collect(this: { reset(): void; inc(labels: object, count: number): void }) {
        this.reset();
        for (const [value, count] of read()) {
          this.inc(label === undefined ? {} : { [label]: value }, count);
        }
      },
    };
    const isCounter = kind === "counter";
    registry.registerMetric(isCounter ? new Counter(described) : new Gauge(described));
  }
  return registry;
}

function measuresOf(
  { ledger, streams }: Plane,
  refusals: ReadonlyMap<string, number>,
): readonly Measure[] {
  const { counts } = streams;
  return [
    gauge("agents", "Agents that are connected.", () => streams.size),
    gauge("revision", "The newest revision.", () => ledger.rev),
    {
      kind: "gauge",
      name: "warren_nodes",
      help: "Nodes of all networks, by state.",
      label: "state",
      read: () => countStates({ ledger, streams }),
    },
    counter("commits", "Revisions since it started.", () => ledger.commits),
    counter("patches", "Patches sent to agents.", () => counts.patches),
    counter("snapshots", "Whole devices sent to agents.", () => counts.snapshots),
    counter("stream_bytes", "Bytes of messages sent to agents.", () => counts.bytes),
    {
      kind: "counter",
      name: "warren_refusals_total",
      help: "Requests that were refused, by code.",
      label: "code",
      read: () => refusals,
    },
  ];
}

function counter(name: string, help: string, read: () => number): Measure {
  return { kind: "counter", name: `warren_${name}_total`, help, read: () => [["", read()]] };
}

function gauge(name: string, help: string, read: () => number): Measure {
  return { kind: "gauge", name: `warren_${name}`, help, read: () => [["", read()]] };
}

function countStates({
  ledger,
  streams,
}: Pick<Plane, "ledger" | "streams">): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [key, row] of ledger.state.node) {
    const [network = "", name = ""] = key.split("/");
    const state = stateOf(row, streams.presence(network, name));
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}
