/**
 * For hosts whose peers move: endpoints that are names, in a list of their own and out of what wg reads,
 * because a name that does not resolve keeps a whole interface down; and what asks for them again and
 * again. Knows nothing of how that is done.
 */
import { printEndpoint } from "../ip/endpoint.ts";
import type { Device, Peer } from "../plan/device.ts";
import { HEADER } from "./wg-setconf.ts";

/** The file /etc/wireguard/INTERFACE.endpoints; undefined when no endpoint is a name. It holds no secret. */
export function renderEndpointNames({ peers }: Device): string | undefined {
  const lines = peers.flatMap(({ name, publicKey, endpoint }) =>
    typeof endpoint?.host === "string"
      ? [`# ${name}\n${publicKey} ${printEndpoint(endpoint).replace(":", " ")}\n`]
      : [],
  );
  return lines.length === 0 ? undefined : [HEADER, ...lines].join("");
}

/** Peers are without their endpoint where that is a name; all else is the same. */
export function withNumericEndpoints(device: Device): Device {
  return { ...device, peers: device.peers.map(withoutName) };
}

/**
 * The file warren-endpoints@INTERFACE.service. No namespaces of its own: an unprivileged container may
 * refuse them, and to make them four times a minute costs more than the work itself. What the script
 * says is at the level notice, what systemd says of each run is below.
 */
export function renderEndpointsService(): string {
  return `${HEADER}[Unit]
Description=Names of WireGuard peers on %i
After=wg-quick@%i.service

[Service]
Type=oneshot
ExecStart=/bin/sh /etc/wireguard/%i.endpoints.sh %i
TimeoutStartSec=30
SyslogLevel=notice
LogLevelMax=notice
Nice=10
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_ADMIN
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
`;
}

/** The file warren-endpoints@INTERFACE.timer: it starts and stops with wg-quick@INTERFACE. */
export function renderEndpointsTimer(): string {
  return `${HEADER}[Unit]
Description=Names of WireGuard peers on %i, asked again and again
BindsTo=wg-quick@%i.service
After=wg-quick@%i.service

[Timer]
OnActiveSec=0
OnUnitActiveSec=${CADENCE_SECONDS}
AccuracySec=1

[Install]
WantedBy=wg-quick@%i.service
`;
}

/** The file /etc/init.d/warren-endpoints.INTERFACE of OpenRC: the same, in a loop of the script's own. */
export function renderEndpointsInit(): string {
  return `#!/sbin/openrc-run
${HEADER}
interface=\${RC_SVCNAME#*.}
description="Names of WireGuard peers on $interface"
command=/bin/sh
command_args="/etc/wireguard/$interface.endpoints.sh $interface loop"
command_background=yes
pidfile=/run/$RC_SVCNAME.pid

depend() {
	need "wg-quick.$interface"
}
`;
}

/** Long enough for two handshakes, which come 5 s after each other, to be answered or not. */
const CADENCE_SECONDS = 15;

function withoutName(peer: Peer): Peer {
  if (typeof peer.endpoint?.host !== "string") return peer;
  const { endpoint: _name, ...rest } = peer;
  return rest;
}
