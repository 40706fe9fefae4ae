/** What packets a device has for its host, each of which the host's own firewall may drop. */
import type { Family } from "../../ip/address.ts";
import { hasPrefix } from "../../ip/prefix.ts";
import type { Prefix } from "../../ip/prefix.ts";
import type { Device } from "../../plan/device.ts";

/**
 * A packet that must arrive: WireGuard's own, from anywhere (input); what comes from the tunnel for the
 * host itself (tunnel), from the tunnel on to elsewhere (out) or back into it (through), and replies
 * from elsewhere into the tunnel (back). Without a port it is any: a rule for one port passes.
 */
export type FirewallNeed = {
  readonly interface: string;
  /** Which interface elsewhere is; without it any, so that a rule for one of them passes. */
  readonly elsewhere?: string;
  readonly families: readonly Family[];
} & (
  | { readonly kind: "input"; readonly port: number }
  | {
      readonly kind: "tunnel" | "out" | "through";
      readonly protocol: "icmp" | "tcp" | "udp";
      readonly port?: number;
    }
  | { readonly kind: "back" }
);

/** A route of the host's own. */
export interface HostRoute {
  readonly prefix: Prefix;
  readonly interface: string;
}

/**
 * `dialled`: in which families others dial it. Of what comes out of the tunnel for the host itself pings
 * alone are asked for, since whom a firewall lets in further is its owner's business; TCP stands for
 * what is carried, because some let pings alone through.
 */
export function firewallNeeds(
  { interface: name, addresses, filter, listenPort, subnets }: Device,
  {
    dialled,
    routes,
  }: { readonly dialled: readonly Family[]; readonly routes: readonly HostRoute[] },
): readonly FirewallNeed[] {
  const families = [...new Set(addresses.map(({ address }) => address.family))];
  const inside = { interface: name, families };
  const needs: FirewallNeed[] = [{ ...inside, kind: "tunnel", protocol: "icmp" }];
  if (dialled.length > 0 && listenPort !== undefined) {
    needs.push({ ...inside, families: [...new Set(dialled)], kind: "input", port: listenPort });
  }
  if (filter.carries) needs.push({ ...inside, kind: "through", protocol: "tcp" });
  for (const { prefix, interface: towards } of subnets) {
    const elsewhere = towards ?? interfaceTowards(routes, prefix);
    const way = {
      interface: name,
      families: [prefix.family],
      ...(elsewhere === undefined ? {} : { elsewhere }),
    };
    needs.push({ ...way, kind: "out", protocol: "tcp" }, { ...way, kind: "back" });
  }
  return needs;
}

/** By the host's longest route that has the range. */
function interfaceTowards(routes: readonly HostRoute[], prefix: Prefix): string | undefined {
  return routes
    .filter((route) => hasPrefix(route.prefix, prefix))
    .toSorted((one, other) => other.prefix.length - one.prefix.length)[0]?.interface;
}
