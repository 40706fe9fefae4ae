/** Puts the control plane together and serves it on one TCP port. */
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { AppError, printHostPort, printJoinToken, printServerAddress } from "@warren/api";
import type { Pin, ServerAddress } from "@warren/api";
import { optional, printText, say } from "@warren/core";
import type { Catalogue, Finding, Name } from "@warren/core";
import * as crypto from "@warren/crypto";
import type { WebSocketServer } from "ws";
import { acceptAgents } from "./agent-sockets.ts";
import { isEverywhere, namesOf, ownAddressesOf, placeOf } from "./addresses.ts";
import type { Place } from "./addresses.ts";
import { createApp } from "./app.ts";
import type { Plane, Vault } from "./plane.ts";
import { printLink } from "./auth/accounts.ts";
import { ACCOUNT_RATE, ADDRESS_RATE, RateLimit } from "./auth/rate-limit.ts";
import { Sessions } from "./auth/sessions.ts";
import { checkExpiry, keepCertificate, readCertificate } from "./certificate.ts";
import type { ServerCertificate } from "./certificate.ts";
import { Door } from "./door.ts";
import { lockFolder, removeLocalFile, STORE_FILE, writeLocalFile } from "./folder.ts";
import { Ledger } from "./ledger.ts";
import type { Clock } from "./ledger.ts";
import { readPage } from "./page-files.ts";
import { readMasterKey } from "./store/master-key.ts";
import { createSeal } from "./store/seal.ts";
import type { Seal } from "./store/seal.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { isSecret } from "./store/store.ts";
import type { Store, Stored } from "./store/store.ts";
import { Streams } from "./streams.ts";

export interface ServeOptions {
  /** Where everything of it lies. */
  readonly folder: string;
  /** Instead of the one in the folder. */
  readonly store?: Store;
  /** An address of this host, or `::` for all. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where hosts reach it, the best first; absent: its own addresses. */
  readonly addresses: readonly ServerAddress[];
  /** One's own, instead of the one that it makes. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Whether to make one where the one is lost by which hosts know the server. */
  readonly isNewCertificate?: boolean;
  /** The value of the variable for the master key. */
  readonly masterKey?: string;
  /** Its sentences, for readers of Chinese. */
  readonly chinese?: Catalogue;
}

export interface Serving {
  readonly port: number;
  /** Where this host itself reaches it. */
  readonly local: ServerAddress;
  /** That its owner's certificate ends soon. */
  readonly expiry?: Finding;
  readonly pin: Pin;
  /** Where hosts reach it. */
  readonly addresses: readonly ServerAddress[];
  /** How many revisions there are: none on a new server. */
  readonly rev: number;
  /** By which whoever may read the folder may do everything. */
  readonly localToken: string;
  /** Ends streams, then itself. */
  close(): Promise<void>;
}

/** How long a stop waits for those who are connected. */
const STOP_MS = 2_000;
const IDLE_MS = 50;
/** Whoever is slower is no host of ours: by default Node waits for minutes. */
const PATIENCE = {
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  /** How often Node looks for the two above. */
  connectionsCheckingInterval: 5_000,
};
/** Far more than hosts; below what the system lets a service open. */
const MOST_CONNECTIONS = 20_000;

export async function serve(options: ServeOptions): Promise<Serving> {
  const { folder } = options;
  const lock = lockFolder(folder);
  let store: Store | undefined;
  try {
    store = options.store ?? (await openSqliteStore(join(folder, STORE_FILE)));
    return await serveAlone(options, store, lock);
  } catch (error) {
    await store?.close();
    lock.close();
    throw error;
  }
}

