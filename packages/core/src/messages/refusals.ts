/**
 * What can be wrong or odd with somebody else's files: each code, and who refuses it. The one list of
 * them; documents are made from it. The sentences are in the files beside it that begin with foreign.
 */
import type { Finding, Place } from "../finding.ts";
import type { Phrase } from "../phrase.ts";

/**
 * `wg`: every version, and with the line the whole file. `old-wg`: those before 2025. `machine`: it
 * depends on the host's own names. `wg-quick`: it, or the ip command that it calls. `versions`: some
 * versions of wg-quick do something else than others. `nobody`: it is taken, but hardly as it was meant.
 * `warren`: what the format allows and no WireGuard can be told. `wg-meshconf`: it ends with a traceback.
 */
export type Refuser =
  | "wg"
  | "old-wg"
  | "machine"
  | "wg-quick"
  | "versions"
  | "nobody"
  | "warren"
  | "wg-meshconf";

interface Refusal {
  readonly by: Refuser;
  readonly what: string;
}

export const REFUSALS = {
  "byte-order-mark": { by: "wg", what: "a byte order mark before the first line" },
  "stray-line": { by: "wg", what: "a line before the first section" },
  "unknown-section": { by: "wg", what: "a section that is neither [Interface] nor [Peer]" },
  "unknown-key": { by: "wg", what: "a key that the section does not have" },
  "comment-mark": { by: "wg", what: "a comment that begins with ; instead of #" },
  "misplaced-key": { by: "wg", what: "a key that belongs into another section or file" },
  "hidden-key": {
    by: "wg",
    what: "a key of wg-quick in a section whose head is not exactly [Interface]",
  },
  "value-missing": { by: "wg", what: "a key without a value" },
  "bad-key": { by: "wg", what: "a key that is not 32 bytes in canonical base64" },
  "bad-port": { by: "wg", what: "a port that is no number" },
  "bad-fwmark": { by: "wg", what: "a mark that is neither a number of 32 bits nor off" },
  "bad-allowed-ip": { by: "wg", what: "a range that is no address with a length" },
  "bad-endpoint": { by: "wg", what: "an endpoint that is not host:port" },
  "bad-keepalive": { by: "wg", what: "an interval that is neither 0 to 65535 nor off" },
  "no-public-key": { by: "wg", what: "a [Peer] without a PublicKey" },
  "signed-allowed-ip": { by: "old-wg", what: "a range with + or - before it" },
  "port-name": { by: "machine", what: "a service's name instead of a port" },
  "endpoint-zone": { by: "machine", what: "an endpoint with a zone id" },
  "bad-host": { by: "machine", what: "an endpoint whose host is no DNS name" },
  "odd-port": { by: "nobody", what: "a port over 65535, which wraps, or one with a sign or zeros" },
  "port-zero": { by: "nobody", what: "port 0 in an endpoint" },
  "short-address": { by: "nobody", what: "an IPv4 endpoint that is not four decimal numbers" },
  "no-brackets": { by: "nobody", what: "an IPv6 endpoint without brackets" },
  "host-bits": { by: "nobody", what: "a range with host bits, which the kernel masks" },
  "peer-twice": { by: "nobody", what: "one public key in two [Peer] sections" },
  "key-twice": { by: "nobody", what: "a key that stands twice in its section" },
  "interface-twice": { by: "nobody", what: "several [Interface] sections" },
  "hidden-interface": {
    by: "nobody",
    what: "a head that wg takes for [Interface] and wg-quick does not",
  },
  "inner-space": { by: "nobody", what: "white space inside a key or a value" },
  "cutting-comment": { by: "nobody", what: "a # inside a value, which ends there" },
  "zero-key": { by: "nobody", what: "a key of nothing but zeros" },
  "nul-character": { by: "nobody", what: "a NUL, at which wg ends the line" },
  "bad-address": { by: "wg-quick", what: "an address that ip does not take" },
  "bad-mtu": {
    by: "wg-quick",
    what: "an MTU that is no number, or one that no interface can have",
  },
  "bad-table": { by: "wg-quick", what: "a Table that is neither auto, off, a number nor a name" },
  "bad-save-config": { by: "wg-quick", what: "a SaveConfig that is neither true nor false" },
  "bad-file-name": { by: "wg-quick", what: "a file name that is no interface name with .conf" },
  "empty-key": { by: "nobody", what: "a key of wg-quick without a value" },
  "named-table": { by: "machine", what: "a Table by name" },
  "odd-mtu": { by: "nobody", what: "an MTU below 576 or above 9000" },
  "no-mask": { by: "nobody", what: "an Address without a length" },
  "odd-dns": { by: "nobody", what: "a DNS server that is no address" },
  "dns-ignored": { by: "nobody", what: "a DNS of search domains alone" },
  "save-config": { by: "nobody", what: "SaveConfig = true" },
  "no-private-key": { by: "nobody", what: "no PrivateKey, and no hook that sets one" },
  "hook-comment": { by: "versions", what: "a # in a hook, where wg-quick before 2025 cuts it" },
  "early-hook": { by: "versions", what: "a PreUp that sets what old versions have not made yet" },
  "csv-byte-order-mark": { by: "wg-meshconf", what: "a byte order mark before the first column" },
  "unknown-column": { by: "wg-meshconf", what: "a column that wg-meshconf does not have" },
  "no-column": { by: "wg-meshconf", what: "a table without Name, Address or PrivateKey" },
  "bad-csv": { by: "warren", what: "a quote that does not end, or a row with too many cells" },
  "row-without": { by: "warren", what: "a row without a name, an address or a private key" },
  "name-twice": { by: "warren", what: "one name in two rows" },
  "address-twice": { by: "warren", what: "one address in two rows" },
  "wide-address": {
    by: "nobody",
    what: "an address whose length makes wg-meshconf give the whole range to each peer",
  },
  "endpoint-with-port": { by: "warren", what: "a port in a cell of wg-meshconf's Endpoint" },
  "no-listen-port": {
    by: "machine",
    what: "an endpoint without ListenPort in wg-meshconf's table",
  },
  "bad-dump-line": { by: "warren", what: "a line that wg show dump does not print" },
  "wrong-json": { by: "warren", what: "JSON that wg-gen-web does not write" },
  "client-off": { by: "nobody", what: "a client that is switched off in wg-gen-web" },
  "several-files": { by: "warren", what: "several files of one node" },
  "wg-show": { by: "wg", what: "what wg show prints for people" },
  unreadable: { by: "warren", what: "one of several files that cannot be read" },
  "not-text": { by: "warren", what: "a file that is not text" },
  "too-large": { by: "warren", what: "a file larger than 16 MiB" },
} as const satisfies Readonly<Record<string, Refusal>>;

export type ForeignCode = keyof typeof REFUSALS;

/** What nobody refuses is a warning. */
export function foreign(code: ForeignCode, place: Place, message: Phrase, fix: Phrase): Finding {
  const refuser: Refuser = REFUSALS[code].by;
  const severity = refuser === "nobody" || refuser === "versions" ? "warning" : "error";
  const { file, line, column } = place;
  return { severity, code, message, fix, file, line, column };
}
