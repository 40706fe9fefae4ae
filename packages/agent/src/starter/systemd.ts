/** The unit that starts a service under systemd. */
import { aboutOf, writerOf } from "./boot-command.ts";
import type { BootCommand } from "./boot-command.ts";

/** Of an agent whose host is not, or no more, in its network (EX_CONFIG of sysexits.h): it is not started again, and is no failure. */
export const NOT_JOINED = 78;

/**
 * The file /etc/systemd/system/warren@NETWORK.service, one a network, so that none depends on another; or
 * warren-server.service.
 *
 * An agent starts after network.target and not network-online.target: without a network the latter comes
 * two minutes late, and the tunnels with it; the agent itself waits for addresses and names. The server
 * reads once which addresses are its own. Both are started again for ever. KillMode=process: a tunnel that is a process outlives its agent. No namespaces of its own:
 * an unprivileged container may refuse them, and a tunnel would live in them. Whoever is root may do
 * what wg, ip, nft, modprobe and tunnels need, or what a server does, and no more.
 */
export function renderUnit(service: BootCommand): string {
  const { network, words } = service;
  return `# ${writerOf(service)}
[Unit]
Description=${aboutOf(service)}
${network === undefined ? "Wants=network-online.target\nAfter=network-online.target" : "After=network.target nss-lookup.target"}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${words.map(quoteWord).join(" ")}
${network === undefined ? OF_SERVER : OF_AGENT}Restart=always
TimeoutStopSec=20
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`;
}

const OF_AGENT = `KillMode=process
RestartPreventExitStatus=${NOT_JOINED}
SuccessExitStatus=${NOT_JOINED}
RestartSec=2
WatchdogSec=180
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SYS_MODULE CAP_DAC_OVERRIDE
`;

/** A certificate of its owner's may be for another user alone. */
const OF_SERVER = `RestartSec=1
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE
SystemCallArchitectures=native
SystemCallFilter=@system-service
`;

/** As systemd.service(5) reads command lines: quoted, no specifiers, and no variables but in the program's own name. */
function quoteWord(word: string, at: number): string {
  const escaped = word.replaceAll(/["\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${at === 0 ? escaped : escaped.replaceAll("$", "$$$$")}"`;
}
