/** How large packets must or can be. */

/** IPv6 needs 1280 bytes on every link (RFC 8200 section 5). */
export const IPV6_LEAST_MTU = 1280;

/** What WireGuard adds to a packet: 40 (IPv6) + 8 (UDP) + 32 (its own header and tag). */
export const TUNNEL_OVERHEAD = 80;
