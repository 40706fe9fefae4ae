/** Where hosts reach the server, and under which names. */
import { hostname, networkInterfaces } from "node:os";
import type { ServerAddress } from "@warren/api";
import { parseAddress, printAddress, Problem } from "@warren/core";

/** By which hosts may call it. */
export function namesOf(addresses: readonly ServerAddress[]): readonly string[] {
  const given = addresses.map(({ host }) => host);
  return [...new Set([...given, ...ownAddresses(), hostname(), "localhost", "127.0.0.1"])];
}

export function reachedAt(
  given: readonly ServerAddress[],
  hosts: readonly string[],
  port: number,
): readonly ServerAddress[] {
  if (given.length > 0) return given;
  return (hosts.length > 0 ? hosts : ["127.0.0.1"]).map((host) => ({ host, port }));
}

/** Of this host, those first that others can reach. */
export function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.flatMap(({ address, internal }) => {
    const parsed = parseAddress(address);
    return internal || parsed instanceof Problem || address.startsWith("fe80")
      ? []
      : [printAddress(parsed)];
  });
}
