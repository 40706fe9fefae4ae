/** Lines that many devices share, printed once: a full mesh repeats each of them a thousand times. */
import type { Family } from "../ip/address.ts";
import { printEndpoint } from "../ip/endpoint.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
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
    const known = this.#heads.get(name);
    if (known !== undefined) return known;
    const text = `\n# ${name}\n[${section}]\nPublicKey = ${publicKey}\n`;
    this.#heads.set(name, text);
    return text;
  }

  /** `AllowedIPs =` with nothing behind it is refused by wg: no line means none. */
  allowedIps({ allowedIps }: Peer): string {
    return this.#remember(allowedIps, () =>
      allowedIps.length === 0 ? "" : `AllowedIPs = ${allowedIps.map(printPrefix).join(", ")}\n`,
    );
  }

  /** A list by families, as nft writes the elements of a set. Empty: none of the family. */
  prefixes(list: readonly Prefix[]): Readonly<Record<Family, string>> {
    const known = this.#lists.get(list);
    if (known !== undefined) return known;
    const of = (family: Family): string =>
      list
        .filter((prefix) => prefix.family === family)
        .map(printPrefix)
        .join(", ");
    const texts = { 4: of(4), 6: of(6) };
    this.#lists.set(list, texts);
    return texts;
  }

  endpoint({ endpoint }: Peer): string {
    if (endpoint === undefined) return "";
    return this.#remember(endpoint, () => `Endpoint = ${printEndpoint(endpoint)}\n`);
  }

  #remember(value: object, print: () => string): string {
    const known = this.#lines.get(value);
    if (known !== undefined) return known;
    const text = print();
    this.#lines.set(value, text);
    return text;
  }
}
