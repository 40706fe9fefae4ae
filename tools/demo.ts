/** A control plane to develop with: a server that forgets, and a mesh whose hosts are simulated, in this process. */
import { createClock, Agent, createLines } from "@warren/agent";
import type { PeerState } from "@warren/agent";
import { createClient, NODE_CREDENTIAL_PREFIX, parseJoinToken } from "@warren/api";
import type { Client } from "@warren/api";
import { optional, Problem } from "@warren/core";
import type { InterfaceName, Name, PublicKey } from "@warren/core";
import { digest, makePrivateKey, makeSecret, pinnedFetch, publicKeyOf } from "@warren/crypto";
import { createMemoryStore, serve } from "@warren/server";
import type { Serving } from "@warren/server";
import { parse } from "yaml";
import { FakeKernel } from "./fake-kernel.ts";

export interface Demo {
  /** Of the page; it signs in once. */
  readonly link: string;
  /** As who may do everything. */
  readonly call: Client;
  readonly close: () => Promise<void>;
}

const NETWORK = "demo" as Name;
const DEVICE = "warren0" as InterfaceName;
const MESH = `
network: { name: demo, addresses: [10.88.0.0/24] }
sites:
  frankfurt: { network: 172.16.1.0/24 }
  singapore: { network: 172.16.2.0/24 }
nodes:
  f1: { site: frankfurt, lan: 172.16.1.1, endpoint: 203.0.113.1, subnets: [192.168.1.0/24] }
  f2: { site: frankfurt, lan: 172.16.1.2, endpoint: 203.0.113.2 }
  s1: { site: singapore, lan: 172.16.2.1, endpoint: 203.0.113.11, subnets: [192.168.2.0/24] }
  s2: { site: singapore, lan: 172.16.2.2, endpoint: 203.0.113.12 }
  s3: { site: singapore, lan: 172.16.2.3, endpoint: 203.0.113.13 }
`;
const CURRENT = ["f1", "f2", "s1", "s2"];
/** Its host has something else by the name of the tunnel. */
const FAILING = "s3";
const WAITING = "f3";
/** How often something comes through the simulated tunnels; and when they shake hands again. */
const TRAFFIC_MS = 2000;
const HANDSHAKE_SECONDS = 120;
const PACKET = 1420;

/** `folder`: of the server's certificate, so that a browser has to be told once. */
export async function startDemo(folder: string, port: number): Promise<Demo> {
  const store = createMemoryStore(makeSecret());
  const serving = await serve({ folder, store, host: "127.0.0.1", port, addresses: [] });
  const target = { host: "127.0.0.1", port: serving.port, pin: serving.pin };
  const call = createClient(pinnedFetch(target), {
    authorization: `Bearer ${serving.localToken}`,
  });
  const params = { network: NETWORK };
  await call("createNetwork", { body: { name: NETWORK, isOpen: true } });
  await call("applyMesh", { params, body: parse(MESH) });
  const { token } = await call("createToken", { params, body: { uses: 0 } });
  const joinToken = parseJoinToken(token);
  if (joinToken instanceof Problem) throw new Error(String(joinToken));
  const hosts: Host[] = [];
  for (const name of [...CURRENT, FAILING]) {
    hosts.push(await joinHost(serving, { call, name, secret: joinToken.secret }));
  }
  hosts.push(await joinHost(serving, { call, name: WAITING }));
  const timer = setInterval(() => simulateTraffic(hosts), TRAFFIC_MS);
  const { link } = await call("createLink", { params: { account: "admin" } });
  const page = new URL(link);
  page.hostname = "127.0.0.1";
  const close = async (): Promise<void> => {
    clearInterval(timer);
    for (const { agent } of hosts) agent.stop();
    await serving.close();
  };
  return { link: String(page), call, close };
}

interface Host {
  readonly name: Name;
  readonly publicKey: PublicKey;
  readonly kernel: FakeKernel;
  readonly agent: Agent;
}

interface Joining {
  readonly call: Client;
  readonly name: string;
  /** Of a token; absent: it asks to be let in. */
  readonly secret?: string;
}

/** As `warren join` does it, but for what it leaves on a host. */
async function joinHost(serving: Serving, { call, name: text, secret }: Joining): Promise<Host> {
  const name = text as Name;
  const privateKey = makePrivateKey();
  const publicKey = publicKeyOf(privateKey);
  const credential = `${NODE_CREDENTIAL_PREFIX}${makeSecret()}`;
  const asked = { network: NETWORK, name, publicKey, credential, ...optional("secret", secret) };
  await call("join", { body: asked });
  const kernel = new FakeKernel(publicKeyOf);
  if (name === FAILING) {
    kernel.disturb(DEVICE, () => ({ link: { kind: "foreign", what: "a bridge" } }));
  }
  const servers = [`127.0.0.1:${serving.port}`];
  const known = { network: NETWORK, node: name, interface: DEVICE, servers, credential };
  const agent = new Agent(
    {
      kernel,
      clock: createClock(),
      digest,
      connect: createLines({ ...known, pin: serving.pin }, ignore),
      save: ignore,
      forget: ignore,
      resolve: async () => undefined,
      findUnrouted: async () => new Set(),
      examine: () => undefined,
      readAddresses: () => [],
      knock: ignore,
      log: ignore,
      onStatus: ignore,
    },
    { privateKey, version: "simulated", interface: DEVICE },
  );
  void agent.run();
  return { name, publicKey, kernel, agent };
}

/** Whoever is up hears of everybody else who is. */
function simulateTraffic(hosts: readonly Host[]): void {
  const up = new Set(hosts.flatMap(({ name, publicKey }) => (name === FAILING ? [] : publicKey)));
  const second = Math.round(performance.now() / 1000);
  for (const { kernel } of hosts) {
    kernel.disturb(DEVICE, ({ link }) => {
      if (link?.kind !== "wireguard") return {};
      const peers = [...link.peers].map(([key, peer]): [PublicKey, PeerState] => {
        if (!up.has(key)) return [key, peer];
        const [received, sent] = [peer.received + PACKET, peer.sent + 2 * PACKET];
        return [key, { ...peer, received, sent, handshakeSeconds: second % HANDSHAKE_SECONDS }];
      });
      return { link: { ...link, peers: new Map(peers) } };
    });
  }
}

function ignore(): void {}
