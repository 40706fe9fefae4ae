/**
 * Connections to a server that is known by its certificate's key: whose key is another one is told before
 * it has been sent a single byte of what it was to hear. For node:https and `ws`, too.
 */
import { hash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { ClientRequestArgs } from "node:http";
import { isIP } from "node:net";
import type { TcpNetConnectOpts } from "node:net";
import { connect, getCACertificates } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { Pin, ServerAddress } from "@warren/api";
import { anotherKey, notConnected, notTrusted, silent } from "./connection-refusals.ts";

export interface Target extends ServerAddress {
  /** Without one the server's certificate must be of an authority that this host trusts. */
  readonly pin?: Pin;
  /** Until the server has shown its key. */
  readonly timeoutMs?: number;
}

/** A host behind a bad line needs a handful of round trips and a retry or two of each. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Of several addresses of a name the next is tried after so long. Node's own 250 ms give up a host that is
 * merely far away, for good.
 */
const NEXT_ADDRESS_MS = 2500;

/** Of a certificate, in PEM or as a connection shows it. */
export function pinOf(certificate: string | X509Certificate): Pin {
  const shown = typeof certificate === "string" ? new X509Certificate(certificate) : certificate;
  const key = shown.publicKey.export({ format: "der", type: "spki" });
  return `sha256:${hash("sha256", key, "base64url")}` as Pin;
}

/**
 * A connection to the right server. With a pin it does not matter what the certificate says of names and
 * dates: a router without a clock must be able to connect, too.
 */
export async function connectPinned(target: Target): Promise<TLSSocket> {
  const socket = await shakeHands(target);
  const found = pinOfPeer(socket);
  const { pin } = target;
  if (pin === undefined ? socket.authorized : found === pin) return socket;
  socket.destroy();
  throw pin === undefined
    ? notTrusted(target, socket.authorizationError, found)
    : anotherKey(target, pin, found);
}

/**
 * The first to answer of a server's several addresses. Whoever else has one of them, as happens with those
 * of private networks, is no matter as long as the server is at another. Costs a connection of its own: for
 * whoever does not know yet which of them works.
 */
export async function findServer(targets: readonly Target[]): Promise<Target> {
  const tries = targets.map(async (target) => {
    const socket = await connectPinned(target);
    socket.destroy();
    return target;
  });
  // Nowhere: what is wrong with the best of them is told.
  return Promise.any(tries).catch(async () => {
    const [best] = tries;
    if (best === undefined) throw new Error("a server without an address");
    return best;
  });
}

/** Whatever key the server shows, for somebody to compare; nothing is sent to it. */
export async function readPin(target: ServerAddress): Promise<Pin> {
  const socket = await shakeHands(target);
  const found = pinOfPeer(socket);
  socket.destroy();
  return found;
}

type ConnectionMade = (error: Error | null, socket?: TLSSocket) => void;

/** What `https.request` and `new WebSocket` take as `createConnection`: they see no socket that is not the right server's. */
export function pinnedConnection(
  target: Target,
): (_options: ClientRequestArgs, made: ConnectionMade) => undefined {
  return (_options, made) => {
    connectPinned(target).then(
      (socket) => made(null, socket),
      (error: Error) => made(error),
    );
  };
}

async function shakeHands(target: Target): Promise<TLSSocket> {
  const { host, port, pin, timeoutMs = CONNECT_TIMEOUT_MS } = target;
  const options: ConnectionOptions & TcpNetConnectOpts = {
    host,
    port,
    // Who it is, is judged by the callers.
    rejectUnauthorized: false,
    // A name's server may have several certificates; addresses are not for this field (RFC 6066, section 3).
    servername: isIP(host) === 0 ? host : "",
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    ...(pin === undefined ? { ca: authorities() } : {}),
  };
  const socket = connect(options);
  const timer = setTimeout(
    () => socket.destroy(silent(target, { isConnected: !socket.connecting, timeoutMs })),
    timeoutMs,
  );
  try {
    await once(socket, "secureConnect");
    return socket;
  } catch (cause) {
    socket.destroy();
    throw notConnected(target, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Those that Node brings, and those that the host's owner has added. */
function authorities(): string[] {
  return [...getCACertificates("default"), ...getCACertificates("system")];
}

function pinOfPeer(socket: TLSSocket): Pin {
  const certificate = socket.getPeerX509Certificate();
  // Only suites without certificates could do that, and nobody offers them.
  if (certificate === undefined) throw new Error("a server without a certificate");
  return pinOf(certificate);
}
