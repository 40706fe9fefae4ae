/** How the tunnels of a host stand, for people: whoever has read them, over ssh or where it runs. */
import { listSome, listTexts, optional, say } from "@warren/core";
import type { Phrase, Text } from "@warren/core";
import { noAddress, printOddity } from "./probe-report.ts";
import type { Reason } from "./refusals.ts";
import type { PeerStatus, TunnelAgent, TunnelStatus } from "./tunnel-status.ts";
import { printHeaded } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printDuration } from "../terminal/words.ts";

/** Enough of a key to find it again. */
const KEY_LETTERS = 8;

export function printTunnel(terminal: Terminal, tunnel: TunnelStatus): void {
  const { device, addresses, peers, name = tunnel.interface } = tunnel;
  const head = terminal.paint("bold", say`${name} (${tunnel.interface})`);
  if (tunnel.agent !== undefined) printAgent(terminal, head, tunnel);
  if (device === undefined) {
    if (tunnel.agent?.isOut === true) return;
    const fix =
      tunnel.agent === undefined
        ? say`bring it up: warren push; or there: systemctl start wg-quick@${tunnel.interface}`
        : tunnel.agent.isRunning
          ? say`its agent makes it; ${agentLog(tunnel.agent)}`
          : bringerOf(tunnel.agent);
    printOddity(terminal, head, { cause: say`the tunnel is down`, fix });
    return;
  }
  const facts = [say`UDP port ${device.listenPort}`, ...addresses, device.publicKey];
  terminal.print(say`${head}: ${listTexts(facts)}`);
  if (peers.length > 0) printPeers(terminal, peers);
  for (const peer of peers) {
    const oddity = findOddity(peer, { self: name, ...optional("network", tunnel.agent?.network) });
    if (oddity !== undefined) printOddity(terminal, say`${name} → ${labelOf(peer)}`, oddity);
  }
  if (tunnel.agent !== undefined && peers.some(({ trouble }) => trouble !== undefined)) {
    terminal.print(say`why, and the way out: warren doctor`);
  }
}

/** Who runs the tunnel, and how far it is. */
function printAgent(terminal: Terminal, head: Text, { agent, device }: TunnelStatus): void {
  if (agent === undefined) return;
  const {
    network,
    isRunning,
    isConnected,
    isWaiting,
    visitedAt,
    isOut,
    server = "",
    error,
  } = agent;
  if (isOut === true) {
    const fix = say`join again: warren join; or have it forgotten: warren leave ${network}`;
    printOddity(terminal, head, { cause: say`this host was taken out of ${network}`, fix });
  } else if (!isRunning && visitedAt !== undefined) {
    const age = printDuration(Math.max(0, Math.round((Date.now() - visitedAt) / 1000)));
    terminal.print(say`${head}: checked in ${age} ago, ${revisionOf(agent)}`);
  } else if (!isRunning) {
    const cause = say`the agent of ${network} does not run: the tunnel stays as it is`;
    if (device !== undefined) printOddity(terminal, head, { cause, fix: bringerOf(agent) });
  } else if (isWaiting === true) {
    terminal.print(say`${head}: waits to be approved in ${network}`);
  } else if (isConnected) {
    terminal.print(say`${head}: connected to ${server}, ${revisionOf(agent)}`);
  } else {
    terminal.print(say`${head}: without its server ${server}, ${revisionOf(agent)}`);
  }
  if (error !== undefined) {
    printOddity(terminal, head, { cause: say`${error}`, fix: agentLog(agent) });
  }
}

function revisionOf({ network, rev, applied }: TunnelAgent): Phrase {
  if (rev === undefined) return say`no revision of ${network} yet`;
  return say`at revision ${applied ?? 0} of ${rev} of ${network}`;
}

/** Of an agent that does not run. */
function bringerOf(agent: TunnelAgent): Phrase {
  const { network, visitedAt } = agent;
  if (visitedAt !== undefined) return agentLog(agent);
  return say`bring it back: warren up ${network}; or, where cron does that: warren checkin ${network}`;
}

function agentLog({ network, visitedAt }: TunnelAgent): Phrase {
  if (visitedAt !== undefined) return say`see what it says: warren checkin ${network}`;
  return say`see what it says: journalctl -u warren@${network}; without systemd, /run/warren/${network}.log or the system's log`;
}

/** `self`: the host that it is a peer of; `network`: of a server, who knows where that one is seen. */
export function findOddity(
  peer: PeerStatus,
  { self, network }: { readonly self: string; readonly network?: string },
): Reason | undefined {
  const { trouble, endpoint, endpointName = "", handshakeSeconds = 0 } = peer;
  if (trouble === undefined) return undefined;
  if (trouble === "no-address") return noAddress(self, endpointName);
  // In such a network who keeps a way open is he whom the other cannot dial by himself.
  if (network !== undefined && endpoint !== undefined && peer.keepaliveSeconds !== undefined) {
    return {
      cause: say`no handshake: ${self} is behind a NAT, and ${labelOf(peer)} behind another, or UDP ${endpoint} is not let in there`,
      fix: say`forward a UDP port to one of them, and say it: warren node set ${network} ${self} endpoint=HOST:PORT`,
    };
  }
  const cause =
    trouble === "no-handshake"
      ? say`no handshake yet, though it is sent to`
      : say`the last handshake is ${printDuration(handshakeSeconds)} old, though it is sent to all the time`;
  const fix =
    endpoint === undefined
      ? say`it has to dial this host, and does not: look at the tunnel there`
      : say`look whether the tunnel there is up and has this host's key, and whether UDP ${endpoint} is let in`;
  return { cause, fix };
}

export function printBytes(bytes: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${unit === "B" || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

function printPeers(terminal: Terminal, peers: readonly PeerStatus[]): void {
  const { read } = terminal;
  const heads = [
    say`peer`,
    say`endpoint`,
    say`last handshake`,
    say`received`,
    say`sent`,
    "AllowedIPs",
  ];
  const rows = peers.map((peer) => [
    labelOf(peer),
    peer.endpoint ?? "",
    terminal.paint(peer.trouble === undefined ? "green" : "red", handshakeOf(peer)),
    printBytes(peer.receivedBytes),
    printBytes(peer.sentBytes),
    read(listSome(peer.allowedIps)),
  ]);
  printHeaded(terminal, [heads.map(read), ...rows]);
}

function handshakeOf({ handshakeSeconds: age }: PeerStatus): Phrase {
  return age === undefined ? say`never` : say`${printDuration(age)} ago`;
}

function labelOf({ name, publicKey }: PeerStatus): string {
  return name ?? `${publicKey.slice(0, KEY_LETTERS)}…`;
}
