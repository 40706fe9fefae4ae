/** Causes that lie in a host itself: its tunnel, its agent, its clock, its rules. Each is asked from either end; `one` is where it lies. Pure. */
import { listTexts, say } from "@warren/core";
import type { Name, Phrase } from "@warren/core";
import type { Context, Found } from "./found.ts";
import { hasFreshHandshake, hears, isLost, speaks } from "./pair.ts";
import type { Pair, Side } from "./pair.ts";

/** A clock that is behind by more has not only drifted. */
const CLOCK_MS = 30_000;

export function foreignInterface({ one }: Pair, { network }: Context): Found | undefined {
  const { name, end } = one;
  if (end?.link !== "foreign") return undefined;
  const what =
    end.isKeyOther === true
      ? say`interface ${end.interface} of ${name} is a tunnel with another key`
      : say`interface ${end.interface} of ${name} is somebody else's, and no tunnel`;
  return {
    host: name,
    isCertain: true,
    cause: what,
    fix: say`on ${name}: see whose it is (ip -details link show ${end.interface}), and take it away; ${starting(one, network)}`,
  };
}

export function agentFailed({ one: { name, end } }: Pair): Found | undefined {
  if (end?.error === undefined || (end.link === "up" && end.lacks.length === 0)) return undefined;
  return {
    host: name,
    isCertain: true,
    cause: say`the agent of ${name} cannot make the tunnel: ${end.error}`,
    fix: say`mend that on ${name}: the agent tries again every few seconds`,
  };
}

/** As a host whose disk was copied. */
export function nodeFailed({ one: { name, node } }: Pair, { network }: Context): Found | undefined {
  if (node?.error === undefined) return undefined;
  return {
    host: name,
    isCertain: true,
    cause: say`the server says of ${name}: ${node.error}`,
    fix: say`do what it says; how it stands then: warren node list ${network}`,
  };
}

export function tunnelDown({ one }: Pair, { network }: Context): Found | undefined {
  const { name, end } = one;
  if (end?.link !== "absent" && end?.link !== "down") return undefined;
  return {
    host: name,
    isCertain: true,
    cause: end.isAgentRunning
      ? say`the tunnel of ${name} is down, and its agent is about to make it`
      : say`the tunnel of ${name} is down, and its agent does not run`,
    fix: say`on ${name}: ${starting(one, network)}`,
  };
}

export function keyMismatch({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.end === undefined || (one.peer?.lacks !== "psk" && one.peer?.lacks !== "peer"))
    return undefined;
  return {
    host: one.name,
    isCertain: true,
    cause:
      one.peer.lacks === "psk"
        ? say`the kernel of ${one.name} has another preshared key for ${other.name} than it should`
        : say`the kernel of ${one.name} does not have the key of ${other.name}`,
    fix: say`on ${one.name}: ${starting(one, network)}`,
  };
}

export function drift({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.end === undefined) return undefined;
  const lacks = [
    ...one.end.lacks,
    ...(one.peer?.lacks === "ranges" ? [say`ranges of ${other.name}`] : []),
  ];
  if (lacks.length === 0) return undefined;
  return {
    host: one.name,
    isCertain: true,
    cause: say`the kernel of ${one.name} is not as it should be: ${listTexts(lacks)}`,
    fix: say`on ${one.name}: ${starting(one, network)}`,
  };
}

/** The other has a tunnel to it already, or still. */
export function behind({ one, other }: Pair, { network }: Context): Found | undefined {
  if (one.end === undefined || one.peer?.isMeant !== false || other.peer?.isMeant !== true)
    return undefined;
  return {
    host: one.name,
    isCertain: true,
    cause: say`${one.name} knows nothing of a tunnel to ${other.name}, which has one to it: it stands at revision ${one.end.rev ?? 0}, and ${other.name} at ${other.end?.rev ?? 0}`,
    fix: say`see which of them is behind: warren node list ${network}; and why: journalctl -u warren@${network}`,
  };
}

/** Whoever has seen a later handshake of a host takes no earlier one (WireGuard, section 5.1). */
export function clock({ one, other }: Pair): Found | undefined {
  if (hasFreshHandshake(one) || isLost({ one, other }) === false || !speaks(one)) return undefined;
  return clockOf(one, other);
}

function clockOf({ name, end, clockOffMs = 0 }: Side, other: Side): Found | undefined {
  if (end === undefined || (end.isClockBack !== true && clockOffMs > -CLOCK_MS)) return undefined;
  return {
    host: name,
    isCertain: false,
    cause:
      clockOffMs > -CLOCK_MS
        ? say`the clock of ${name} went back: it was later when its agent wrote its files, and peers take no earlier handshakes than they have seen`
        : say`the clock of ${name} is ${Math.round(-clockOffMs / 1000)} s behind the server's, and peers take no earlier handshakes than they have seen`,
    fix: say`on ${name}: set the clock (timedatectl set-ntp true); then on ${other.name}: wg set ${other.end?.interface ?? end.interface} peer ${end.publicKey} remove; its agent puts the peer back`,
  };
}

export function firewallPort({ one }: Pair): Found | undefined {
  const block = one.end?.blocks.find(({ kind }) => kind === "input");
  return block === undefined || hears(one) ? undefined : blocked(one, block);
}

export function firewallTunnel({ one }: Pair): Found | undefined {
  const block = one.end?.blocks.find(({ kind }) => kind === "tunnel");
  return block === undefined || !hears(one) ? undefined : blocked(one, block);
}

export function forwardingOff({ one }: Pair, { network }: Context): Found | undefined {
  const { name, end } = one;
  if (end?.isForwarding !== false) return undefined;
  return {
    host: name,
    isCertain: true,
    cause: say`${name} does not pass packets on, and has to`,
    fix: say`on ${name}: ${starting(one, network)}; and see what turns it off: sysctl net.ipv4.ip_forward`,
  };
}

export function firewallForward({ one }: Pair): Found | undefined {
  const block = one.end?.blocks.find(({ kind }) => ["out", "through", "back"].includes(kind));
  return block === undefined ? undefined : blocked(one, block);
}

function blocked(
  { name }: Side,
  { message, fix }: { readonly message: string; readonly fix: string },
): Found {
  return { host: name, isCertain: true, cause: say`on ${name}, ${message}`, fix: say`${fix}` };
}

function starting({ end, node }: Side, network: Name): Phrase {
  if (end?.isAgentRunning === true)
    return say`its agent puts that right within 10 s; look again then`;
  if (node?.visitedAt !== undefined) return say`have that put right: warren checkin`;
  return say`start its agent, which puts that right: warren up ${network}`;
}
