/** Lines that many devices share, printed once: a full mesh repeats each of them a thousand times. */
import type { Family } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { remember } from "../remember.ts";
import type { Peer } from "../plan/device.ts";

/** A text in pieces, in order: put together only where its bytes are needed, if at all. */
export type Pieces = readonly string[];

/** What wg and systemd-networkd call a peer. */
export type PeerSection = "Peer" | "WireGuardPeer";

/** Remembers by identity, so it belongs to one run over one plan. */
export class Printed {
  readonly #heads = new Map<string, string>();
  readonly #lines = new Map<object, string>();
  readonly #lists = new Map<object, Readonly<Record<Family, string>>>();

  /** Everything of a peer that comes before its preshared key. All of one run have one section's name. */
  head({ name, publicKey }: Peer, section: PeerSection): string {
    // Not by key: a client that keeps its own has one for all its ways in.
    return remember(this.#heads, name, () => {
      return `\n# ${name}\n[${section}]\nPublicKey = ${publicKey}\n`;
    });
  }

  /** `AllowedIPs =` with nothing behind it is refused by wg: no line means none. */
  allowedIps({ allowedIps }: Peer): string {
    return remember(this.#lines, allowedIps, () =>
      allowedIps.length === 0 ? "" : `AllowedIPs = ${allowedIps.map(printPrefix).join(", ")}\n`,
    );
  }

  /** A list by families, as nft writes the elements of a set. Empty: none of the family. */
  prefixes(list: readonly Prefix[]): Readonly<Record<Family, string>> {
    const of = (family: Family): string =>
      list
        .filter((prefix) => prefix.family === family)
        .map(printPrefix)
        .join(", ");
    return remember(this.#lists, list, () => ({ 4: of(4), 6: of(6) }));
  }

  endpoint({ endpoint }: Peer): string {
    if (endpoint === undefined) return "";
    return remember(this.#lines, endpoint, () => `Endpoint = ${printEndpoint(endpoint)}\n`);
  }
}
