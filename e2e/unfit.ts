/** Ways to make a machine of a test one that something is wrong with: before it boots first, or while it is up. */
import type { DiskContent } from "./system-disk.ts";
import type { System } from "./system.ts";

/** In a drawing: `system: { ...WITHOUT_TOOLS }`. apt-get can install them. */
export const WITHOUT_TOOLS: DiskContent = {
  packages: ["wireguard-tools"],
  prepare: ["dpkg --purge --force-depends wireguard-tools"],
};

export const WITHOUT_NFT: DiskContent = { prepare: ["dpkg --purge --force-depends nftables"] };

/** What it says is the time is off, for whoever asks the command; -2 days, say. */
export function withWrongClock(offset: string): DiskContent {
  const lines = [
    "mv /usr/bin/date /usr/bin/date.right",
    `printf '%s\\n' '#!/bin/sh' 'exec date.right -d "${offset}" "$@"' >/usr/bin/date`,
    "chmod 755 /usr/bin/date",
  ];
  return { prepare: [lines.join("\n")] };
}

/** Nobody writes there until it boots anew. */
export async function makeReadOnly(system: System, folder: string): Promise<void> {
  await runScript(system, 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"', folder);
}

/** Files can be made there, but nothing can be written into them; what was there is hidden until it boots anew. */
export async function fillUp(system: System, folder: string): Promise<void> {
  const script = `
    mount -t tmpfs -o size=8k,mode=700 tmpfs "$1"
    cat /dev/zero >"$1/large" 2>/dev/null || :
  `;
  await runScript(system, script, folder);
}

/** A program that is none of WireGuard's listens at the UDP port. */
export async function takePort(system: System, port: number): Promise<void> {
  const script = `
    setsid systemd-socket-activate --datagram --listen="0.0.0.0:$1" cat >/dev/null 2>&1 </dev/null &
    until ss -Hlun "sport = :$1" | grep -q .; do sleep 0.02; done
  `;
  await runScript(system, script, String(port));
}

/** It is no WireGuard but a bridge, as docker's, or it is somebody else's, with a key and a port of its own. */
export async function addInterface(
  system: System,
  name: string,
  kind: "bridge" | "wireguard",
): Promise<void> {
  const bridge = 'ip link add "$1" type bridge';
  const wireguard = `
    ip link add "$1" type wireguard 2>/dev/null || wireguard-go "$1" >/dev/null 2>&1
    wg genkey | wg set "$1" private-key /dev/stdin
  `;
  await runScript(system, `${kind === "bridge" ? bridge : wireguard}\nip link set "$1" up`, name);
}

/** Lets in answers, ssh and pings, and drops the rest, as many hosts do. */
export async function raiseFirewall(system: System, kind: "nft" | "iptables"): Promise<void> {
  await runScript(system, kind === "nft" ? NFT : IPTABLES);
}

const NFT = `
nft -f - <<end
table inet guard {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 22 accept
  }
}
end
`;

/** In the form of ufw's: chains of its own, to which the policy's leads. */
const IPTABLES = `
for tables in iptables ip6tables; do
  $tables -N guard-input
  $tables -A INPUT -j guard-input
  $tables -A guard-input -i lo -j ACCEPT
  $tables -A guard-input -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  $tables -A guard-input -p tcp --dport 22 -j ACCEPT
  $tables -P INPUT DROP
  $tables -P FORWARD DROP
done
iptables -A guard-input -p icmp -j ACCEPT
ip6tables -A guard-input -p ipv6-icmp -j ACCEPT
`;

/** Another than the desk knows. */
export async function changeHostKey(system: System): Promise<void> {
  const script = `
    rm /etc/ssh/ssh_host_ed25519_key*
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
    systemctl restart ssh
  `;
  await runScript(system, script);
}

/** Who calls is refused. */
export async function stopSsh(system: System): Promise<void> {
  await runScript(system, "systemctl stop ssh");
}

async function runScript(system: System, script: string, word = ""): Promise<void> {
  const words = ["sh", "-e", "-c", script, "sh", word];
  await system.run({ words, wayOut: "this is a defect of the test's machine: please report it" });
}
