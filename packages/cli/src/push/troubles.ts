/** Why a host is not as the mesh says: at which step, for what cause, and the way out. */
import { listTexts, printPrefix, say } from "@warren/core";
import type { FirewallBlock, Name, Node, Phrase, Prefix } from "@warren/core";
import { sshRefusals } from "../remote/refusals.ts";
import type { Words } from "../remote/refusals.ts";
import type { OtherTunnel } from "./facts.ts";
import { printTarget } from "../remote/ssh.ts";
import type { SshTarget } from "../remote/ssh.ts";

/** What is done to a host, in this order. */
export type Phase = "connect" | "check" | "install" | "key" | "apply" | "confirm" | "verify";

export interface Trouble {
  readonly step: Phase;
  readonly code: string;
  readonly cause: Phrase;
  readonly fix: Phrase;
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
  const known = { ...sshRefusals(target, detail), ...working(detail, { node, seconds }) }[
    undone(code, detail)
  ];
  const other = {
    cause: say`${code}: ${detail === "" ? say`the host says no more` : detail}`,
    fix: say`see what the host says: ssh ${printTarget(target)}`,
  };
  return { step, code: undone(code, detail), ...(known ?? other) };
}

/** What failed half way, and was undone, failed for a reason that the system has told. */
function undone(code: string, detail: string): string {
  if (code !== "undone" && code !== "cannot-write") return code;
  if (detail.includes("No space left on device")) return "no-space";
  if (detail.includes("Read-only file system")) return "read-only";
  return code;
}

function working(
  detail: string,
  { node, seconds }: Pick<Attempt, "node" | "seconds">,
): Readonly<Record<string, Words>> {
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
  return {
    step: "key",
    code: "key-cloned",
    cause: say`its private key is that of ${owner}, too: one may be a copy of the other's disk`,
    fix: say`have it make another: remove /etc/wireguard/${device}.key there, and run it again`,
  };
}

export function nodeGone(): Trouble {
  return {
    step: "key",
    code: "node-gone",
    cause: say`it was taken out of the mesh meanwhile`,
    fix: say`run it again`,
  };
}

export function noWireGuard(): Trouble {
  return {
    step: "check",
    code: "no-wireguard",
    cause: say`its kernel has no WireGuard, and no /dev/net/tun for one in a program`,
    fix: say`load one of them: modprobe wireguard, or modprobe tun; in a container, let it have /dev/net/tun`,
  };
}

/** `tunnel`: the WireGuard interface that has it, where it is one. */
export function portTaken(port: number, node: Name, tunnel?: string): Trouble {
  const other = say`or choose another: warren set ${node} listenPort=${port + 1}`;
  return {
    step: "check",
    code: "port-taken",
    ...(tunnel === undefined
      ? {
          cause: say`UDP port ${port} is in use by another program`,
          fix: say`end that one (ss -ulnp tells which); ${other}`,
        }
      : {
          cause: say`UDP port ${port} is that of the WireGuard interface ${tunnel}`,
          fix: say`take that one down, or let it have another port; ${other}`,
        }),
  };
}

export function interfaceTaken(name: string): Trouble {
  return {
    step: "check",
    code: "interface-taken",
    cause: say`it has another interface of the name ${name}`,
    fix: say`take that mesh in (warren import), take it off the host, or choose another name: warren set network interface=NAME`,
  };
}

/** `twin`: under another name than that which the mesh file says now. */
export function tunnelTwice(
  { interface: twin, isOurs }: OtherTunnel,
  node: Name,
  now: string,
): Trouble {
  if (!isOurs) {
    return {
      step: "check",
      code: "key-in-use",
      cause: say`${twin} has its private key already: of two tunnels with one key, neither gets all its packets`,
      fix: say`take that one down there: wg-quick down ${twin}`,
    };
  }
  return {
    step: "check",
    code: "interface-renamed",
    cause: say`its tunnel of this mesh is there under the name ${twin}, and the mesh file says ${now}`,
    fix: say`take it off under its old name first: warren set network interface=${twin}, and warren push --remove ${node}; then set the new name, and push`,
  };
}

export function wgOld(version: string): Trouble {
  return {
    step: "check",
    code: "wg-old",
    isForcible: true,
    cause: say`its wg is of version ${version}, from before WireGuard was done`,
    fix: say`update wireguard-tools there to 1.0 or later`,
  };
}

export function fileTaken(file: string): Trouble {
  return {
    step: "check",
    code: "file-taken",
    cause: say`${file} is there, and Warren did not make it`,
    fix: say`take that mesh in (warren import), move the file away, or choose another name: warren set network interface=NAME`,
  };
}

export function readOnly(place: string): Trouble {
  return {
    step: "check",
    code: "read-only",
    cause: say`${place} is mounted read-only, and the files go there`,
    fix: say`mount it writable: mount -o remount,rw ${place}`,
  };
}

export function noSpace(freeKiB: number): Trouble {
  return {
    step: "check",
    code: "no-space",
    cause: say`only ${freeKiB} KiB are free where the files go`,
    fix: say`make room in /etc/wireguard`,
  };
}

export function noServiceManager(device: string): Trouble {
  return {
    step: "check",
    code: "no-boot",
    isForcible: true,
    cause: say`nothing known here would start the tunnel at boot, or follow endpoints that are names: neither systemd nor OpenRC`,
    fix: say`have your own start it (wg-quick up) and, where there is one, /etc/wireguard/${device}.endpoints.sh (INTERFACE loop); and go on with --anyway`,
  };
}

export function clockWrong(seconds: number): Trouble {
  const off = Math.abs(seconds);
  const much = off > 7200 ? say`${Math.round(off / 3600)} h` : say`${off} s`;
  return {
    step: "check",
    isForcible: true,
    code: "clock-wrong",
    cause:
      seconds < 0
        ? say`its clock is ${much} behind the one here`
        : say`its clock is ${much} ahead of the one here`,
    fix: say`set it, and keep it right (timedatectl set-ntp true): after a step back no peer answers it until it has caught up`,
  };
}

/** `local`: what the node calls its own already; a list is replaced as a whole. */
export function rangeTaken(prefix: Prefix, at: string, { name, local }: Node): Trouble {
  const range = printPrefix(prefix);
  const all = [...local, prefix].map(printPrefix).join(",");
  return {
    step: "check",
    isForcible: true,
    code: "route-clash",
    cause: say`${range} is on ${at} there, and the mesh routes the same into the tunnel`,
    fix: say`if it is the host's own (docker, say), leave it out: warren set ${name} local=${all}`,
  };
}

export function firewallDrops({ message, fix }: FirewallBlock): Trouble {
  return { step: "check", code: "firewall", isForcible: true, cause: message, fix };
}

export function addressOnOther(prefix: Prefix, at: string): Trouble {
  return {
    step: "check",
    code: "address-taken",
    cause: say`${printPrefix(prefix)}, its address in the mesh, is on ${at} already`,
    fix: say`take it off there, or give the node another one`,
  };
}

export function noTools(tools: readonly string[], system: string): Trouble {
  return {
    step: "check",
    code: "no-installer",
    cause: say`${listTexts(tools)} is missing, and no command known here installs packages on ${system}`,
    fix: system.startsWith("openwrt")
      ? say`install bash, wireguard-tools, ip-full and coreutils-stat, and copy wg-quick from any Linux (docs/guide/mixed-devices.md); then run it again`
      : say`install it by hand, and run it again`,
  };
}
