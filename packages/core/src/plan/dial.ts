/** Who can send the first packet to whom, and where. */
import type { Endpoint } from "../ip/endpoint.ts";
import type { Member } from "./member.ts";

/** Where `self` dials `other`: inside a common site its LAN address, else its public endpoint. */
export function endpointFor(self: Member, other: Member): Endpoint | undefined {
  return isNeighbour(self, other)
    ? (other.lanEndpoint ?? other.publicEndpoint)
    : other.publicEndpoint;
}

export function isNeighbour(self: Member, other: Member): boolean {
  return self.site !== undefined && self.site === other.site;
}
