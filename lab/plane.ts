/** The control plane in the lab, by the very commands a user types: a server, hosts that join it, its page. */
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { CloudHost } from "./plan.ts";
import type { Host } from "./world.ts";

/** What a server prints for a person: how to come in, and what hosts join with. */
export interface Invitation {
  readonly link: string;
  readonly token: string;
}

const MAIN = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const PASSAGE = fileURLToPath(new URL("passage.ts", import.meta.url));
const WAY_OUT = "this is a defect: please report it with what it says";

/** The host of the server: as public as those of the clouds, with nothing behind it. */
export function serverHost(folder: string): CloudHost {
  const none = { addresses: [], names: [], endpointAddresses: [], subnets: [] };
  return { name: "server", folder, isPublic: true, ...none };
}

/** Begins with the network of a mesh file: hosts join as the nodes that it declares. */
export async function startServer(host: Host, mesh: string, network: string): Promise<Invitation> {
  const words = [process.execPath, MAIN, "server", "--print-token", "--network", network];
  const server = host.start(words, ["ignore", "pipe", "pipe"]);
  const said = { output: "", errors: "" };
  server.stderr?.setEncoding("utf8").on("data", (text: string) => (said.errors += text));
  const invited = new Promise<Invitation>((resolve) => {
    server.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said.output += text;
      const [, link] = /^sign in +(\S+)\n/m.exec(said.output) ?? [];
      const [, token] = /warren join (\S+)\n/.exec(said.output) ?? [];
      if (link !== undefined && token !== undefined) resolve({ link, token });
    });
  });
  const invitation = await Promise.race([invited, once(server, "close").then(() => undefined)]);
  if (invitation === undefined) {
    throw new Error(`the server has ended: ${said.errors.trim()}\n  ${WAY_OUT}`);
  }
  await runWarrenOn(host, ["apply", network, "-f", mesh, "--yes"]);
  return invitation;
}

/** Returns when its tunnel is up. The token is read from standard input: arguments are seen by everybody. */
export async function join(host: Host, name: string, { token }: Invitation): Promise<void> {
  await runWarrenOn(host, ["join", "-", "--name", name], token);
}

/** The page's link at a port of this machine, which leads into the lab as long as that stands. */
export async function openPage(host: Host, { link }: Invitation): Promise<string> {
  const url = new URL(link);
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const words = [process.execPath, PASSAGE, url.port];
  const passage = host.start(words, ["ignore", "ignore", "ignore", "ipc"]);
  // A socket belongs to the network that it was opened in, whoever holds it.
  passage.send("listener", listener, () => listener.close());
  const opened = await Promise.race([once(passage, "message"), once(passage, "exit")]);
  if (opened[0] !== "open") throw new Error(`the way to the page was not opened\n  ${WAY_OUT}`);
  url.host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return String(url);
}

async function runWarrenOn(host: Host, words: readonly string[], input?: string): Promise<void> {
  const command = { words: [process.execPath, MAIN, ...words], wayOut: WAY_OUT };
  await host.run(input === undefined ? command : { ...command, input });
}
