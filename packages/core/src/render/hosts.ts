/** Prints a mesh's names as a hosts file: for /etc/hosts, or for a resolver that reads such files. */
import { printAddress } from "../ip/address.ts";
import type { Index } from "../plan/members.ts";
import { HEADER } from "./wg-setconf.ts";

/** Every node's and client's addresses, sorted by name. It holds no secret. */
export function renderHosts({ network, members, entries }: Index): string {
  const named = [
    ...members.map(({ node, addresses }) => ({ name: node.name, addresses })),
    ...entries,
  ];
  named.sort((one, other) => (one.name < other.name ? -1 : 1));
  const lines = named.flatMap(({ name, addresses }) =>
    addresses.map(({ address }) => `${printAddress(address)} ${name}.${network.dns} ${name}\n`),
  );
  return [
    HEADER,
    `# names\n# search ${network.dns}\n`,
    "# On a host: add these lines to /etc/hosts. For clients with dns: true, the node that they\n",
    "# enter through must answer them: dnsmasq --addn-hosts=FILE, with this file, does.\n",
    ...lines,
  ].join("");
}
