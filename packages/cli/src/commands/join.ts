/** warren join: makes this host a node: a key that stays here, a request to the server, an agent that lives on. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { AppError, createClient, parseJoinToken, parsePin, parseServerAddress } from "@warren/api";
import { printHostPort, printServerAddress, refusalOf } from "@warren/api";
import type { AnswerOf, BodyOf, Client, JoinToken, Pin, Routes, ServerAddress } from "@warren/api";
import { findInit, installStarter, listNetworks, NetworkFiles } from "@warren/agent";
import { PendingJoin, readStatuses } from "@warren/agent";
import type { Credential, Identity } from "@warren/agent";
import { optional, parseInterfaceName, parseName, Problem, say } from "@warren/core";
import type { InterfaceName, Name, Phrase } from "@warren/core";
import { findServer, pinnedFetch, publicKeyOf, readPin } from "@warren/crypto";
import { demand } from "../app-error.ts";
import { chooseNetwork, endAgent, endTunnel, stopAgent } from "./agent.ts";
import { AGENT_BASE, AGENT_RUN } from "../control/places.ts";
import type { Environment } from "../control/places.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { isMeant } from "../terminal/question.ts";
import { countOf } from "../terminal/words.ts";

export interface JoinOptions {
  readonly name?: string;
  readonly network?: string;
  /** Without a token. */
  readonly server?: string;
  readonly pin?: string;
  readonly interface?: string;
  readonly service: boolean;
}

export interface JoinPlace {
  readonly environment: Environment;
  /** By which this program is started again: absolute. */
  readonly words: readonly string[];
}

/** Where a token may be, if not in an argument. */
export const TOKEN_VARIABLE = "WARREN_TOKEN";
/** Whoever approves may take his time; who waits sees that. */
const LOOK_MS = 50;
/** Of a key: the name alone may be anybody's. */
const KEY_LETTERS = 8;
/** A tunnel that nobody has up by then has a reason. */
const UP_MS = 20_000;

export async function join(
  terminal: Terminal,
  token: string | undefined,
  options: JoinOptions,
  place: JoinPlace,
): Promise<number> {
  demandRoot();
  // A token that was typed is not for whoever lists processes.
  process.title = "warren join";
  const wish = await readWish(terminal, token, options, place.environment);
  const wanted =
    options.interface === undefined ? undefined : demand(parseInterfaceName(options.interface));
  const target = await findServer(
    wish.addresses.map((each) => ({ ...each, ...optional("pin", wish.pin) })),
  );
  const before = readKnown(wish);
  const node =
    options.name === undefined ? (before?.node ?? nameOfHost()) : demand(parseName(options.name));
  const known = before && (await isKnown(target, before)) ? before : undefined;
  const servers = wish.addresses.map(printHostPort);
  const asked = { servers: wish.pin === undefined ? servers : [wish.pin], network: wish.network };
  const pending = new PendingJoin(AGENT_BASE, { ...asked, node });
  const identity = known ?? pending.demandIdentity();
  const publicKey = publicKeyOf(identity.privateKey);
  const answer = await ask(createClient(pinnedFetch(target)), pending, {
    name: node,
    publicKey,
    credential: identity.credential,
    ...optional("network", wish.network),
    ...optional("secret", wish.secret),
  });
  const { network, isApproved } = answer;
  refuseOther(wish, network);
  const files = new NetworkFiles(AGENT_BASE, network);
  const last = files.readCredential()?.interface;
  const own = wanted ?? last ?? freeInterface();
  const isAnother = known === undefined || last !== own;
  if (last !== undefined && isAnother) await endTunnel(network, place.environment);
  if (known === undefined) files.removeDevice();
  files.writePrivateKey(identity.privateKey);
  files.writeCredential({
    network,
    node: answer.node,
    interface: own,
    servers,
    credential: identity.credential,
    ...optional("pin", wish.pin),
  });
  pending.removeAll();
  // The one that was there may have been told of other addresses; its tunnel stays, and the next one adopts it.
  await (options.service ? endAgent(network) : stopAgent(network));
  if (!isApproved)
    terminal.say(
      say`waiting for approval: on the server, warren node approve ${network} ${answer.node} publicKey=${publicKey.slice(0, KEY_LETTERS)}`,
    );
  const words = [...place.words, "agent", network];
  files.isDown = false;
  if (!options.service) {
    terminal.print(say`${answer.node} has joined ${network}; ${nextFor(network)}`);
    return 0;
  }
  await start(terminal, network, { ...place, words });
  return await waitUntilUp(terminal, { network, own, isApproved });
}

