/** A real server in a folder of its own, and real agents on kernels in memory, for which time runs faster. */
import { FakeKernel } from "../tools/fake-kernel.ts";
import { createClient, NODE_CREDENTIAL_PREFIX, parseJoinToken } from "@warren/api";
import type { Client } from "@warren/api";
import * as core from "@warren/core";
import type { InterfaceName, Name } from "@warren/core";
import { digest, makePrivateKey, makeSecret, pinnedFetch, publicKeyOf } from "@warren/crypto";
import { serve } from "@warren/server";
import type { Serving } from "@warren/server";
import { Agent } from "../packages/agent/src/agent.ts";
import { createLines } from "../packages/agent/src/line.ts";
import { clientOf } from "../packages/cli/src/control/server-client.ts";
import { loadCatalogue } from "../packages/cli/src/terminal/language.ts";

/** What an agent does each 8 s, it does each 80 ms. */
const FASTER = 100;
const INTERFACE = "warren0" as InterfaceName;

export class ControlPlane {
  readonly serving: Serving;
  /** May do everything. */
  readonly call: Client;
  readonly #agents: Agent[] = [];

  /** `port`: of one that was there before; else any. */
  static async start(folder: string, port = 0): Promise<ControlPlane> {
    const chinese = await loadCatalogue("zh-CN");
    const place = { folder, host: "127.0.0.1", port, addresses: [] };
    return new ControlPlane(await serve({ ...place, ...core.optional("chinese", chinese) }));
  }

  private constructor(serving: Serving) {
    this.serving = serving;
    const { pin, localToken: token } = serving;
    this.call = clientOf({ address: this.#address, pin, token });
  }

  get origin(): string {
    return `https://127.0.0.1:${this.serving.port}`;
  }

  get #address(): { readonly host: string; readonly port: number } {
    return { host: "127.0.0.1", port: this.serving.port };
  }

  /** With the secret of a one-time link in it. */
  async createLink(): Promise<string> {
    const { link } = await this.call("createLink", { params: { account: "admin" } });
    return `${this.origin}/${link.slice(link.indexOf("#"))}`;
  }

  /** Runs an agent under this name; its kernel, and how it ends. */
  async join(
    network: string,
    name: string,
    token?: string,
  ): Promise<{ readonly kernel: FakeKernel; readonly ended: Promise<string> }> {
    const { pin } = this.serving;
    const privateKey = makePrivateKey();
    const target = { ...this.#address, pin };
    const parsed = token === undefined ? undefined : parseJoinToken(token);
    if (parsed instanceof core.Problem) throw new Error(String(parsed));
    const credential = `${NODE_CREDENTIAL_PREFIX}${makeSecret()}`;
    await createClient(pinnedFetch(target))("join", {
      body: {
        credential,
        network: network as Name,
        name: name as Name,
        publicKey: publicKeyOf(privateKey),
        ...core.optional("secret", parsed?.secret),
      },
    });
    const kernel = new FakeKernel(publicKeyOf);
    const known = { network: network as Name, node: name as Name, interface: INTERFACE };
    const servers = [`127.0.0.1:${this.serving.port}`];
    const agent = new Agent(
      {
        kernel,
        clock: {
          now: () => performance.now() * FASTER,
          wall: () => Date.now(),
          random: () => 0,
          after: (delayMs, work) => {
            const timer = setTimeout(work, delayMs / FASTER);
            return () => clearTimeout(timer);
          },
        },
        digest,
        connect: createLines({ ...known, servers, pin, credential }, () => undefined),
        save: () => undefined,
        forget: () => undefined,
        resolve: async () => undefined,
        findUnrouted: async () => new Set(),
        examine: () => undefined,
        readAddresses: () => [],
        knock: () => undefined,
        log: () => undefined,
        onStatus: () => undefined,
      },
      { privateKey, version: "test", interface: INTERFACE },
    );
    this.#agents.push(agent);
    return { kernel, ended: agent.run() };
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.stop();
    await this.serving.close();
  }
}

/** As if packets had come and gone: so long ago the last handshake was with each peer. */
export function letFlow(
  kernel: FakeKernel,
  { handshakeSeconds, received, sent }: Record<"handshakeSeconds" | "received" | "sent", number>,
): void {
  kernel.disturb(INTERFACE, ({ link }) => {
    if (link?.kind !== "wireguard") throw new Error("it has no tunnel yet");
    const peers = [...link.peers].map(([key, peer]) => {
      return [key, { ...peer, handshakeSeconds, received, sent }] as const;
    });
    return { link: { ...link, peers: new Map(peers) } };
  });
}
