/** warren server: the control plane, in one process; its backup, and the way back. */
import { join } from "node:path";
import { AppError, parseServerAddress, printHostPort } from "@warren/api";
import { optional, parseName, say } from "@warren/core";
import { backupStore, MASTER_KEY_VARIABLE, restoreStore, serve } from "@warren/server";
import type { Serving } from "@warren/server";
import { demand } from "../app-error.ts";
import { clientOf } from "../control/server-client.ts";
import type { Environment } from "../control/places.ts";
import { printFindings } from "../findings.ts";
import { loadCatalogue } from "../terminal/language.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ServerOptions {
  readonly folder: string;
  /** HOST:PORT. */
  readonly listen: string;
  /** Where hosts reach it. */
  readonly address: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  /** Of the network that a new server begins with. */
  readonly network: string;
  /** Whether to print secrets though nobody watches. */
  readonly printToken: boolean;
}

/** Its file in the folder. */
const STORE = "warren.db";

/** Until it is told to stop. */
export async function server(
  terminal: Terminal,
  options: ServerOptions,
  environment: Environment,
): Promise<number> {
  const { host, port } = parseListen(options.listen);
  const { cert, key } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new AppError("usage", say`a certificate has a key`, {
      fix: say`give both: --cert FILE --key FILE`,
    });
  }
  const serving = await serve({
    folder: options.folder,
    host,
    port,
    addresses: options.address.map((each) => demand(parseServerAddress(each))),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
    ...optional("masterKey", environment[MASTER_KEY_VARIABLE]),
    // Its page is read in each reader's own language.
    ...optional("chinese", await loadCatalogue("zh-CN")),
  });
  try {
    await introduce(terminal, serving, options);
    await interrupted();
    terminal.say(say`stopping: agents keep their tunnels, and come back by themselves`);
  } finally {
    await serving.close();
  }
  return 0;
}

/** A copy of a running server's store; its secrets are sealed, and the master key is not in it. */
export async function backup(
  terminal: Terminal,
  file: string,
  { folder }: Pick<ServerOptions, "folder">,
): Promise<number> {
  await backupStore(join(folder, STORE), file);
  terminal.print(
    say`${file}: written; keep ${join(folder, "master.key")} and ${join(folder, "certificate.pem")} with it, in another place`,
  );
  return 0;
}

export async function restore(
  terminal: Terminal,
  file: string,
  { folder }: Pick<ServerOptions, "folder">,
): Promise<number> {
  const before = await restoreStore(file, join(folder, STORE));
  terminal.print(
    before === undefined
      ? say`${file}: restored`
      : say`${file}: restored; what was there before is ${before}`,
  );
  return 0;
}

/** Where it is; and to a person alone how to come in: a journal is read by others. */
async function introduce(
  terminal: Terminal,
  serving: Serving,
  { network, printToken }: ServerOptions,
): Promise<void> {
  const { addresses, port, local, pin, localToken, expiry } = serving;
  if (expiry !== undefined) printFindings(terminal, [expiry], { json: false });
  const call = clientOf({ address: local, pin, token: localToken });
  const networks = await call("listNetworks");
  if (networks.length === 0)
    await call("createNetwork", { body: { name: demand(parseName(network)) } });
  const { host } = addresses[0] ?? { host: "localhost" };
  terminal.print(say`page     https://${printHostPort({ host, port })}`);
  terminal.print(say`known by ${pin}`);
  if (terminal.columns === undefined && !printToken) {
    terminal.print(say`come in  run warren login and warren token create here, as root`);
    return;
  }
  const name = networks[0]?.name ?? network;
  const { link } = await call("createLink", { params: { account: "admin" } });
  const { token } = await call("createToken", { params: { network: name }, body: { uses: 0 } });
  terminal.print(say`sign in  ${link}`);
  terminal.print(say`join     warren join ${token}`);
  terminal.print(say`         (good for 1 h; more: warren token create ${name})`);
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (port !== "" && Number(port) <= 65_535)
    return { host: bare === "" ? "::" : bare, port: Number(port) };
  throw new AppError("usage", say`cannot listen on ${text}`, {
    fix: say`write HOST:PORT, or a port alone`,
  });
}

/** SIGINT or SIGTERM. */
async function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  await promise;
}