/** Refused as a copy of another host, it is to be another one the next time. */
async function ask(
  call: Client,
  pending: PendingJoin,
  body: BodyOf<Routes["join"]>,
): Promise<AnswerOf<Routes["join"]>> {
  try {
    return await call("join", { body });
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") pending.remove();
    throw error;
  }
}

/** Taken out meanwhile, perhaps for a stolen disk, it has to be another host: the thief would be in again, too. */
async function isKnown(
  target: Parameters<typeof pinnedFetch>[0],
  { credential }: Credential,
): Promise<boolean> {
  const call = createClient(pinnedFetch(target), { authorization: `Bearer ${credential}` });
  try {
    await call("whoAmI");
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // A node is no person, and is told so.
    if (error.code === "forbidden") return true;
    if (error.code === "unauthorised") return false;
    throw error;
  }
}

/** What it had of this server before: nothing of it is shown to another. */
function readKnown(wish: Wish): (Credential & Identity) | undefined {
  for (const network of listNetworks(AGENT_BASE)) {
    const files = new NetworkFiles(AGENT_BASE, network);
    const [credential, privateKey] = [files.readCredential(), files.readPrivateKey()];
    const isMeant = wish.network === undefined || wish.network === network;
    if (!isMeant || credential === undefined || privateKey === undefined) continue;
    if (isSameServer(credential, wish)) return { ...credential, privateKey };
  }
  if (wish.network !== undefined) refuseOther(wish, wish.network);
  return undefined;
}

/** Another server's network of the same name would take the place of this one. */
function refuseOther(wish: Wish, network: Name): void {
  const credential = new NetworkFiles(AGENT_BASE, network).readCredential();
  if (credential === undefined || isSameServer(credential, wish)) return;
  throw new AppError("conflict", say`this host is in a network ${network} of another server`, {
    fix: say`leave that one first: warren leave ${network}; or have one of the two renamed`,
  });
}

function isSameServer({ pin, servers }: Credential, wish: Wish): boolean {
  if (pin !== undefined || wish.pin !== undefined) return pin === wish.pin;
  return wish.addresses.map(printHostPort).some((each) => servers.includes(each));
}

/** The first that no other network of this host has. */
function freeInterface(): InterfaceName {
  const all = listNetworks(AGENT_BASE).map((each) => new NetworkFiles(AGENT_BASE, each));
  const taken = new Set(all.map((each) => each.readCredential()?.interface));
  for (let at = 0; ; at += 1) {
    const name = demand(parseInterfaceName(`warren${at}`));
    if (!taken.has(name)) return name;
  }
}

/** After `warren down`. */
export async function up(
  terminal: Terminal,
  wanted: string | undefined,
  { service }: Pick<JoinOptions, "service">,
  { environment, words }: JoinPlace,
): Promise<number> {
  demandRoot();
  const network = chooseNetwork(wanted);
  new NetworkFiles(AGENT_BASE, network).isDown = false;
  if (!service) {
    terminal.print(say`${network}: ${nextFor(network)}`);
    return 0;
  }
  await start(terminal, network, { environment, words: [...words, "agent", network] });
  const own = new NetworkFiles(AGENT_BASE, network).readCredential()?.interface;
  return own === undefined ? 2 : await waitUntilUp(terminal, { network, own, isApproved: true });
}

/** By its full path: cron and services look for programs in few places. */
function nextFor(network: Name): Phrase {
  const warren = resolve(import.meta.dirname, "../../../../warren");
  return say`its tunnel comes with ${warren} checkin ${network}, every minute from root's crontab, or ${warren} agent ${network} as a service`;
}

interface Wish {
  readonly addresses: readonly ServerAddress[];
  readonly pin?: Pin;
  readonly secret?: string;
  readonly network?: Name;
}

/** By a token; or by a server's address, and the key by which it is known. */
async function readWish(
  terminal: Terminal,
  token: string | undefined,
  { server, network: wanted, pin: typed }: JoinOptions,
  environment: Environment,
): Promise<Wish> {
  const network = wanted === undefined ? undefined : demand(parseName(wanted));
  if (server === undefined) {
    const text = await readToken(token, environment);
    const { network: said, ...rest }: JoinToken = demand(parseJoinToken(text));
    return { ...rest, ...optional("network", network ?? said) };
  }
  const address = demand(parseServerAddress(server));
  const pin = typed === undefined ? await askForPin(terminal, address) : demand(parsePin(typed));
  return { addresses: [address], pin, ...optional("network", network) };
}

