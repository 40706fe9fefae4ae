/** What packets a device has for its host, each of which the host's own firewall may drop. */
import type { Family } from "../../ip/address.ts";
import { hasPrefix } from "../../ip/prefix.ts";
import type { Prefix } from "../../ip/prefix.ts";
import type { Device } from "../../plan/device.ts";
import type { FirewallNeed } from "./firewall.ts";

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
