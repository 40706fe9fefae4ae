/** What a host does with a packet that came out of its tunnel, and by which of its rules. */
import type { Address } from "../ip/address.ts";
import { isWithin } from "../ip/prefix.ts";
import { HOST_ONLY_RANGES } from "../ip/special-ranges.ts";
import type { PortRange } from "../model/mesh.ts";
import type { Device, Permit } from "../plan/device.ts";

/** The first packet of a connection. */
export interface Flow {
  readonly source: Address;
  readonly target: Address;
  /** Absent: with anything at all. */
  readonly port?: PortRange;
}

/** host: it is the target. tunnel: back into it. subnet, exit: out of another interface. */
export type Destination = "host" | "tunnel" | "subnet" | "exit";

export type Admission =
  /** `permits` are those that let it in, where there is a policy. */
  | { readonly kind: "passes"; readonly permits?: readonly Permit[] }
  | { readonly kind: "confined" }
  | { readonly kind: "denied" }
  | { readonly kind: "not-permitted" }
  | { readonly kind: "does-not-carry" }
  | { readonly kind: "no-exit-user" }
  | { readonly kind: "host-only" };

/** Replies are not judged: they always pass. */
export function judge({ filter }: Device, flow: Flow, destination: Destination): Admission {
  const { source, target, port } = flow;
  const isConfined = filter.confined.some(
    ({ from, to }) => isWithin(from, source) && !isWithin(to, target),
  );
  if (isConfined) return { kind: "confined" };
  const isOnwards = destination === "tunnel" && !isWithin(filter.clients, target);
  if (!isOnwards && isWithin(filter.denied, source)) return { kind: "denied" };
  if (isOnwards) {
    const isPassedOn = filter.carries || isWithin(filter.clients, source);
    return { kind: isPassedOn ? "passes" : "does-not-carry" };
  }
  if (destination === "exit" && isWithin(HOST_ONLY_RANGES, target)) return { kind: "host-only" };
  if (destination === "exit" && !isWithin(filter.exitUsers, source)) {
    return { kind: "no-exit-user" };
  }
  if (filter.permits === undefined) return { kind: "passes" };
  const permits = filter.permits.filter((permit) => isTouching(permit, flow));
  const isWhole = permits.length > 0 && (port === undefined || isPermitted(port, permits));
  return isWhole ? { kind: "passes", permits } : { kind: "not-permitted" };
}

function isTouching({ from, to, ports }: Permit, { source, target, port }: Flow): boolean {
  if (!isWithin(from, source) || !isWithin(to, target)) return false;
  return port === undefined || ports.length === 0 || ports.some((range) => isMeeting(port, range));
}

/** Whether the two have a port in common. */
export function isMeeting(port: PortRange, range: PortRange): boolean {
  return port.protocol === range.protocol && range.first <= port.last && port.first <= range.last;
}

function isPermitted(port: PortRange, permits: readonly Permit[]): boolean {
  if (permits.some(({ ports }) => ports.length === 0)) return true;
  return isCovered(
    port,
    permits.flatMap(({ ports }) => ports),
  );
}

/** Several ranges may let in a range of ports together. */
export function isCovered(port: PortRange, ranges: readonly PortRange[]): boolean {
  const meeting = ranges.filter((range) => isMeeting(port, range));
  let next = port.first;
  for (const { first, last } of meeting.toSorted((one, other) => one.first - other.first)) {
    if (first <= next) next = Math.max(next, last + 1);
  }
  return next > port.last;
}
