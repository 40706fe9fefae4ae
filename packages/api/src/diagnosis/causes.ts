/** The table of causes, the most fundamental first: what of it fits to what two ends said is the cause. */
import type { Context, Found } from "./found.ts";
import * as hosts from "./host-causes.ts";
import type { Pair } from "./pair.ts";
import * as ways from "./way-causes.ts";

export type Kind = "broken" | "one-way" | "alive";

interface Cause {
  readonly code: string;
  /** Of tunnels that do not work, of those that work only because the other end has dialled, of those that work. */
  readonly of: readonly Kind[];
  readonly find: (pair: Pair, context: Context) => Found | undefined;
}

export const CAUSES = [
  { code: "not-meant", of: ["broken"], find: ways.notMeant },
  { code: "foreign-interface", of: ["broken"], find: hosts.foreignInterface },
  { code: "agent-failed", of: ["broken"], find: hosts.agentFailed },
  { code: "tunnel-down", of: ["broken"], find: hosts.tunnelDown },
  { code: "node-failed", of: ["broken", "alive"], find: hosts.nodeFailed },
  { code: "behind", of: ["broken"], find: hosts.behind },
  { code: "key-mismatch", of: ["broken"], find: hosts.keyMismatch },
  { code: "drift", of: ["broken"], find: hosts.drift },
  { code: "route-clash", of: ["broken"], find: ways.routeClash },
  { code: "dead-name", of: ["broken", "one-way"], find: ways.deadName },
  { code: "away", of: ["broken"], find: ways.away },
  { code: "no-route", of: ["broken", "one-way"], find: ways.noRoute },
  { code: "other-vpn", of: ["broken", "one-way"], find: ways.otherVpn },
  { code: "name-elsewhere", of: ["broken", "one-way"], find: ways.nameElsewhere },
  { code: "clock", of: ["broken", "one-way"], find: hosts.clock },
  { code: "firewall-port", of: ["broken", "one-way"], find: hosts.firewallPort },
  { code: "both-nat", of: ["broken"], find: ways.bothNat },
  { code: "firewall-tunnel", of: ["broken"], find: hosts.firewallTunnel },
  { code: "dropped-inside", of: ["broken"], find: ways.droppedInside },
  { code: "udp-blocked", of: ["broken"], find: ways.udpBlocked },
  { code: "udp-out-blocked", of: ["broken"], find: ways.udpOutBlocked },
  { code: "udp-in-blocked", of: ["broken"], find: ways.udpInBlocked },
  { code: "no-answer", of: ["broken"], find: ways.noAnswer },
  { code: "udp-in-blocked", of: ["one-way"], find: ways.dialledOneWay },
  { code: "mtu", of: ["alive"], find: ways.mtu },
  { code: "route-clash", of: ["alive"], find: ways.rangeClash },
  { code: "forwarding-off", of: ["alive"], find: hosts.forwardingOff },
  { code: "firewall-forward", of: ["alive"], find: hosts.firewallForward },
] as const satisfies readonly Cause[];

export type CauseCode = (typeof CAUSES)[number]["code"] | "revoked";
