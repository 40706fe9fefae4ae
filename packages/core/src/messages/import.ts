/** What an import can say: what was changed on the way, what could not be kept, and where it stood. */
import type { Finding, Place } from "../finding.ts";
import { say } from "../phrase.ts";
import type { Phrase, Text } from "../phrase.ts";
import { quote } from "../problem.ts";
import type { ForeignDevice, ForeignPeer } from "../read/foreign.ts";

interface Said {
  readonly message: Phrase;
  readonly fix: Phrase;
  readonly against?: Place | undefined;
}

/** It works as before, or better, but not as it is written. */
function changed(code: string, place: Place, said: Said): Finding {
  return found("warning", code, place, said);
}

/** It could not be kept. */
function lost(code: string, place: Place, said: Said): Finding {
  return found("error", code, place, said);
}

function found(
  severity: Finding["severity"],
  code: string,
  { file, line, column }: Place,
  { message, fix, against }: Said,
): Finding {
  const other = against === undefined ? {} : { against };
  return { severity, code, message, fix, file, line, column, ...other };
}

export function deviceTwice({ name, place }: ForeignDevice, against: Place): Finding {
  const message = say`${name} has the key of another device, and is left out`;
  return lost("device-twice", place, { message, fix: say`make a key of its own for it`, against });
}

export function deviceWithoutKey({ name, place }: ForeignDevice): Finding {
  const message = say`${name} has no key, and nobody lists it by its address: it is left out`;
  const fix = say`add its PrivateKey, or write it into the mesh with publicKey`;
  return lost("device-without-key", place, { message, fix });
}

/** It is not quoted. */
export function privateKeyShown(place: Place, owner: string | undefined): Finding {
  const message =
    owner === undefined
      ? say`that is somebody's PRIVATE key: it has been shown, and is left out`
      : say`that is the PRIVATE key of ${owner}: it has been shown; its public key is taken in its place`;
  const fix =
    owner === undefined ? say`make a new one` : say`make a new one: warren keys rotate ${owner}`;
  return lost("private-key-shown", place, { message, fix });
}

/** At `count` peers, of which this is the last. */
export function prefixTwice(place: Place, prefix: string, against: Place, count: number): Finding {
  const message =
    count === 2
      ? say`${prefix} stands at two peers: WireGuard gives it to this one, and so does the mesh`
      : say`${prefix} stands at ${count} peers: WireGuard gives it to this one, and so does the mesh`;
  return changed("prefix-twice", place, { message, fix: say`leave it at one`, against });
}

export function peerIsItself({ name }: ForeignDevice, { place }: ForeignPeer): Finding {
  const message = say`${name} lists itself as a peer: WireGuard overlooks that, and so does the mesh`;
  return changed("peer-itself", place, { message, fix: say`remove the peer` });
}

export function nameChanged(place: Place, name: string, given: string): Finding {
  const message = say`${quote(name)} is called ${given} in the mesh`;
  const fix = say`a name is a DNS label of lower-case letters, digits and hyphens; rename it as you like`;
  return changed("name-changed", place, { message, fix });
}

export function addressUnknown(place: Place, name: string): Finding {
  const message = say`nothing says which address ${name} has: it gets a free one`;
  return lost("address-unknown", place, { message, fix: say`write nodes.${name}.address` });
}

export function addressesDiffer(place: Place, name: string, here: Text, there: Text): Finding {
  const message = say`${name} has the addresses ${there}, and gets ${here}`;
  const fix = say`a node has one address of each family, with the length of the mesh's range`;
  return changed("addresses-differ", place, { message, fix });
}

/** Of several devices at once: what they have in common is one fact. */
export function lengthsDiffer(
  place: Place,
  names: Text,
  { count, here, there }: { readonly count: number; readonly here: Text; readonly there: Text },
): Finding {
  const message = say`addresses of ${count} devices have the length ${there}, and get ${here}: ${names}`;
  const fix = say`a node has one address of each family, with the length of the mesh's range`;
  return changed("addresses-differ", place, { message, fix });
}

