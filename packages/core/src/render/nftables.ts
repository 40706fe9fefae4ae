/** Prints a device's rules for `nft -f`: one table of our own, loaded and removed as a whole. */
import { printPrefix } from "../ip/prefix.ts";
import type { Subnet } from "../model/mesh.ts";
import type { Device } from "../plan/device.ts";
import { HEADER } from "./wg-setconf.ts";

/** Whether the device needs a rule file at all: it forwards, and nftables is what its host uses. */
export function hasRules({ firewall, subnets }: Device): boolean {
  return firewall === "nftables" && subnets.length > 0;
}

/** The name of our table. nft takes all of an interface name's characters in it but = and +. */
export function ruleTable(device: Device): string {
  return `warren-${device.interface.replaceAll(/[=+]/g, "_")}`;
}

/** The file /etc/wireguard/INTERFACE.nft. Loading it again replaces what was loaded before. */
export function renderNftables(device: Device): string {
  const table = ruleTable(device);
  const masquerades = device.subnets
    .filter(({ masquerade }) => masquerade)
    .map((subnet) => `\t\t${masqueradeRule(device, subnet)}\n`);
  return [
    HEADER,
    // Adding an empty table first makes deleting it safe when there is none yet.
    `table inet ${table}\ndelete table inet ${table}\n`,
    `table inet ${table} {\n`,
    // Machines behind the host know nothing of the tunnel's smaller packets.
    `\tchain forward {\n\t\ttype filter hook forward priority mangle; policy accept;\n`,
    `\t\toifname "${device.interface}" tcp flags syn tcp option maxseg size set rt mtu\n\t}\n`,
    `\tchain postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n`,
    ...masquerades,
    `\t}\n}\n`,
  ].join("");
}

/** What came out of the tunnel answers to the host's address, so that machines need no route back. */
function masqueradeRule(device: Device, { prefix, interface: towards }: Subnet): string {
  const out = towards === undefined ? `oifname != "${device.interface}"` : `oifname "${towards}"`;
  const family = prefix.family === 4 ? "ip" : "ip6";
  return `iifname "${device.interface}" ${out} ${family} daddr ${printPrefix(prefix)} masquerade`;
}
