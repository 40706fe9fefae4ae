/** The unit that starts an agent under systemd. */
import type { AgentCommand } from "./agent-command.ts";

/** Of an agent whose host is not, or no more, in its network (EX_CONFIG of sysexits.h): it is not started again. */
export const NOT_JOINED = 78;

/**
 * The file /etc/systemd/system/warren@NETWORK.service: one a network, so that none depends on another.
 *
 * After network.target and not network-online.target: without a network the latter comes two minutes
 * late, and the tunnels with it; the agent itself waits for addresses and names. It is started again
 * for ever. KillMode=process: a tunnel that is a process outlives its agent. No namespaces of its own:
 * an unprivileged container may refuse them, and a tunnel would live in them. Whoever is root may do
 * what wg, ip, nft, modprobe and tunnels need, and no more.
 */
export function renderUnit({ network, words }: AgentCommand): string {
  return `# Written by warren join.
[Unit]
Description=Warren agent of the network ${network}
After=network.target nss-lookup.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${words.map(quoteWord).join(" ")}
KillMode=process
Restart=always
RestartPreventExitStatus=${NOT_JOINED}
RestartSec=2
TimeoutStopSec=20
WatchdogSec=180
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SYS_MODULE CAP_DAC_OVERRIDE
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`;
}

/** As systemd.service(5) reads command lines: quoted, no specifiers, and no variables but in the program's own name. */
function quoteWord(word: string, at: number): string {
  const escaped = word.replaceAll(/["\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${at === 0 ? escaped : escaped.replaceAll("$", "$$$$")}"`;
}
