/** Owns where a server listens, as tokens and options write it: a host, and a port where it is not the usual one. */
import { bracketed, parseEndpoint, printAddress, printEndpoint, Problem } from "@warren/core";

/** `parseServerAddress` is its maker. */
export interface ServerAddress {
  /** An address without brackets, or a DNS name. */
  readonly host: string;
  /** TCP. */
  readonly port: number;
}

/** Where a server listens when nobody says otherwise; TCP. */
export const SERVER_PORT = 8443;

export function parseServerAddress(text: string): ServerAddress | Problem {
  const endpoint = parseEndpoint(text);
  if (endpoint instanceof Problem) return endpoint;
  const { host, port = SERVER_PORT } = endpoint;
  return { host: typeof host === "string" ? host : printAddress(host), port };
}

/** As it stands in a URL. */
export function printHostPort({ host, port }: ServerAddress): string {
  return `${bracketed(host)}:${port}`;
}

/** Without the port where that is the usual one. */
export function printServerAddress({ host, port }: ServerAddress): string {
  const endpoint = parseEndpoint(host);
  if (endpoint instanceof Problem) throw new Error("not made by its parser");
  return printEndpoint(port === SERVER_PORT ? endpoint : { ...endpoint, port });
}
