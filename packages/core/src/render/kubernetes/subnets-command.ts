/** The command that gives a node its list of subnets: the whole list, because that is what `set` takes. */
import { printAddress } from "../../ip/address.ts";
import { printPrefix } from "../../ip/prefix.ts";
import type { Subnet } from "../../model/mesh.ts";

/** `set n1 subnets=…`, in quotes where a shell would take it otherwise. */
export function subnetsCommand(node: string, subnets: readonly Subnet[]): string {
  const items = subnets.map(printSubnet);
  const isPlain = items.every((item) => !item.startsWith("{"));
  return isPlain
    ? `set ${node} subnets=${items.join(",")}`
    : `set ${node} 'subnets=[${items.join(", ")}]'`;
}

function printSubnet({ prefix, masquerade, interface: towards, metric, probe }: Subnet): string {
  const fields = [
    ...(masquerade ? [] : ["masquerade: false"]),
    ...(towards === undefined ? [] : [`interface: ${towards}`]),
    ...(metric === undefined ? [] : [`metric: ${metric}`]),
    ...(probe === undefined ? [] : [`probe: "${printAddress(probe)}"`]),
  ];
  // IPv6 has colons, which YAML takes for its own inside brackets only with a blank behind them.
  if (fields.length === 0) return printPrefix(prefix);
  return `{${[`prefix: ${printPrefix(prefix)}`, ...fields].join(", ")}}`;
}
