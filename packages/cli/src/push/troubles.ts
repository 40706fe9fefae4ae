/** Why a host is not as the mesh says: at which step, for what cause, and the way out. */
import { listTexts, printPrefix, say } from "@warren/core";
import type { FirewallBlock, Name, Node, Phrase, Prefix } from "@warren/core";
import { reasonOf } from "../remote/refusals.ts";
import type { Reason, Reasons } from "../remote/refusals.ts";
import type { OtherTunnel } from "./facts.ts";
import type { SshTarget } from "../remote/ssh.ts";

/** What is done to a host, in this order. */
export type Phase = "connect" | "check" | "install" | "key" | "apply" | "confirm" | "verify";

export interface Trouble extends Reason {
  readonly step: Phase;
  readonly code: string;
  /** It may be wrong, or done without: `--anyway` goes on. */
  readonly isForcible?: true;
}

/** What a failed answer is about. */
export interface Attempt {
  readonly step: Phase;
  readonly node: Name;
  readonly target: SshTarget;
  readonly seconds: number;
}

/** A host's or ssh's refusal in words. */
export function troubleOf(
  { step, node, target, seconds }: Attempt,
  { code, detail }: { readonly code: string; readonly detail: string },
): Trouble {
  const failed = { code: undone(code, detail), detail };
  const reason = reasonOf(target, failed, working(detail, { node, seconds }));
  return { step, code: failed.code, ...reason };
}

/** What failed half way, and was undone, failed for a reason that the system has told. */
function undone(code: string, detail: string): string {
  if (code !== "undone" && code !== "cannot-write") return code;
  if (detail.includes("No space left on device")) return "no-space";
  if (detail.includes("Read-only file system")) return "read-only";
  return code;
}

function working(detail: string, { node, seconds }: Pick<Attempt, "node" | "seconds">): Reasons {
  return {
    "no-space": {
      cause: say`no space is left where the files go`,
      fix: say`make room in /etc/wireguard, and run it again`,
    },
    "read-only": {
      cause: say`the file system of the files is read-only`,
      fix: say`mount it writable (mount -o remount,rw), and run it again`,
    },
    "cannot-write": {
      cause: say`cannot write: ${detail}`,
      fix: say`look at /etc/wireguard there`,
    },
    busy: {
      cause: say`another push to it is under way`,
      fix: say`wait for that one, and run it again`,
    },
    "install-failed": {
      cause: say`installing failed: ${detail}`,
      fix: say`run that on the host to see more; then run this again`,
    },
    "key-differs": {
      cause: say`its private key is not the one that the lock knows`,
      fix: say`bring the old key back; or have it make a new one: warren keys rotate ${node}; or, where the mesh file has its publicKey, write that of the new one there`,
    },
    undone: {
      cause: say`it failed, and all was undone: ${detail}`,
      fix: say`mend that, and run it again`,
    },
    expired: {
      cause: say`it could not be reached within ${seconds} s after the change, and has undone it`,
      fix: say`look what cuts the way of ssh: an exit, a subnet or a policy that has this machine's address in it`,
    },
    "not-undone": {
      cause: say`it failed, or could not be reached, and undoing it failed, too: ${detail}`,
      fix: say`mend that on the host itself; then run it again`,
    },
    away: {
      cause: say`it cannot be reached since the change, which it was to undo by itself after ${seconds} s`,
      fix: say`wait a little, and run it again; if it stays away, look at its console`,
    },
    overtaken: {
      cause: say`another push has changed it, before this one could confirm what it did`,
      fix: say`wait for that one, and run it again`,
    },
    "no-boot": {
      cause: say`it runs, but will not start at boot: ${detail}`,
      fix: say`look at what manages services there, and run it again`,
    },
  };
}

export function keyCloned(owner: string, device: string): Trouble {
  const cause = say`its private key is that of ${owner}, too: one may be a copy of the other's disk`;
  const fix = say`have it make another: remove /etc/wireguard/${device}.key there, and run it again`;
  return { step: "key", code: "key-cloned", cause, fix };
}

export function nodeGone(): Trouble {
  const cause = say`it was taken out of the mesh meanwhile`;
  return { step: "key", code: "node-gone", cause, fix: say`run it again` };
}

export function noWireGuard(): Trouble {
  const cause = say`its kernel has no WireGuard, and no /dev/net/tun for one in a program`;
  const fix = say`load one of them: modprobe wireguard, or modprobe tun; in a container, let it have /dev/net/tun`;
  return found("no-wireguard", cause, fix);
}