/** Of an argument, `-` for standard input, a file, or the environment. */
async function readToken(token: string | undefined, environment: Environment): Promise<string> {
  const given = token ?? environment[TOKEN_VARIABLE];
  if (given === undefined) {
    throw new AppError("usage", say`a token is missing`, {
      fix: say`give one, which warren token create prints on the server; or ask without: --server HOST`,
    });
  }
  if (given.startsWith("wrn_")) return given;
  // Not the descriptor itself: a pipe that has nothing to say yet refuses to be read.
  if (given === "-") return (await readAll(process.stdin)).trim();
  try {
    return readFileSync(given, "utf8").trim();
  } catch (cause) {
    throw refusalOf("cannot-read", given, cause);
  }
}

/** Who joins without a token has to know the server by its key. */
async function askForPin(terminal: Terminal, address: ServerAddress): Promise<Pin> {
  const pin = await readPin(address);
  const shown = printServerAddress(address);
  if (!process.stdin.isTTY) {
    throw new AppError("usage", say`${shown} has to be known by its key`, {
      fix: say`compare it with what the server printed, and give it: --pin ${pin}`,
    });
  }
  terminal.say(say`${shown} shows the key ${pin}`);
  const question = say`is it the one that the server printed? type yes: `;
  if (await isMeant(terminal, question, { answer: "yes", flag: `--pin ${pin}` })) return pin;
  throw new AppError("usage", say`not joined`, { fix: say`look at the server which key it has` });
}

/** A service where services are; else a process of its own, until the next boot. */
async function start(
  terminal: Terminal,
  network: Name,
  { environment, words }: JoinPlace,
): Promise<void> {
  const left = await installStarter(findInit(), { network, words });
  if (left === undefined) return;
  const [program = "", ...list] = words;
  mkdirSync(AGENT_RUN, { recursive: true });
  const log = openSync(logOf(network), "a", 0o600);
  // What it is started with can be read as long as it lives: the token was for us.
  const { [TOKEN_VARIABLE]: _, ...env } = environment;
  spawn(program, list, { detached: true, stdio: ["ignore", log, log], cwd: "/", env }).unref();
  closeSync(log);
  terminal.say(left);
}

/** Shows what it waits for. The tunnel is up when the agent has applied a device. */
async function waitUntilUp(
  terminal: Terminal,
  {
    network,
    own,
    isApproved,
  }: { readonly network: Name; readonly own: InterfaceName; readonly isApproved: boolean },
): Promise<number> {
  let endsAt = performance.now() + UP_MS;
  let hasWaited = !isApproved;
  for (;;) {
    const status = readStatuses(AGENT_RUN).find((each) => each.network === network);
    if (status?.isRunning === true && status.applied !== undefined && status.isConnected) {
      terminal.print(
        say`${status.node} is in ${network}, on ${own}: ${countOf(status.peers.length, "tunnel")}`,
      );
      return 0;
    }
    if (status?.isOut === true) {
      throw new AppError(
        "not-found",
        say`${status.node} was taken out of ${network}, or not let in`,
        {
          fix: say`ask whoever runs the server; then join again: warren join`,
        },
      );
    }
    if (status?.isWaiting === true) {
      hasWaited = true;
      endsAt = performance.now() + UP_MS;
      terminal.progress(say`waiting for approval`);
    }
    if (performance.now() > endsAt && !(hasWaited && status?.isWaiting === true)) {
      const why = status?.error ?? say`its agent does not say why`;
      const log = existsSync(logOf(network)) ? logOf(network) : `journalctl -u warren@${network}`;
      throw new AppError("busy", say`the tunnel is not up: ${why}`, {
        fix: say`see what its agent says: ${log}`,
      });
    }
    await setTimeout(LOOK_MS);
  }
}

/** Where nothing else keeps what an agent says. */
function logOf(network: Name): string {
  return `${AGENT_RUN}/${network}.log`;
}

function demandRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new AppError("forbidden", say`only root may make a tunnel`, {
    fix: say`run it as root: sudo warren join …`,
  });
}

/** The first label, as far as it is a name. */
function nameOfHost(): Name {
  const [label = ""] = hostname().toLowerCase().split(".");
  const plain = label.replaceAll(/[^a-z0-9-]/g, "-").replaceAll(/^-+|-+$/g, "");
  const name = parseName(plain.slice(0, 63));
  if (!(name instanceof Problem)) return name;
  throw new AppError("usage", say`this host's name is no name for a node`, {
    fix: say`give one: --name NAME`,
  });
}
