/**
 * What a host's kernel is to have beside WireGuard's own settings, line by line: for the program that
 * makes it so while the tunnel runs. The same that wg-quick makes of the file with the same device.
 */
import { printAddress } from "../ip/address.ts";
import { comparePrefixes, hasPrefix, prefixOf, printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import type { Device } from "../plan/device.ts";
import { hasRules } from "./chains.ts";
import { forwardedFamilies } from "./wg-quick.ts";
import { HEADER } from "./wg-setconf.ts";

const FAMILIES = [4, 6] as const;

/**
 * `mtu 1420`, `address 10.0.0.1/24`, `route 10.1.0.0/16 [table 5]`, `forward 4`, `rules nft`; and after
 * `restart` what only a new start can change: a user's hooks, another table, a default route.
 */
export function renderHostState(device: Device): string {
  const { addresses, mtu } = device;
  const forward = FAMILIES.filter((family) => forwardedFamilies(device).has(family));
  const rules = device.firewall === "iptables" ? "iptables" : "nft";
  const lines = [
    `mtu ${mtu}`,
    ...addresses.map(({ address, length }) => `address ${printAddress(address)}/${length}`),
    ...routesOf(device).map((route) => `route ${route}`),
    ...(hasRules(device) ? [`rules ${rules}`] : []),
    ...forward.map((family) => `forward ${family}`),
    ...restarts(device).map((why) => `restart ${why}`),
  ];
  return `${HEADER}${lines.map((line) => `${line}\n`).join("")}`;
}

/**
 * wg-quick adds one for each of the AllowedIPs, but for those that the interface's own addresses put
 * on its link already; a default route it makes in its own way.
 */
export function routesOf(device: Device): readonly string[] {
  const { addresses, offLinkRanges, peers, table } = device;
  if (table === "off") return [];
  const onLink =
    table === undefined ? addresses.map(({ address, length }) => prefixOf(address, length)) : [];
  const isRouted = (prefix: Prefix): boolean =>
    (prefix.length > 0 || table !== undefined) && !onLink.some((range) => hasPrefix(range, prefix));
  const all = [...peers.flatMap(({ allowedIps }) => allowedIps), ...offLinkRanges];
  const into = table === undefined ? "" : ` table ${table}`;
  const printed = all
    .filter(isRouted)
    .sort(comparePrefixes)
    .map((prefix) => `${printPrefix(prefix)}${into}`);
  return [...new Set(printed)];
}

function restarts({ addresses, hooks, table, peers }: Device): readonly string[] {
  const { preUp, postUp, preDown, postDown } = hooks;
  const all = peers.flatMap(({ allowedIps }) => allowedIps);
  const defaults = FAMILIES.filter((family) =>
    all.some((prefix) => prefix.length === 0 && prefix.family === family),
  );
  // Its rules name the interface's addresses.
  const own = addresses.map(({ address }) => printAddress(address)).join(" ");
  return [
    ...(table === undefined ? defaults.map((family) => `default ${family} ${own}`) : []),
    ...(table === undefined ? [] : [`table ${table}`]),
    ...preUp.map((line) => `PreUp ${line}`),
    ...postUp.map((line) => `PostUp ${line}`),
    ...preDown.map((line) => `PreDown ${line}`),
    ...postDown.map((line) => `PostDown ${line}`),
  ];
}
