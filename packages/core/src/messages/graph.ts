/** The words in a picture of a mesh. */
import { ELSEWHERE } from "../graph/places.ts";
import { joinTexts, say } from "../phrase.ts";
import type { Text } from "../phrase.ts";
import { printCount } from "../wording.ts";
import type {
  Bundle,
  Picture,
  PicturedClient,
  PicturedLink,
  PicturedNode,
} from "../graph/picture.ts";

/** The line below the title. */
export function countsOf({ nodes, places, clients, counts }: Picture): Text {
  const sites = places.filter(({ kind }) => kind === "site").length;
  const { tunnels, carried, apart } = counts;
  return joinTexts(
    [
      nodes.length === 1 ? say`1 node` : say`${printCount(nodes.length)} nodes`,
      ...(sites === 0 ? [] : [sites === 1 ? say`1 site` : say`${printCount(sites)} sites`]),
      ...(clients.length === 0
        ? []
        : [clients.length === 1 ? say`1 client` : say`${printCount(clients.length)} clients`]),
      tunnels === 1 ? say`1 tunnel` : say`${printCount(tunnels)} tunnels`,
      ...(carried === 0
        ? []
        : [
            carried === 1
              ? say`1 pair through carriers`
              : say`${printCount(carried)} pairs through carriers`,
          ]),
      ...(apart === 0
        ? []
        : [apart === 1 ? say`1 pair apart` : say`${printCount(apart)} pairs apart`]),
    ],
    " · ",
  );
}

export function meshTitle(name: string): Text {
  return say`WireGuard mesh ${name}`;
}

export function aboutNode(node: PicturedNode): Text {
  const { name, kind, site, addresses, endpoint, lan, subnets } = node;
  const lines: Text[] = [
    kind === "node" ? name : kind === "relay" ? say`${name}, a relay` : say`${name}, a gateway`,
  ];
  if (site !== undefined) lines.push(say`in ${site}`);
  lines.push(...addresses);
  lines.push(endpoint === undefined ? noEndpoint() : say`dialled at ${endpoint}`);
  if (lan !== undefined) lines.push(say`in its site at ${lan}`);
  for (const { prefix, standsBy } of subnets) lines.push(aboutSubnet(prefix, standsBy));
  return joinTexts(lines, "\n");
}

function noEndpoint(): Text {
  return say`nobody can dial it from outside`;
}

function aboutSubnet(prefix: string, standsBy: boolean): Text {
  return standsBy ? say`stands by for ${prefix}` : say`has ${prefix} behind it`;
}

export function aboutClient({ name, via, addresses }: PicturedClient): Text {
  const head = say`${name}, a client that enters through ${via}`;
  return joinTexts(
    [head, ...(addresses.length === 0 ? [say`it has no key yet`] : addresses)],
    "\n",
  );
}

export function aboutLink({ between, kind, carries, costPerGiB }: PicturedLink): Text {
  const head = say`${between[0]} – ${between[1]}: ${kindOf(kind)}`;
  const lines: Text[] = [head];
  if (carries === 1) lines.push(say`carries 1 pair of others`);
  if (carries > 1) lines.push(say`carries ${printCount(carries)} pairs of others`);
  if (costPerGiB !== undefined) lines.push(costOf(costPerGiB));
  return joinTexts(lines, "\n");
}

export function aboutBundle({ between, kind, links, costPerGiB }: Bundle): Text {
  const [one, other] = between;
  const [start, end] = [placeName(one), placeName(other)];
  const where = one === other ? start : say`${start} – ${end}`;
  const lines: Text[] = [say`${where}: ${printCount(links)} tunnels, ${kindOf(kind)}`];
  if (costPerGiB !== undefined) lines.push(costOf(costPerGiB));
  return joinTexts(lines, "\n");
}

export function aboutDenial([one, other]: readonly [string, string]): Text {
  return say`${one} – ${other}: kept apart by a link`;
}

export function kindOf(kind: PicturedLink["kind"]): Text {
  switch (kind) {
    case "lan":
      return say`tunnel over the site's network`;
    case "public":
      return say`direct tunnel`;
    case "carrier":
      return say`tunnel that carries for others, too`;
  }
}

export function costOf(cost: number): Text {
  return say`${cost} per GiB`;
}

export function internet(): Text {
  return say`internet`;
}

export function more(shown: Text, hidden: number): Text {
  return say`${shown} +${hidden}`;
}

export function clientCount(count: number): Text {
  return say`${printCount(count)} clients`;
}

/** What the legend says of shapes. */
export function legendOf(
  look: "node" | "hidden" | "carrier-node" | "client" | "subnet" | "standby" | "denied" | "bundle",
): Text {
  switch (look) {
    case "node":
      return say`node`;
    case "hidden":
      return say`hollow: cannot be dialled from outside`;
    case "carrier-node":
      return say`gateway or relay`;
    case "client":
      return say`client`;
    case "subnet":
      return say`network behind a node`;
    case "standby":
      return say`stands by for a network`;
    case "denied":
      return say`kept apart by a link`;
    case "bundle":
      return say`so many tunnels in one line`;
  }
}

export function tunnelCount(count: number): Text {
  return say`${printCount(count)} tunnels`;
}

export function placeName(name: string): Text {
  return name === ELSEWHERE ? say`no site` : name;
}

export function countAndCost(count: number, cost: number): Text {
  return say`${printCount(count)} · ${cost} per GiB`;
}