/** `tunnel`: the WireGuard interface that has it, where it is one. */
export function portTaken(port: number, node: Name, tunnel?: string): Trouble {
  const other = say`or choose another: warren set ${node} listenPort=${port + 1}`;
  if (tunnel === undefined) {
    const cause = say`UDP port ${port} is in use by another program`;
    return found("port-taken", cause, say`end that one (ss -ulnp tells which); ${other}`);
  }
  const cause = say`UDP port ${port} is that of the WireGuard interface ${tunnel}`;
  const fix = say`take that one down, or let it have another port; ${other}`;
  return found("port-taken", cause, fix);
}

export function interfaceTaken(name: string): Trouble {
  const fix = say`take that mesh in (warren import), take it off the host, or choose another name: warren set network interface=NAME`;
  return found("interface-taken", say`it has another interface of the name ${name}`, fix);
}

/** `twin`: under another name than that which the mesh file says now. */
export function tunnelTwice(
  { interface: twin, isOurs }: OtherTunnel,
  node: Name,
  now: string,
): Trouble {
  if (!isOurs) {
    const cause = say`${twin} has its private key already: of two tunnels with one key, neither gets all its packets`;
    return found("key-in-use", cause, say`take that one down there: wg-quick down ${twin}`);
  }
  const cause = say`its tunnel of this mesh is there under the name ${twin}, and the mesh file says ${now}`;
  const fix = say`take it off under its old name first: warren set network interface=${twin}, and warren push --remove ${node}; then set the new name, and push`;
  return found("interface-renamed", cause, fix);
}

export function wgOld(version: string): Trouble {
  const cause = say`its wg is of version ${version}, from before WireGuard was done`;
  return suspected("wg-old", cause, say`update wireguard-tools there to 1.0 or later`);
}

export function fileTaken(file: string): Trouble {
  const fix = say`take that mesh in (warren import), move the file away, or choose another name: warren set network interface=NAME`;
  return found("file-taken", say`${file} is there, and Warren did not make it`, fix);
}

export function readOnly(place: string): Trouble {
  const cause = say`${place} is mounted read-only, and the files go there`;
  return found("read-only", cause, say`mount it writable: mount -o remount,rw ${place}`);
}

export function noSpace(freeKiB: number): Trouble {
  const cause = say`only ${freeKiB} KiB are free where the files go`;
  return found("no-space", cause, say`make room in /etc/wireguard`);
}

export function noServiceManager(device: string): Trouble {
  const cause = say`nothing known here would start the tunnel at boot, or follow endpoints that are names: neither systemd nor OpenRC`;
  const fix = say`have your own start it (wg-quick up) and, where there is one, /etc/wireguard/${device}.endpoints.sh (INTERFACE loop); and go on with --anyway`;
  return suspected("no-boot", cause, fix);
}

export function clockWrong(seconds: number): Trouble {
  const off = Math.abs(seconds);
  const much = off > 7200 ? say`${Math.round(off / 3600)} h` : say`${off} s`;
  const cause =
    seconds < 0
      ? say`its clock is ${much} behind the one here`
      : say`its clock is ${much} ahead of the one here`;
  const fix = say`set it, and keep it right (timedatectl set-ntp true): after a step back no peer answers it until it has caught up`;
  return suspected("clock-wrong", cause, fix);
}

/** `local`: what the node calls its own already; a list is replaced as a whole. */
export function rangeTaken(prefix: Prefix, at: string, { name, local }: Node): Trouble {
  const all = [...local, prefix].map(printPrefix).join(",");
  const cause = say`${printPrefix(prefix)} is on ${at} there, and the mesh routes the same into the tunnel`;
  const fix = say`if it is the host's own (docker, say), leave it out: warren set ${name} local=${all}`;
  return suspected("route-clash", cause, fix);
}

export function firewallDrops({ message, fix }: FirewallBlock): Trouble {
  return suspected("firewall", message, fix);
}

export function addressOnOther(prefix: Prefix, at: string): Trouble {
  const cause = say`${printPrefix(prefix)}, its address in the mesh, is on ${at} already`;
  return found("address-taken", cause, say`take it off there, or give the node another one`);
}

export function noTools(tools: readonly string[], system: string): Trouble {
  const cause = say`${listTexts(tools)} is missing, and no command known here installs packages on ${system}`;
  const fix = system.startsWith("openwrt")
    ? say`install bash, wireguard-tools, ip-full and coreutils-stat, and copy wg-quick from any Linux (docs/guide/mixed-devices.md); then run it again`
    : say`install it by hand, and run it again`;
  return found("no-installer", cause, fix);
}

/** By a look at the host. */
function found(code: string, cause: Phrase, fix: Phrase): Trouble {
  return { step: "check", code, cause, fix };
}

/** The same, where the look may be wrong. */
function suspected(code: string, cause: Phrase, fix: Phrase): Trouble {
  return { ...found(code, cause, fix), isForcible: true };
}
