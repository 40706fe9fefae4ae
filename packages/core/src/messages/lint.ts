/** What the linter can find in one foreign device, and in what others know it by. */
import type { Severity } from "../diagnostics.ts";
import type { Finding, Place } from "../finding.ts";
import type { Family } from "../ip/address.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { quote } from "../problem.ts";
import { listNames, shellWord } from "../wording.ts";

/** Where a mistake is, and the place that disagrees with it. */
export interface Spot {
  readonly place: Place;
  readonly against?: Place | undefined;
}

export function lintError(code: string, spot: Spot, message: Phrase, fix: Phrase): Finding {
  return finding("error", code, spot, { message, fix });
}

export function lintWarning(code: string, spot: Spot, message: Phrase, fix: Phrase): Finding {
  return finding("warning", code, spot, { message, fix });
}

/** `write AllowedIPs = 10.0.0.2/32, 192.168.2.0/24` */
export function writeAllowedIps(prefixes: readonly string[]): Phrase {
  return say`write AllowedIPs = ${prefixes.join(", ")}`;
}

export function writeEndpoint(endpoint: string): Phrase {
  return say`write Endpoint = ${endpoint}`;
}

/** The line as it is without a prefix, which may be all that it had. */
export function replaceAllowedIps(prefix: string, line: readonly string[]): Phrase {
  return line.length === 0 ? say`remove ${prefix}` : writeAllowedIps(line);
}

export function worldReadable(place: Place): Finding {
  const message = say`everybody on the host may read the keys in this file`;
  return lintWarning(
    "world-readable",
    { place },
    message,
    say`run chmod 600 ${shellWord(place.file)}`,
  );
}

export function listenPortMissing(spot: Spot, port: number, dialler: string): Finding {
  const message = say`${quote(dialler)} dials this device, which has no ListenPort: it takes another port at each start`;
  return lintWarning("listen-port-missing", spot, message, say`write ListenPort = ${port}`);
}

export function mtuBelowIpv6(place: Place, mtu: number): Finding {
  const message = say`an MTU of ${mtu} is too small for IPv6, which needs 1280`;
  const fix = say`write MTU = 1280, or use IPv4 alone`;
  return lintError("mtu-below-ipv6", { place }, message, fix);
}

export function prefixOnTwoPeers(
  spot: Spot,
  prefix: string,
  peers: readonly string[],
  fix: Phrase | undefined,
): Finding {
  const last = quote(peers.at(-1) ?? "");
  const message = say`${prefix} is on several peers, ${listNames(peers)}: WireGuard keeps it on the last, ${last}, silently`;
  return lintError("prefix-on-two-peers", spot, message, fix ?? say`leave it on one of them`);
}

export function ownPrefixOnPeer(
  spot: Spot,
  own: string,
  entry: { readonly prefix: string; readonly peer: string },
  fix: Phrase,
): Finding {
  const message = say`${own} is on this device itself, but ${entry.prefix} would go into the tunnel to ${quote(entry.peer)}`;
  return lintError("own-prefix-on-peer", spot, message, fix);
}

export function endpointCaptured(
  spot: Spot,
  { endpoint, prefix }: { readonly endpoint: string; readonly prefix: string },
  fix: Phrase | undefined,
): Finding {
  const message = say`the endpoint ${endpoint} lies inside ${prefix}, which goes into the tunnel: it would swallow itself`;
  const unknown = say`write an endpoint outside ${prefix}, or take ${prefix} out of the tunnel`;
  return lintError("endpoint-captured", spot, message, fix ?? unknown);
}

export function rangeLeaks(spot: Spot, range: string, line: string): Finding {
  const message = say`unknown addresses of ${range} would leave by the default route, not die in the tunnel's interface`;
  return lintWarning("range-leaks", spot, message, say`write Address = ${line}`);
}

export function addressTwice(spot: Spot, address: string, other: string): Finding {
  const message = say`${address} is already the address of ${quote(other)}`;
  return lintError(
    "address-taken",
    spot,
    message,
    say`write another address, and tell it to the others`,
  );
}

export function addressDiffers(
  spot: Spot,
  own: string,
  listed: { readonly address: string; readonly line: string },
): Finding {
  const message = say`nobody knows this device by ${own}: the others send it ${listed.address}`;
  return lintError("address-differs", spot, message, say`write Address = ${listed.line}`);
}

export function keyTwice(spot: Spot, other: string): Finding {
  const message = say`${quote(other)} has the same private key: the others cannot tell the two apart`;
  const fix = say`make a new key with wg genkey, and tell its public key to the others`;
  return lintError("private-key-reused", spot, message, fix);
}

export function publicKeyDiffers(spot: Spot, name: string, publicKey: string): Finding {
  const message = say`this is not the public key of ${quote(name)}, whose address is listed here`;
  return lintError("public-key-differs", spot, message, say`write PublicKey = ${publicKey}`);
}

export function publicKeyUnknown(spot: Spot, listed: string, own: string): Finding {
  const message = say`nobody knows this device by its key: the others list its address under ${listed}`;
  const fix = say`write PublicKey = ${own} at the others, or put the private key of ${listed} back`;
  return lintError("public-key-differs", spot, message, fix);
}

/** `meant`: the key of the one whose address is listed. */
export function peerIsSelf(spot: Spot, meant: string | undefined): Finding {
  const message = say`this is the device's own key: WireGuard ignores the peer`;
  return lintError(
    "peer-is-self",
    spot,
    message,
    meant === undefined ? say`remove the peer` : say`write PublicKey = ${meant}`,
  );
}

export function nodeAlone(place: Place): Finding {
  const message = say`this device has no peers, and is nobody's peer`;
  return lintWarning("node-alone", { place }, message, say`write a [Peer] for whom it is to reach`);
}

/** `family` of what is to be passed on. */
export function forwardingMissing(
  spot: Spot,
  family: Family,
  what: { readonly from: string; readonly prefix: string },
): Finding {
  const setting = family === 4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
  const message = say`${quote(what.from)} sends ${what.prefix} here, to be passed on, but nothing in this file switches forwarding on for IPv${family}`;
  const fix = say`write PostUp = sysctl -w ${setting}=1, unless sysctl.d does so`;
  return lintWarning("forwarding-off", spot, message, fix);
}

function finding(
  severity: Severity,
  code: string,
  { place, against }: Spot,
  { message, fix }: { readonly message: Phrase; readonly fix: Phrase },
): Finding {
  const { file, line, column } = place;
  const other = against === undefined ? {} : { against };
  return { severity, code, message, fix, file, line, column, ...other };
}
