/** Why there is no connection to a server, in words: what was met, and the way out. */
import { AppError, printServerAddress } from "@warren/api";
import type { Pin, ServerAddress } from "@warren/api";
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";

/** Of what failed before the server had shown its key. What says it already stays as it is. */
export function notConnected(address: ServerAddress, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = codeOf(cause);
  const [why, fix] = describe(address, code) ?? [
    say`the connection fails: ${code}`,
    say`look whether a warren server listens there, and nothing that answers in its place`,
  ];
  return unreachable(address, { why, fix, cause });
}

/** After so long neither a connection nor, on one, an answer. */
export function silent(
  address: ServerAddress,
  { isConnected, timeoutMs }: { readonly isConnected: boolean; readonly timeoutMs: number },
): AppError {
  const seconds = timeoutMs / 1000;
  return isConnected
    ? unreachable(address, {
        why: say`it takes connections and then says nothing for ${seconds} s`,
        fix: say`look whether a warren server listens there and is well; a firewall between that lets only small packets through does this, too`,
      })
    : unreachable(address, {
        why: say`no answer within ${seconds} s`,
        fix: say`open TCP port ${address.port} on the server and in the firewalls between, and look whether the address is right`,
      });
}

/** The one mistake here that may be an attack. */
export function anotherKey(address: ServerAddress, wanted: Pin, found: Pin): AppError {
  return unreachable(address, {
    why: say`it is another server than the one that is meant, or somebody who stands in between: its key has the fingerprint ${found}, not ${wanted}; it was told nothing`,
    fix: say`look at the server itself which fingerprint it has: if it was set up anew, join again with a new token; if it has the old one, somebody reads along on the way`,
  });
}

/** No pin was given, and no authority that this host knows vouches for the certificate. */
export function notTrusted(address: ServerAddress, reason: unknown, found: Pin): AppError {
  const known = new Map<string, Phrase>([
    ["CERT_HAS_EXPIRED", say`its certificate has expired`],
    ["CERT_NOT_YET_VALID", say`its certificate is not valid yet by the clock of this host`],
    ["ERR_TLS_CERT_ALTNAME_INVALID", say`its certificate is for other names`],
  ]);
  const code = codeOf(reason);
  const why = known.get(code) ?? say`no authority that this host trusts vouches for it (${code})`;
  return unreachable(address, {
    why: say`${why}; it was told nothing`,
    fix: say`join with a token, or compare its fingerprint with the one that the server prints and give it: --pin ${found}`,
  });
}

/** Within a request, after the server had shown the right key. */
export function notAnswered(address: ServerAddress, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return unreachable(address, {
    why: say`the connection broke off before the whole answer was there (${codeOf(cause)})`,
    fix: say`try again; if it stays so, look at what the server writes into its journal`,
    cause,
  });
}

export function answerTooSlow(address: ServerAddress, timeoutMs: number): AppError {
  return unreachable(address, {
    why: say`no whole answer within ${timeoutMs / 1000} s`,
    fix: say`try again; if it stays so, look at what the server writes into its journal`,
  });
}

export function answerTooLong(address: ServerAddress, limitBytes: number): AppError {
  return unreachable(address, {
    why: say`its answer is longer than ${limitBytes} bytes`,
    fix: say`look whether the address is that of a warren server, and update Warren on the older of the two`,
  });
}

function describe(
  { host, port }: ServerAddress,
  code: string,
): readonly [why: Phrase, fix: Phrase] | undefined {
  const unknown = [
    say`no such name is known`,
    say`look whether ${host} is written right and in the DNS, or give the address itself`,
  ] as const;
  const far = [
    say`there is no way to it from this host`,
    say`look whether this host is connected, and has a route there`,
  ] as const;
  const hungUp = [
    say`it hangs up before it has said who it is`,
    say`look whether a warren server listens there, and whether a proxy or a firewall stands between`,
  ] as const;
  const known = new Map<string, readonly [why: Phrase, fix: Phrase]>([
    ["ENOTFOUND", unknown],
    ["ENODATA", unknown],
    [
      "EAI_AGAIN",
      [
        say`this host's resolver does not answer`,
        say`look at its /etc/resolv.conf and its connection, or give the address itself`,
      ],
    ],
    [
      "ECONNREFUSED",
      [
        say`the connection is refused`,
        say`look whether warren server runs there and listens on TCP port ${port}`,
      ],
    ],
    [
      "ETIMEDOUT",
      [
        say`no answer`,
        say`open TCP port ${port} on the server and in the firewalls between, and look whether the address is right`,
      ],
    ],
    ["EHOSTUNREACH", far],
    ["ENETUNREACH", far],
    ["EADDRNOTAVAIL", far],
    ["ECONNRESET", hungUp],
    ["EPIPE", hungUp],
  ]);
  return known.get(code) ?? (isPlain(code) ? notTls(port) : undefined);
}

/** OpenSSL's words for an answer that is no TLS at all. */
function isPlain(code: string): boolean {
  return /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|HTTPS?_.*|UNEXPECTED_MESSAGE)$/.test(
    code,
  );
}

function notTls(port: number): readonly [why: Phrase, fix: Phrase] {
  return [
    say`what answers there does not speak TLS`,
    say`look what listens on TCP port ${port}: a server's plain port is for itself alone, name its other one`,
  ];
}

function unreachable(
  address: ServerAddress,
  said: { readonly why: Phrase; readonly fix: Phrase; readonly cause?: unknown },
): AppError {
  const text = say`cannot reach the server ${printServerAddress(address)}: ${said.why}`;
  return new AppError("unreachable", text, { fix: said.fix, cause: said.cause });
}

/** The system's or OpenSSL's word; never a message, which could hold what was sent. */
function codeOf(cause: unknown): string {
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : cause;
  return typeof code === "string" && /^\w{1,60}$/.test(code) ? code : "unknown";
}
