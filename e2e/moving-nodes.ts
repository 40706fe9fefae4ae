/**
 * A hub that knows its peers by names alone, with the files that are pushed to a host; the nodes, which
 * move; and the resolver that the hub asks. Knows nothing of when the hub asks.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@warren/core";
import { vi } from "vitest";
import type { Host } from "../lab/world.ts";
import { sampleOf, sampleSecrets } from "../tools/sample.ts";
import type { Records } from "./name-server.ts";
import { createUnderlay } from "./underlay.ts";
import type { DrawnHost } from "./underlay.ts";
import type { WorldFixture } from "./world-fixture.ts";

const SCRIPT = join(import.meta.dirname, "../packages/cli/src/host/endpoints.sh");
const SERVER = [
  process.execPath,
  "-e",
  "import(process.argv[1]).then(({ main }) => main(...process.argv.slice(2)))",
  join(import.meta.dirname, "name-server.ts"),
];
const HUB = "203.0.113.1";
const RESOLVER = "203.0.113.53";
const TUNNEL = "wg0";
const WAY_OUT = "look at the host";
const PATIENCE = { timeout: 20_000, interval: 100 };

/** A node's addresses, the first of which it has. */
export type Places = Readonly<Record<string, readonly [string, string]>>;

/** What wg says of a hub's peer. */
export interface Seen {
  readonly endpoint: string;
  readonly rx: number;
  readonly tx: number;
}

interface Party {
  readonly address: string;
  readonly publicKey: string;
  readonly folder: string;
}

export class MovingNodes {
  readonly #folder: string;
  readonly #parties: ReadonlyMap<string, Party>;
  readonly #host: (name: string) => Host;
  #seconds = 1000;

  /** All are up and know nobody's address. With a clock of ours time passes on the hub by `pass` alone. */
  static async create(
    { folder, world }: WorldFixture,
    places: Places,
    options: { readonly isClockOurs: boolean },
  ): Promise<MovingNodes> {
    const names = ["hub", ...Object.keys(places), "dead"];
    const parties = await createParties(world.internet, folder.path, names);
    const files = {
      "/etc/resolv.conf": `nameserver ${RESOLVER}\n`,
      ...(options.isClockOurs ? { "/proc/uptime": "1000.00 0.00\n" } : {}),
    };
    const at = (name: string, addresses: readonly string[]): DrawnHost => {
      const own = parties.get(name)?.folder;
      const ports = { internet: { addresses } };
      return { ports, ...(own === undefined ? {} : { folder: own }) };
    };
    const nodes = Object.entries(places).map(([name, addresses]) => [
      name,
      at(
        name,
        addresses.map((address) => `${address}/24`),
      ),
    ]);
    const hosts = {
      hub: { ...at("hub", [`${HUB}/24`, "2001:db8:1::1/64"]), files },
      resolver: at("resolver", [`${RESOLVER}/24`]),
      ...Object.fromEntries(nodes),
    };
    const underlay = await createUnderlay({ folder, world }, { hosts });
    const made = new MovingNodes(folder.path, parties, (name) => underlay.host(name));
    await made.#start(places);
    return made;
  }

  private constructor(
    folder: string,
    parties: ReadonlyMap<string, Party>,
    host: (name: string) => Host,
  ) {
    this.#folder = folder;
    this.#parties = parties;
    this.#host = host;
  }

  get hub(): Host {
    return this.#host("hub");
  }

