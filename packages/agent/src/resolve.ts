/**
 * Asks for the addresses of names, all at once and each for 5 s at most: a dead one delays nobody. Not by
 * getaddrinfo, which has four threads for all names and files: four dead ones would hold up everything.
 */
import { execFile } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";

const LIMIT_MS = 5000;
/** For one server's answer; then the next is asked, or the same again. */
const SERVER_MS = 1500;
const HOSTS_FILE = "/etc/hosts";

/** Where names come from, if not from where this host looks, and how long they may take. */
export interface NameSources {
  readonly hostsFile?: string;
  /** Each ADDRESS or ADDRESS:PORT. */
  readonly servers?: readonly string[];
  readonly limitMs?: number;
}

/** Of each name, as soon as they are known; none: an empty list. Never fails. */
export async function resolveNames(
  hosts: readonly string[],
  answered: (host: string, addresses: readonly string[]) => void,
  { hostsFile = HOSTS_FILE, servers, limitMs = LIMIT_MS }: NameSources = {},
): Promise<void> {
  const written = await readHosts(hostsFile);
  // A new one each time: it reads again which servers the host asks.
  const resolver = new Resolver({ timeout: SERVER_MS, tries: 3 });
  if (servers !== undefined) resolver.setServers(servers);
  const deadline = AbortSignal.timeout(limitMs);
  deadline.addEventListener("abort", () => resolver.cancel(), { once: true });
  const asked = hosts.map(async (host) => {
    const known = written.get(host);
    answered(host, known ?? (await resolve(resolver, host, deadline)));
  });
  await Promise.all(asked);
}

/** Both families at once. What DNS does not know may be known to others whom this host asks: mDNS, a search list. */
async function resolve(
  resolver: Resolver,
  host: string,
  deadline: AbortSignal,
): Promise<readonly string[]> {
  const found = await Promise.all([
    resolver.resolve6(host).catch(() => []),
    resolver.resolve4(host).catch(() => []),
  ]);
  const addresses = found.flat();
  if (addresses.length > 0 || deadline.aborted) return addresses;
  return await askSystem(host, deadline);
}

/** Lines of `getent ahosts`: an address, a kind of socket, a name. No answer where there is no getent. */
function askSystem(host: string, signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile("getent", ["ahosts", host], { signal, killSignal: "SIGKILL" }, (_, output) => {
      const addresses = output.split("\n").flatMap((line) => /^(\S+) /.exec(line)?.[1] ?? []);
      resolve([...new Set(addresses)]);
    });
  });
}

/** As hosts(5) says: an address, then names; what follows # says nothing. */
async function readHosts(file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await readFile(file, "utf8").catch(() => "");
  const known = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    for (const name of names) {
      const key = name.toLowerCase();
      known.set(key, [...(known.get(key) ?? []), address]);
    }
  }
  return known;
}