/** An idle route into the tunnel keeps a family from leaving beside it. */
export function familyEnded(place: Place, pair: readonly [string, string], family: 4 | 6): Finding {
  const message = say`${pair[0]} sends ${pair[1]} all of IPv${family}, where nobody has an address of it: that ended in the tunnel, and will go beside it`;
  const fix = say`give the mesh a range of IPv${family} and ${pair[1]} the subnet ${family === 4 ? "0.0.0.0/0" : "::/0"}, or switch it off there`;
  return changed("family-ended", place, { message, fix });
}

/** What an interface holds while it runs, and nobody wrote. */
export function endpointsSeen(place: Place, names: Text): Finding {
  const message = say`seen from the running interface: the endpoints of ${names} are where they were last heard from, behind a NAT for a moment`;
  const fix = say`keep those of hosts with an address of their own, and remove the others from the mesh`;
  return changed("endpoints-seen", place, { message, fix });
}

export function rangesSeen(place: Place, ranges: Text): Finding {
  const message = say`seen from the running interface: it does not tell the range of its addresses, and ${ranges} is a guess`;
  const fix = say`write network.addresses, where it is another`;
  return changed("ranges-seen", place, { message, fix });
}

export function endpointUnknown(place: Place, name: string, given: string): Finding {
  const message = say`nothing says where ${name} is dialled: ${given} stands in its place`;
  return lost("endpoint-unknown", place, { message, fix: say`write nodes.${name}.endpoint` });
}

export function endpointDiffers(
  place: Place,
  pair: readonly [string, string],
  ends: { readonly here: Text; readonly there: Text },
  against?: Place,
): Finding {
  const message = say`${pair[0]} dials ${pair[1]} at ${ends.there}, and will at ${ends.here}`;
  const fix = say`one endpoint is for everybody, and one lan address for a node's own site: choose which`;
  return changed("endpoint-differs", place, { message, fix, against });
}

export function endpointLost(
  place: Place,
  pair: readonly [string, string],
  there: Text,
  against?: Place,
): Finding {
  const message = say`${pair[0]} dials ${pair[1]} at ${there}, and will wait for it to dial`;
  const fix = say`write nodes.${pair[1]}.endpoint, where it can be dialled`;
  return changed("endpoint-differs", place, { message, fix, against });
}

export function endpointSwallowed(
  place: Place,
  pair: readonly [string, string],
  { here, there }: { readonly here: Text | undefined; readonly there: Text },
): Finding {
  const message =
    here === undefined
      ? say`${pair[0]} dials ${pair[1]} at ${there}, inside the tunnel itself: now it waits for ${pair[1]} to dial`
      : say`${pair[0]} dials ${pair[1]} at ${there}, inside the tunnel itself: ${here} stands in its place`;
  const fix = say`write nodes.${pair[1]}.endpoint: where it is reached without the tunnel`;
  return lost("endpoint-swallowed", place, { message, fix });
}

export function endpointAdded(
  place: Place,
  pair: readonly [string, string],
  here: Text,
  against?: Place,
): Finding {
  const message = say`${pair[0]} does not know where ${pair[1]} is dialled, and will dial ${here}`;
  const fix = say`nothing is to be done where that answers`;
  return changed("endpoint-differs", place, { message, fix, against });
}

export function peerLost(place: Place, pair: readonly [string, string]): Finding {
  const message = say`${pair[0]} lists ${pair[1]}, and no tunnel can be made between them`;
  const fix = say`give one of them an endpoint, or look at what else is said of the two`;
  return lost("peer-lost", place, { message, fix });
}

export function peerAdded(place: Place, pair: readonly [string, string], against?: Place): Finding {
  const message =
    against === undefined
      ? say`${pair[0]} does not list ${pair[1]}, and will`
      : say`${pair[0]} does not list ${pair[1]}, which lists it: now both do`;
  const fix = say`say path: deny in a link between them, if they are to be apart`;
  return changed("peer-added", place, { message, fix, against });
}

interface SetChange {
  readonly more: Text | undefined;
  readonly less: Text | undefined;
  readonly against: Place | undefined;
}

export function allowedIpsDiffer(
  place: Place,
  pair: readonly [string, string],
  { more, less, against }: SetChange,
): Finding {
  const from = say`${pair[0]} sends ${pair[1]}`;
  const message =
    more === undefined
      ? say`${from} no more what is for ${less ?? ""}`
      : less === undefined
        ? say`${from} also what is for ${more}`
        : say`${from} also what is for ${more}, and no more what is for ${less}`;
  const fix = say`what lies behind a node is the same for all: look at its subnets, and at who carries`;
  return changed("allowed-ips-differ", place, { message, fix, against });
}