  /** What the resolver says from now on, of NAME.example each. */
  tell(records: Records): void {
    const all = Object.entries(records).map(([name, it]) => [`${name}.example`, it]);
    const file = join(this.#folder, "records");
    writeFileSync(`${file}-new`, JSON.stringify(Object.fromEntries(all)));
    renameSync(`${file}-new`, file);
  }

  /** Names that the resolver was asked for so far. */
  get asked(): ReadonlySet<string> {
    return new Set(readFileSync(join(this.#folder, "notes"), "utf8").split("\n").filter(Boolean));
  }

  /** Looks every 15 s, as long as the world is there. */
  startLoop(): void {
    void this.hub.attempt({ words: [...onHub(["sh"]), "loop"], wayOut: WAY_OUT });
  }

  /** What was asked until now counts no more. */
  forget(): void {
    writeFileSync(join(this.#folder, "notes"), "");
  }

  /** 15 s later on the hub's clock, looks once; answers what was said. */
  async look(shell: readonly string[] = ["sh"]): Promise<string> {
    this.#seconds += 15;
    const input = `${this.#seconds}.00 0.00\n`;
    await this.hub.run({ words: ["sh", "-c", "cat >/proc/uptime"], input, wayOut: WAY_OUT });
    return this.hub.run({ words: onHub(shell), wayOut: WAY_OUT });
  }

  async see(name: string): Promise<Seen> {
    const { publicKey } = this.#party(name);
    const dump = await print(this.hub, "wg", "show", TUNNEL, "dump");
    const line = dump.split("\n").find((each) => each.startsWith(publicKey)) ?? "";
    const [, , endpoint = "", , , rx, tx] = line.split("\t");
    return { endpoint, rx: Number(rx), tx: Number(tx) };
  }

  /** From the hub. */
  async reaches(name: string): Promise<boolean> {
    const words = ["ping", "-n", "-c", "1", "-W", "1", this.#party(name).address];
    return (await this.hub.attempt({ words, wayOut: WAY_OUT })).status === 0;
  }

  /** Every half second, and it waits for no answer. */
  startPings(name: string): void {
    const words = ["ping", "-n", "-q", "-i", "0.5", this.#party(name).address];
    void this.hub.attempt({ words, wayOut: WAY_OUT });
  }

  /** As after a start at the other address: it knows nobody's. */
  async restartAt(name: string, address: string): Promise<void> {
    const host = this.#host(name);
    await print(host, "wg-quick", "down", TUNNEL);
    await print(host, "ip", "address", "flush", "dev", "internet");
    await print(host, "ip", "address", "add", `${address}/24`, "dev", "internet");
    await print(host, "wg-quick", "up", TUNNEL);
  }

  /** The node dials the hub, so that this sees where it is. */
  async dial(name: string): Promise<void> {
    const host = this.#host(name);
    const { publicKey, address } = this.#party("hub");
    await print(host, "wg", "set", TUNNEL, "peer", publicKey, "endpoint", `${HUB}:51820`);
    const words = ["ping", "-n", "-c", "1", "-W", "1", address];
    const ping = async (): Promise<boolean> =>
      (await host.attempt({ words, wayOut: WAY_OUT })).status === 0;
    await vi.waitUntil(ping, PATIENCE);
  }

  /** The hub sends an empty packet every second, to a peer that it has nothing to say to. */
  async keepAlive(name: string): Promise<void> {
    const { publicKey } = this.#party(name);
    const words = ["peer", publicKey, "persistent-keepalive", "1"];
    await print(this.hub, "wg", "set", TUNNEL, ...words);
  }

  async #start(places: Places): Promise<void> {
    this.tell({});
    const files = ["records", "notes"].map((name) => join(this.#folder, name));
    void this.#host("resolver").attempt({ words: [...SERVER, ...files], wayOut: WAY_OUT });
    await vi.waitUntil(() => existsSync(files[1] ?? ""), PATIENCE);
    const up = async (name: string): Promise<unknown> =>
      print(this.#host(name), "wg-quick", "up", TUNNEL);
    await Promise.all(["hub", ...Object.keys(places)].map(up));
  }

  #party(name: string): Party {
    const party = this.#parties.get(name);
    if (party === undefined) throw new Error(`nobody is called ${name}`);
    return party;
  }
}

/** Every node but the hub has a name as its endpoint: the hub alone dials. */
async function createParties(
  host: Host,
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Party>> {
  const keys = await Promise.all(
    names.map(async (name) => {
      const input = sampleSecrets.privateKey(name as core.Name) ?? "";
      const output = await host.run({ words: ["wg", "pubkey"], input, wayOut: WAY_OUT });
      return [name, output.trim()] as const;
    }),
  );
  const nodes = keys.map(([name, publicKey]) => {
    const endpoint = name === "hub" ? "" : `endpoint: ${name}.example, `;
    return `  ${name}: { ${endpoint}publicKey: "${publicKey}" }\n`;
  });
  const network = `network: { name: n, addresses: [10.66.0.0/24], interface: ${TUNNEL} }\n`;
  const { devices } = sampleOf(`${network}nodes:\n${nodes.join("")}`);
  return new Map(devices.map((device) => [device.name, writeParty(folder, device)]));
}

function writeParty(folder: string, device: core.Device): Party {
  const own = join(folder, `etc-${device.name}`);
  mkdirSync(own);
  const numeric = { ...core.withNumericEndpoints(device), isKeyElsewhere: false };
  const files = core.renderFiles(numeric, sampleSecrets, new core.Printed(), "wg-quick");
  for (const { name, text } of files) {
    writeFileSync(join(own, name), text.join(""), { mode: 0o600 });
  }
  const list = core.renderEndpointNames(device) ?? "";
  writeFileSync(join(own, `${TUNNEL}.endpoints`), list);
  writeFileSync(join(own, `${TUNNEL}.endpoints.sh`), readFileSync(SCRIPT));
  const [first] = device.addresses;
  const address = first === undefined ? "" : core.printAddress(first.address);
  return { address, publicKey: device.publicKey, folder: own };
}

function onHub(shell: readonly string[]): readonly string[] {
  return [...shell, `/etc/wireguard/${TUNNEL}.endpoints.sh`, TUNNEL];
}

function print(host: Host, ...words: readonly string[]): Promise<string> {
  return host.run({ words, wayOut: WAY_OUT });
}
