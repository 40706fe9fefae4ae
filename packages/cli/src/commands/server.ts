/** warren server: the control plane, in one process; its backup, and the way back. */
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createNotify, findInit, installStarter, removeStarter } from "@warren/agent";
import { AppError, parseServerAddress, printHostPort } from "@warren/api";
import type { Client, Pin } from "@warren/api";
import { optional, parseName, say } from "@warren/core";
import * as control from "@warren/server";
import { demand } from "../app-error.ts";
import { clientOf, readLocalLogin } from "../control/server-client.ts";
import { pathIn } from "../control/places.ts";
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
  readonly newCertificate: boolean;
  /** Of the network that a new server begins with. */
  readonly network: string;
  /** Whether to print secrets though nobody watches. */
  readonly printToken: boolean;
  readonly install: boolean;
  readonly uninstall: boolean;
}

export interface ServerPlace {
  readonly environment: Environment;
  /** By which this program is started again: absolute. */
  readonly words: readonly string[];
}

/** A service that does not answer by then has a reason. */
const SERVE_MS = 20_000;
const LOOK_MS = 50;

/** Until it is told to stop; or as a service. */
export async function server(
  terminal: Terminal,
  options: ServerOptions,
  place: ServerPlace,
): Promise<number> {
  if (options.uninstall) return await uninstall(terminal, options);
  const wishes = readWishes(options);
  if (options.install) return await install(terminal, options, place);
  const { environment } = place;
  const serving = await control.serve({
    ...wishes,
    ...optional("masterKey", environment[control.MASTER_KEY_VARIABLE]),
    // Its page is read in each reader's own language.
    ...optional("chinese", await loadCatalogue("zh-CN")),
  });
  control.collectAtRest();
  try {
    const { addresses, port, local, pin, localToken, expiry } = serving;
    if (expiry !== undefined) printFindings(terminal, [expiry], { json: false });
    const { host } = addresses[0] ?? { host: "localhost" };
    const call = clientOf({ address: local, pin, token: localToken });
    const page = `https://${printHostPort({ host, port })}`;
    await introduce(terminal, { call, pin, page }, options);
    const socket = environment["NOTIFY_SOCKET"];
    await createNotify({ socket, path: pathIn(environment) })("READY=1");
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
  await control.backupStore(join(folder, control.STORE_FILE), file);
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
  const before = await control.restoreStore(file, join(folder, control.STORE_FILE));
  terminal.print(
    before === undefined
      ? say`${file}: restored`
      : say`${file}: restored; what was there before is ${before}`,
  );
  return 0;
}

/** Started now and at each boot, with the same options; says what the first start says. */
async function install(
  terminal: Terminal,
  options: ServerOptions,
  { environment, words }: ServerPlace,
): Promise<number> {
  const { listen, address, network } = options;
  const [folder = "", ...files] = [options.folder, options.cert, options.key].map((each) =>
    each === undefined ? undefined : resolve(each),
  );
  if (environment[control.MASTER_KEY_VARIABLE] !== undefined) {
    // Everybody may read what starts a service.
    throw new AppError("usage", say`a service is not given ${control.MASTER_KEY_VARIABLE}`, {
      fix: say`write it into ${join(folder, "master.key")}, for root alone, and unset it`,
    });
  }
  const given = { folder, cert: files[0], key: files[1], listen, network };
  const named = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const all = [...named, ...address.flatMap((each) => ["--address", each])];
  const left = await installStarter(findInit(), { words: [...words, "server", ...all] });
  if (left === undefined) {
    await introduce(terminal, await findServing(folder), options);
    return 0;
  }
  terminal.say(left);
  return 2;
}

async function uninstall(
  terminal: Terminal,
  { folder }: Pick<ServerOptions, "folder">,
): Promise<number> {
  const wasInstalled = await removeStarter(findInit());
  terminal.print(
    wasInstalled
      ? say`the server is stopped, and starts at boot no more; its folder stays as it is`
      : say`the server is not installed here: nothing of Warren's starts it at boot`,
  );
  const running = control.findServer(folder);
  if (running === undefined) return 0;
  terminal.say(say`process ${running} still serves from ${folder}: stop it (kill ${running})`);
  return 2;
}

/** The one that has just been started, once it has its first network. */
async function findServing(folder: string): Promise<Introduction> {
  const endsAt = performance.now() + SERVE_MS;
  for (;;) {
    const login = readLocalLogin(folder);
    const call = login === undefined ? undefined : clientOf(login);
    try {
      const networks = (await call?.("listNetworks")) ?? [];
      if (call !== undefined && networks.length > 0) return { call, pin: login?.pin };
    } catch (error) {
      // The file may be of the one before.
      if (!(error instanceof AppError)) throw error;
    }
    if (performance.now() > endsAt) {
      throw new AppError("unreachable", say`the server does not answer`, {
        fix: say`see what it says: journalctl -u warren-server`,
      });
    }
    await setTimeout(LOOK_MS);
  }
}

interface Introduction {
  readonly call: Client;
  readonly pin: Pin | undefined;
  /** Its address; a link has it, too. */
  readonly page?: string;
}

/** Where it is; and to a person alone how to come in: a journal is read by others. */
async function introduce(
  terminal: Terminal,
  { call, pin, page }: Introduction,
  { network, printToken }: ServerOptions,
): Promise<void> {
  const networks = await call("listNetworks");
  if (networks.length === 0)
    await call("createNetwork", { body: { name: demand(parseName(network)) } });
  const isSeen = terminal.columns !== undefined || printToken;
  const made = isSeen ? await call("createLink", { params: { account: "admin" } }) : undefined;
  const shown = page ?? made?.link.split("/#")[0];
  if (shown !== undefined) terminal.print(say`page     ${shown}`);
  if (pin !== undefined) terminal.print(say`known by ${pin}`);
  if (made === undefined) {
    terminal.print(say`come in  run warren login and warren token create here, as root`);
    return;
  }
  const name = networks[0]?.name ?? network;
  // Instead of the last start's: they would pile up.
  const body = { uses: 0, id: demand(parseName("start")) };
  const { token } = await call("createToken", { params: { network: name }, body });
  terminal.print(say`sign in  ${made.link}`);
  terminal.print(say`join     warren join ${token}`);
  terminal.print(say`         (good for 1 h; more: warren token create ${name})`);
}

/** What is wrong with them is said before anything is done. */
function readWishes({
  folder,
  listen,
  address,
  network,
  cert,
  key,
  newCertificate: isNewCertificate,
}: ServerOptions): Omit<control.ServeOptions, "masterKey"> {
  demand(parseName(network));
  if ((cert === undefined) !== (key === undefined)) {
    throw new AppError("usage", say`a certificate has a key`, {
      fix: say`give both: --cert FILE --key FILE`,
    });
  }
  const certificate = cert === undefined || key === undefined ? undefined : { cert, key };
  if (certificate !== undefined) control.readCertificate(certificate);
  return {
    folder,
    isNewCertificate,
    ...parseListen(listen),
    addresses: address.map((each) => demand(parseServerAddress(each))),
    ...optional("certificate", certificate),
  };
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