export function presharedKeyOneSided(
  place: Place,
  pair: readonly [string, string],
  against: Place,
): Finding {
  const message = say`${pair[0]} has a preshared key for ${pair[1]}, which has none: now both have it`;
  const fix = say`bring both files to their hosts at once: they do not shake hands now`;
  return changed("preshared-key-one-sided", place, { message, fix, against });
}

export function presharedKeysDiffer(
  place: Place,
  pair: readonly [string, string],
  against: Place,
): Finding {
  const message = say`${pair[0]} and ${pair[1]} have different preshared keys: both get a new one`;
  const fix = say`bring both files to their hosts at once: they do not shake hands now`;
  return changed("preshared-keys-differ", place, { message, fix, against });
}

export function keepaliveDiffers(place: Place, name: string, peers: Text): Finding {
  const message = say`the keepalive of ${name} is another towards ${peers}`;
  const fix = say`Warren sends one where nobody can dial back, and elsewhere none is needed`;
  return changed("keepalive-differs", place, { message, fix });
}

export function fieldDiffers(
  place: Place,
  field: string,
  { name, there, here }: { readonly name: string; readonly there: Text; readonly here: Text },
): Finding {
  const message = say`${name} has ${field} ${there}, and gets ${here}`;
  const fix = say`a mesh has no way to say this of one device`;
  return changed("field-differs", place, { message, fix });
}

export function fieldLost(place: Place, field: string, name: string): Finding {
  const message = say`the ${field} of ${name} cannot be expressed, and is left out`;
  const fix = say`a hook can do it, or the host itself`;
  return lost("field-lost", place, { message, fix });
}

/** A client runs no hooks. */
export function clientFieldLost(place: Place, field: string, name: string): Finding {
  const message = say`the ${field} of ${name} cannot be expressed, and is left out`;
  const fix = say`set it on the device itself: a client runs no hooks`;
  return lost("field-lost", place, { message, fix });
}

export function clientHooksLost(place: Place, name: string): Finding {
  const message = say`the hooks of ${name} are left out: it is a client, and a client runs none`;
  const fix = say`see to it on the device itself, or make it a node`;
  return lost("field-lost", place, { message, fix });
}

export function hookLost(place: Place, name: string, why: Text): Finding {
  const message = say`a hook of ${name} is left out: ${why}`;
  const fix = say`put the commands into a script on the host, and call it`;
  return lost("hook-lost", place, { message, fix });
}

/** It is not quoted. */
export function hookWithSecret(place: Place, name: string): Finding {
  const message = say`a hook of ${name} is left out: it holds a secret key, and a mesh file is no place for one`;
  const fix = say`put the command into a script on the host, readable by root alone, and call it`;
  return lost("hook-lost", place, { message, fix });
}

export function rulesLost(place: Place, name: string): Finding {
  const message = say`${name} loads a file of rules, which is not read: what it lets through is not in the mesh`;
  const fix = say`write it as policy, or load the file by a hook of your own`;
  return lost("rules-lost", place, { message, fix });
}

export function rulesDiffer(place: Place, name: string, file: string): Finding {
  const message = say`${name} loads ${file}, which lets through something else than the mesh does`;
  const fix = say`write what it says as policy; warren diff shows how the rules differ`;
  return lost("rules-lost", place, { message, fix });
}

/** What the checks of a mesh say about its range. */
export function rangeReplaced(place: Place, range: string, why: Phrase): Finding {
  const message = say`network.addresses is another, ${range}, and so is everybody's address: ${why}`;
  const fix = say`write a range that no network has, or leave this one`;
  return lost("range-replaced", place, { message, fix });
}

/** What the checks of a mesh say about a part that they refuse. */
export function leftOut(place: Place, what: string, why: Phrase, fix: Phrase): Finding {
  return lost("left-out", place, { message: say`${what} is left out: ${why}`, fix });
}

export function andMore(list: Text, rest: number): Phrase {
  return say`${list} and ${rest} more`;
}
