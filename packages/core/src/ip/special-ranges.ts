/** Ranges of addresses that mean something to everybody; it must not know what is done with them. */
import { Problem } from "../problem.ts";
import { parsePrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";

/** RFC 1918, RFC 6598 (carriers' NATs), link-local, RFC 4193. */
export const PRIVATE_RANGES = readRanges(
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
);

/** "This host", loopback, link-local, multicast and beyond: no range of them is anybody's (RFC 6890). */
export const UNUSABLE_RANGES = readRanges(
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "::/127",
  "fe80::/10",
  "ff00::/8",
);

/** What a host may find in its own neighbourhood (RFC 1918, 4193), link-local, multicast and beyond (RFC 3927, 4291, 5771). */
export const NEIGHBOURHOOD_RANGES = readRanges(
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "224.0.0.0/3",
  "fc00::/7",
  "fe80::/10",
  "ff00::/8",
);

/**
 * For a host alone: link-local, which no router passes on (RFC 3927, RFC 4291), and where clouds answer
 * with a host's own credentials (Alibaba's, Azure's and AWS's addresses outside it).
 */
export const HOST_ONLY_RANGES = readRanges(
  "100.100.100.200/32",
  "168.63.129.16/32",
  "169.254.0.0/16",
  "fd00:ec2::254/128",
  "fe80::/10",
);

/** Prefixes that are known to be right. */
export function readRanges(...texts: readonly string[]): readonly Prefix[] {
  return texts.map((text) => {
    const range = parsePrefix(text);
    if (range instanceof Problem) throw new Error(String(range));
    return range;
  });
}
