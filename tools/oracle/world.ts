/** The oracle's world: hosts, the tunnels between them, and packets that go from one to the next. */
import type { Peer } from "@warren/core";
import { Firewall } from "./firewall.ts";
import type { Flow, Packet } from "./firewall.ts";
import type { Host } from "./host.ts";

/** Where a packet ended: with the host itself, beyond it, or nowhere. */
export interface Trip {
  /** All hosts that it came to; the last is where it ended. */
  readonly path: readonly Host[];
  readonly end: "self" | "outside" | "default" | "lost" | "loop";
  /** Why it was lost. */
  readonly why: string;
  /** What is left of its flows. */
  readonly flows: number;
}

export interface Start {
  /** Given: handed to this peer, whatever the host's own tables say. */
  readonly first?: Peer;
  /** An answer: firewalls let it pass. */
  readonly isReply?: boolean;
  /** Lists and routes alone: no firewall, and everybody forwards. */
  readonly isProbe?: boolean;
  /** Nobody asks from whom it comes. */
  readonly isBlind?: boolean;
}

export class World {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly #byKey: ReadonlyMap<string, Host>;
  readonly #firewall: Firewall;
  readonly #faults = new Map<Peer, string | undefined>();

  constructor(hosts: readonly Host[], flows: readonly Flow[]) {
    this.hosts = new Map(hosts.map((host) => [host.device.name, host]));
    this.#byKey = new Map(hosts.map((host) => [host.device.publicKey, host]));
    this.#firewall = new Firewall(flows);
  }

  /** Sends a packet that the host made, or that came to it from outside its tunnel. */
  send(start: Host, packet: Packet, { first, isReply, isProbe, isBlind }: Start = {}): Trip {
    const path = [start];
    let { flows } = packet;
    let host = start;
    const end = (end: Trip["end"], why = ""): Trip => ({ path, end, why, flows });
    for (let hops = 0; ; hops += 1) {
      if (hops > 2 * this.hosts.size) return end("loop");
      const isStart = hops === 0;
      const road = isStart && first !== undefined ? "tunnel" : host.route(packet.destination);
      if (!isStart && isReply !== true && isProbe !== true) {
        flows = this.#firewall.admit(host, { ...packet, flows }, road);
      }
      if (flows === 0) return end("lost", `${host.device.name} drops it`);
      if (road === "self") return end(road);
      if (!isStart && isProbe !== true && !host.isForwarding(packet.destination)) {
        return end("lost", `${host.device.name} does not forward`);
      }
      if (road !== "tunnel") return end(road);
      const peer = isStart && first !== undefined ? first : host.peerOf(packet.destination);
      if (peer === undefined) return end("lost", `${host.device.name} has no peer for it`);
      const next = this.find(peer);
      const fault = this.fault(host, peer);
      if (next === undefined || fault !== undefined) return end("lost", fault);
      path.push(next);
      const isTaken = next.peerOf(packet.source)?.publicKey === host.device.publicKey;
      if (!isTaken && isBlind !== true) {
        return end("lost", `${next.device.name} takes no such source from ${host.device.name}`);
      }
      host = next;
    }
  }

  find({ publicKey }: Peer): Host | undefined {
    return this.#byKey.get(publicKey);
  }

  /** Why no packet goes from the host to this peer of its own, if so. */
  fault(host: Host, peer: Peer): string | undefined {
    if (!this.#faults.has(peer)) this.#faults.set(peer, this.#findFault(host, peer));
    return this.#faults.get(peer);
  }

  #findFault({ device }: Host, peer: Peer): string | undefined {
    const pair = `${device.name} – ${peer.name}`;
    const other = this.find(peer);
    if (other === undefined) return `${pair}: nobody has this key`;
    const back = other.device.peers.findLast(({ publicKey }) => publicKey === device.publicKey);
    if (back === undefined) return `${pair}: only one side lists the other`;
    const [one, two] = [peer.presharedKeyId, back.presharedKeyId];
    const isSame = one?.low === two?.low && one?.high === two?.high && one?.epoch === two?.epoch;
    if (!isSame) return `${pair}: the preshared keys differ`;
    if (peer.endpoint === undefined && back.endpoint === undefined) {
      return `${pair}: neither has an endpoint`;
    }
    return undefined;
  }
}

/** Why a packet to the endpoint in `peer` would not come to the host behind it, if so. */
export function endpointFault(host: Host, peer: Peer, other: Host): string | undefined {
  const { endpoint } = peer;
  if (endpoint === undefined) return undefined;
  const printed = printDoor(endpoint);
  const door = other.surroundings.doors.find((each) => each.printed === printed);
  const isOpen = door !== undefined && (door.from === undefined || door.from === host.site);
  if (!isOpen) return `${printed} is not where ${host.device.name} finds ${other.device.name}`;
  if (typeof endpoint.host === "string" || !host.isSwallowing(endpoint.host)) return undefined;
  return `${host.device.name} sends what is for ${printed} into its own tunnel`;
}

export function printDoor({ host, port }: NonNullable<Peer["endpoint"]>): string {
  return typeof host === "string" ? `${host} ${port}` : `${host.family} ${host.bits} ${port}`;
}
