/** What a host says of the tunnels that Warren made on it: read from its answer, and judged. */
import { HANDSHAKE_SECONDS, optional } from "@warren/core";
import type { AnswerLine } from "./answers.ts";

export interface TunnelStatus {
  readonly interface: string;
  /** The host's own name in the mesh. */
  readonly name?: string;
  /** Absent while the tunnel is down. */
  readonly device?: { readonly publicKey: string; readonly listenPort: number };
  readonly addresses: readonly string[];
  /** Sorted by name. */
  readonly peers: readonly PeerStatus[];
  /** Where an agent runs it. */
  readonly agent?: TunnelAgent;
}

/** What an agent says of itself. */
export interface TunnelAgent {
  readonly network: string;
  readonly isRunning: boolean;
  readonly isConnected: boolean;
  readonly isWaiting?: boolean;
  /** By one that ends each time. */
  readonly visitedAt?: number;
  readonly isOut?: boolean;
  readonly server?: string;
  /** The newest revision that it has heard of, and the one up to which the host is as it is to be. */
  readonly rev?: number;
  readonly applied?: number;
  readonly error?: string;
}

export interface PeerStatus {
  readonly name?: string;
  readonly publicKey: string;
  readonly endpoint?: string;
  /** The name that its endpoint comes from. */
  readonly endpointName?: string;
  /** Since the last one. */
  readonly handshakeSeconds?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly keepaliveSeconds?: number;
  readonly allowedIps: readonly string[];
  /** Its name has no address; no handshake yet though something was sent; or none any more though something is sent all the time. */
  readonly trouble?: "no-address" | "no-handshake" | "silent";
}

/** Values that are no plain words are left out: they come from another host, and go to a terminal. */
export function readStatus(answer: readonly AnswerLine[]): readonly TunnelStatus[] {
  const lines = answer.filter(([, rest]) => /^[\w.:,/%[\]()+= -]*$/.test(rest));
  const now = Number(lines.find(([word]) => word === "time")?.[1]);
  const starts = lines.flatMap(([word], at) => (word === "interface" ? [at] : []));
  return starts.map((start, at) => readTunnel(lines.slice(start, starts[at + 1]), now));
}

export function hasTrouble({ device, peers, agent }: TunnelStatus): boolean {
  if (agent?.error !== undefined) return true;
  if (agent?.isRunning === false && agent.visitedAt === undefined) return true;
  return device === undefined || peers.some(({ trouble }) => trouble !== undefined);
}

function readTunnel(lines: readonly AnswerLine[], now: number): TunnelStatus {
  const all = (wanted: string): readonly string[] =>
    lines.flatMap(([word, rest]) => (word === wanted ? [rest] : []));
  const [name] = all("name");
  const [publicKey, port] = all("device")[0]?.split(" ") ?? [];
  const names = new Map(all("known").map((line) => pairOf(line)));
  const dialled = new Map(all("dialled").map((line) => pairOf(line)));
  const peers = all("peer").map((line) => readPeer(line, { names, dialled }, now));
  return {
    interface: all("interface")[0] ?? "",
    ...(name === undefined ? {} : { name }),
    ...(publicKey === undefined ? {} : { device: { publicKey, listenPort: Number(port) } }),
    addresses: all("address"),
    peers: peers.toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1)),
  };
}

function pairOf(line: string): readonly [string, string] {
  const [key = "", ...rest] = line.split(" ");
  return [key, rest.join(" ")];
}

interface Known {
  readonly names: ReadonlyMap<string, string>;
  readonly dialled: ReadonlyMap<string, string>;
}

function readPeer(line: string, { names, dialled }: Known, now: number): PeerStatus {
  const [publicKey = "", endpoint, handshake, received, sent, keepalive, ranges] = line.split(" ");
  const name = names.get(publicKey);
  const at = Number(handshake);
  const peer = {
    publicKey,
    receivedBytes: Number(received),
    sentBytes: Number(sent),
    allowedIps: ranges === undefined || ranges === "(none)" ? [] : ranges.split(","),
    ...(name === undefined || name === "" ? {} : { name }),
    ...(endpoint === undefined || endpoint === "(none)" ? {} : { endpoint }),
    ...optional("endpointName", dialled.get(publicKey)),
    ...(at > 0 ? { handshakeSeconds: Math.max(0, now - at) } : {}),
    ...(keepalive === undefined || keepalive === "off"
      ? {}
      : { keepaliveSeconds: Number(keepalive) }),
  };
  const trouble = troubleOf(peer);
  return trouble === undefined ? peer : { ...peer, trouble };
}

function troubleOf({
  endpoint,
  endpointName,
  handshakeSeconds: age,
  keepaliveSeconds,
  sentBytes,
}: Omit<PeerStatus, "trouble">): PeerStatus["trouble"] {
  if (endpoint === undefined && endpointName !== undefined) return "no-address";
  // Without keepalive an old one means nothing: perhaps nobody has had anything to say.
  if (age === undefined) {
    return sentBytes > 0 || keepaliveSeconds !== undefined ? "no-handshake" : undefined;
  }
  return keepaliveSeconds !== undefined && age > HANDSHAKE_SECONDS ? "silent" : undefined;
}

function sortKey({ name, publicKey }: PeerStatus): string {
  return `${name ?? "~"} ${publicKey}`;
}
