/** Where hosts reach the server, and under which names. */
import { X509Certificate } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import type { Pin, ServerAddress } from "@warren/api";
import { parseAddress, printAddress, Problem } from "@warren/core";
import type { ServerCertificate } from "./certificate.ts";

/** By which hosts may call it. */
export function namesOf(addresses: readonly ServerAddress[]): readonly string[] {
  const given = addresses.map(({ host }) => host);
  return [...new Set([...given, ...ownAddresses(), hostname(), "localhost", "127.0.0.1"])];
}

/** What tokens and links say of the server. */
export interface Place {
  readonly addresses: readonly ServerAddress[];
  /** Absent where an authority vouches for the certificate: hosts hold that against the address then. */
  readonly pin?: Pin;
}

/** `given` goes before the server's own. */
export function placeOf(
  certificate: ServerCertificate,
  given: readonly ServerAddress[],
  own: readonly ServerAddress[],
): Place {
  const { pin, isVouchedFor } = certificate;
  const addresses = given.length > 0 ? given : own;
  if (!isVouchedFor) return { addresses, pin };
  const read = new X509Certificate(certificate.cert);
  const fitting = addresses.filter(({ host }) => isFor(read, host));
  if (fitting.length > 0) return { addresses: fitting };
  // Its owner knows best where it is: then the key is what it is known by.
  const [name] = given.length > 0 ? [] : namesIn(read);
  if (name === undefined) return { addresses, pin };
  return { addresses: own.slice(0, 1).map(({ port }) => ({ host: name, port })) };
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const isName = parseAddress(host) instanceof Problem;
  return (isName ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

/** But for those with a star, which nobody can call. */
function namesIn({ subjectAltName = "" }: X509Certificate): readonly string[] {
  return [...subjectAltName.matchAll(/DNS:([\w.-]+)/g)].flatMap(([, name = ""]) => name);
}

/** `host`: where it listens. */
export function ownAddressesOf(host: string, port: number): readonly ServerAddress[] {
  const all = isEverywhere(host) ? ownAddresses() : [host];
  return (all.length > 0 ? all : ["127.0.0.1"]).map((each) => ({ host: each, port }));
}

export function isEverywhere(host: string): boolean {
  return host === "::" || host === "0.0.0.0";
}

/** Of this host, those first that others can reach. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.flatMap(({ address, internal }) => {
    const parsed = parseAddress(address);
    return internal || parsed instanceof Problem || address.startsWith("fe80")
      ? []
      : [printAddress(parsed)];
  });
}
