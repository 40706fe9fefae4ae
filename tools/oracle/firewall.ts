/** What a host lets out of its tunnel, by the rules of nftables: a mask of the flows that pass. */
import type { Address, Permit, PortRange, Prefix } from "@warren/core";
import type { Host, Road } from "./host.ts";
import type { Span } from "./spans.ts";
import { isInAny, spanOf } from "./spans.ts";

/** `other` is any protocol that has no name in a policy. */
export interface Flow {
  readonly protocol: "tcp" | "udp" | "icmp" | "other";
  readonly port: number;
}

/** All flows between two addresses at once, a bit for each of the firewall's. */
export interface Packet {
  readonly source: Address;
  readonly destination: Address;
  readonly flows: number;
}

export class Firewall {
  readonly #flows: readonly Flow[];
  /** Lists are shared between devices, by identity. */
  readonly #spans = new Map<readonly Prefix[], readonly Span[]>();

  constructor(flows: readonly Flow[]) {
    this.#flows = flows;
  }

  /** What of a packet that came out of the host's tunnel may go its way; replies are never asked about. */
  admit({ device: { filter }, subnets, exits }: Host, packet: Packet, road: Road): number {
    const { source, destination, flows } = packet;
    for (const { from, to } of filter.confined) {
      if (this.#has(from, source) && !this.#has(to, destination)) return 0;
    }
    const isForItself = road !== "tunnel" || this.#has(filter.clients, destination);
    if (isForItself && this.#has(filter.denied, source)) return 0;
    const permitted = (): number => flows & this.#permitted(filter.permits, packet);
    if (road === "self") return permitted();
    if (road === "tunnel") {
      if (this.#has(filter.clients, destination)) return permitted();
      return filter.carries || this.#has(filter.clients, source) ? flows : 0;
    }
    if (isInAny(subnets, destination)) return permitted();
    const isExit = exits.has(destination.family) && this.#has(filter.exitUsers, source);
    return isExit ? permitted() : 0;
  }

  #permitted(permits: readonly Permit[] | undefined, { source, destination }: Packet): number {
    if (permits === undefined) return -1;
    let mask = 0;
    for (const { from, to, ports } of permits) {
      if (this.#has(from, source) && this.#has(to, destination)) mask |= maskOf(this.#flows, ports);
    }
    return mask;
  }

  #has(prefixes: readonly Prefix[], address: Address): boolean {
    let spans = this.#spans.get(prefixes);
    if (spans === undefined) {
      spans = prefixes.map(spanOf);
      this.#spans.set(prefixes, spans);
    }
    return isInAny(spans, address);
  }
}

/** A bit for each flow that one of `ports` names; all of them where there is none. */
export function maskOf(flows: readonly Flow[], ports: readonly PortRange[]): number {
  if (ports.length === 0) return (1 << flows.length) - 1;
  let mask = 0;
  for (const [at, { protocol, port }] of flows.entries()) {
    const isNamed = ports.some(
      (each) =>
        each.protocol === protocol &&
        (protocol === "icmp" || (each.first <= port && port <= each.last)),
    );
    if (isNamed) mask |= 1 << at;
  }
  return mask;
}

/** Flows that tell all these ranges apart: their ends, what is beside them, and what none of them names. */
export function readFlows(ranges: readonly PortRange[]): readonly Flow[] {
  const flows: Flow[] = [
    { protocol: "icmp", port: 0 },
    { protocol: "other", port: 0 },
    { protocol: "tcp", port: 1 },
    { protocol: "udp", port: 1 },
  ];
  for (const { protocol, first, last } of ranges) {
    if (protocol === "icmp") continue;
    for (const port of [first, last, last + 1]) {
      const isKnown = flows.some((flow) => flow.protocol === protocol && flow.port === port);
      if (!isKnown && port <= 65535) flows.push({ protocol, port });
    }
  }
  if (flows.length > 30) throw new Error("more flows than bits in a mask");
  return flows;
}