async function serveAlone(
  options: ServeOptions,
  store: Store,
  lock: DatabaseSync,
): Promise<Serving> {
  const { folder, host, certificate: own } = options;
  const clock = createClock();
  const seal = await openSeal(options, await store.load());
  const ledger = await Ledger.open(store, clock);
  const certificate = await findCertificate(options, ledger, clock);
  const streams = new Streams(ledger, clock, {
    digest: crypto.digest,
    presharedKeys: presharedKeysOf(ledger, seal),
    report,
  });
  const sessions = new Sessions();
  const localToken = `wrl_${crypto.makeSecret()}`;
  const door = new Door({ ledger, clock, sessions }, { hashSecret: crypto.hashSecret, localToken });
  // Known when it listens.
  const place: Place = { addresses: [] };
  const plane: Plane = {
    ledger,
    streams,
    store,
    clock,
    sessions,
    tries: new RateLimit(ADDRESS_RATE),
    accountTries: new RateLimit(ACCOUNT_RATE),
    report,
    vault: createVault(seal, place),
    nodeOf: (credential) => door.identifyNode(credential),
    words: (text, language) =>
      printText(text, /^zh/i.test(language ?? "") ? options.chinese : undefined),
  };
  const app = createApp(
    plane,
    (context) =>
      door.identify({ method: context.req.method, header: (name) => context.req.header(name) }),
    readPage({ isTrusted: certificate.isVouchedFor }),
  );
  const listener = getRequestListener(app.fetch);
  const server = createServer(
    { key: certificate.key, cert: certificate.cert, ...PATIENCE },
    (request, response) => void listener(request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  const connected = findConnected(server);
  const sockets = acceptAgents(server, door, streams);
  const port = await listen(server, host, options.port);
  const local = { host: isEverywhere(host) ? "127.0.0.1" : host, port };
  Object.assign(place, placeOf(certificate, options.addresses, ownAddressesOf(host, port)));
  const login = { address: printServerAddress(local), pin: certificate.pin, token: localToken };
  await writeLocalFile(folder, login);
  let closing: Promise<void> | undefined;
  return {
    port,
    local,
    ...optional("expiry", own && checkExpiry(certificate, { file: own.cert, now: clock.now() })),
    pin: certificate.pin,
    addresses: place.addresses,
    rev: ledger.rev,
    localToken,
    close: async () => {
      closing ??= stop({ server, connected, sockets, streams, ledger, store, lock, folder });
      await closing;
    },
  };
}

/** The master key is held against what it has to open. */
async function openSeal({ folder, masterKey }: ServeOptions, { rows }: Stored): Promise<Seal> {
  const sealed = [...rows].flatMap(([row, text]): [string, string][] =>
    isSecret(row) ? [[row, String(JSON.parse(text))]] : [],
  );
  const place = { file: join(folder, "master.key"), ...optional("given", masterKey) };
  return createSeal(await readMasterKey(place, new Map(sealed)));
}

async function findCertificate(
  { folder, addresses, certificate: own, isNewCertificate = false }: ServeOptions,
  { state }: Ledger,
  clock: Clock,
): Promise<ServerCertificate> {
  if (own !== undefined) return readCertificate(own);
  const file = join(folder, "certificate.pem");
  const isNew = isNewCertificate || [...state.node.values()].every((node) => !node.joined);
  return await keepCertificate(file, { names: namesOf(addresses), now: clock.now(), isNew });
}

function report(mistake: unknown): void {
  process.stderr.write(`${inspect(mistake)}\n`);
}

function createClock(): Clock {
  return {
    now: () => Date.now(),
    after: (delayMs, work) => {
      // A server that stops waits for nothing that it has put off.
      const timer = setTimeout(work, delayMs).unref();
      return () => clearTimeout(timer);
    },
  };
}

function createVault(seal: Seal, place: Place): Vault {
  const { makeSecret, hashSecret, hashPassword, isPassword } = crypto;
  return {
    makeSecret,
    hashSecret,
    hashPassword,
    isPassword,
    makeNetworkSecret: (row) => seal.seal(row, crypto.makeNetworkSecret()),
    remoteAddressOf: ({ env }) =>
      (env as { incoming?: IncomingMessage }).incoming?.socket.remoteAddress ?? "",
    printJoinToken: (network, secret) =>
      printJoinToken({ ...place, secret, network: network as Name }),
    printLinks: (secret) => {
      const [first = { host: "localhost", port: 0 }] = place.addresses;
      return {
        link: printLink(`https://${printHostPort(first)}`, secret),
        code: printJoinToken({ ...place, secret }),
      };
    },
  };
}

/** Each network's, opened once. */
function presharedKeysOf(
  ledger: Ledger,
  seal: Seal,
): (network: string) => ReturnType<typeof crypto.createPresharedKeys> {
  const known = new Map<string, ReturnType<typeof crypto.createPresharedKeys>>();
  return (network) => {
    const sealed = ledger.state.secret.get(`network/${network}`);
    const made =
      known.get(`${network} ${sealed}`) ??
      crypto.createPresharedKeys(seal.open(`secret/network/${network}`, sealed ?? ""));
    known.set(`${network} ${sealed}`, made);
    return made;
  };
}

/** Who is connected now. Node itself knows nobody who has not said hello as TLS has it. */
function findConnected(server: Server): ReadonlySet<Socket> {
  const connected = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connected.add(socket);
    socket.once("close", () => connected.delete(socket));
  });
  return connected;
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((listening, failed) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      failed(
        new AppError(
          "busy",
          isTaken
            ? say`port ${port} is in use already`
            : say`cannot listen on ${host}, port ${port}: ${cause.message}`,
          {
            fix: isTaken
              ? say`stop what listens there (ss -ltnp tells), or choose another: --listen HOST:PORT`
              : say`choose another: --listen HOST:PORT`,
            cause,
          },
        ),
      );
    });
    server.listen({ host, port, ipv6Only: false }, listening);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

interface Running {
  readonly server: Server;
  readonly connected: ReadonlySet<Socket>;
  readonly sockets: WebSocketServer;
  readonly streams: Streams;
  readonly ledger: Ledger;
  readonly store: Store;
  readonly lock: DatabaseSync;
  readonly folder: string;
}

async function stop(running: Running): Promise<void> {
  const { server, connected, sockets, streams, ledger, store, lock, folder } = running;
  streams.stop();
  sockets.close();
  removeLocalFile(folder);
  const closed = new Promise((done) => server.close(done));
  // What is under way has its answer, and agents their good-bye; who takes his time is cut off.
  const late = setTimeout(() => {
    for (const socket of connected) socket.destroy();
  }, STOP_MS);
  // A connection that was busy, and is kept for more.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
  try {
    await ledger.close();
  } finally {
    await store.close();
    lock.close();
  }
}
