/** Rules about how traffic is to go: links, gateways, exits, ranges that several nodes offer. */
import { say } from "../phrase.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { isWithin, printPrefix } from "../ip/prefix.ts";
import * as ranges from "../messages/ranges.ts";
import * as ways from "../messages/ways.ts";
import type { Path } from "../wording.ts";
import { checkExits } from "./exit-rules.ts";
import { carriersOf } from "./carriers.ts";
import type { Mesh } from "./mesh.ts";
import { offersOf } from "./subnets.ts";
import type { Offer } from "./subnets.ts";

/** Says in `diagnostics` what cannot be routed as the document says. Names are known already, or named wrong. */
export function checkWays(mesh: Mesh, diagnostics: Diagnostics): void {
  checkLinks(mesh, diagnostics);
  checkGateways(mesh, diagnostics);
  checkExits(mesh, diagnostics);
  checkOffers(mesh, diagnostics);
  checkNetworks(mesh, diagnostics);
}

function checkLinks({ links, nodes, sites }: Mesh, diagnostics: Diagnostics): void {
  const siteOf = new Map<string, string>([
    ...sites.map(({ name }) => [name, name] as const),
    ...nodes.flatMap(({ name, site }) => (site === undefined ? [] : [[name, site] as const])),
  ]);
  const withGateway = new Set<string>(
    sites.filter(({ gateways }) => gateways.length > 0).map(({ name }) => name),
  );
  const known = new Map<string, Path>();
  for (const [at, { between, path }] of links.entries()) {
    const place = ["links", at];
    const [one, other] = between;
    if (one === other) diagnostics.add(ways.linkToItself([...place, "between"], one));
    const ends = between.toSorted().join(" ");
    const first = known.get(ends);
    if (first !== undefined) diagnostics.add(ways.linkTwice(place, first));
    known.set(ends, first ?? place);
    if (path !== "gateway") continue;
    for (const name of between) {
      const site = siteOf.get(name);
      if (site === undefined || withGateway.has(site)) continue;
      diagnostics.add(ways.linkWithoutGateway([...place, "path"], site));
    }
  }
}

function checkGateways({ nodes, sites }: Mesh, diagnostics: Diagnostics): void {
  for (const { name, gateways, reach } of sites) {
    const [active, ...others] = gateways;
    if (active === undefined && reach.length > 0) {
      diagnostics.add(ways.reachWithoutGateway(["sites", name, "reach"]));
    }
    for (const [at, range] of reach.entries()) {
      if (range.length > 0) continue;
      diagnostics.add(ways.reachWhole(["sites", name, "reach", at], printPrefix(range)));
    }
    if (active !== undefined && others.length > 0) {
      const known = others.filter((other) => nodes.some((node) => node.name === other));
      const who = { active, others: known };
      diagnostics.add(ways.standsBy(["sites", name, "gateways"], who, say`put another first`));
    }
  }
}

/** Who stands in a network sends what is for it there by itself, whatever its neighbours offer. */
function checkNetworks(mesh: Mesh, diagnostics: Diagnostics): void {
  const { nodes, sites } = mesh;
  const siteOf = new Map(sites.map((site) => [site.name, site]));
  const names = carriersOf(mesh);
  const carriers = nodes.filter(({ name }) => names.has(name));
  for (const node of nodes) {
    const carrier = carriers.find((each) => each !== node && each.site === node.site);
    const site = node.site === undefined ? undefined : siteOf.get(node.site);
    if (carrier === undefined || site === undefined) continue;
    for (const [at, { prefix }] of node.subnets.entries()) {
      if (!isWithin(site.networks, prefix)) continue;
      const place = { node: carrier.name, site: site.name };
      diagnostics.add(ways.networkPastCarrier(placeOf({ node, at }), printPrefix(prefix), place));
    }
  }
}

function checkOffers(mesh: Mesh, diagnostics: Diagnostics): void {
  const carriers = carriersOf(mesh);
  for (const [prefix, [active, ...others]] of offersOf(mesh)) {
    // Whose exit is used is said by who uses it.
    if (active === undefined || others.length === 0 || prefix.endsWith("/0")) continue;
    const path = placeOf(active);
    const isAgreed = others.every((other) => isAgreedOn(active, other));
    if (!isAgreed) {
      for (const other of others) refuseOffer(active, other, prefix, diagnostics);
      continue;
    }
    const names = others.map(({ node }) => node.name);
    const who = { active: active.node.name, others: names };
    const how = hasMetric(active)
      ? say`give another the lowest metric`
      : say`remove the range there`;
    diagnostics.add(ways.standsBy(path, who, how));
    for (const other of others) {
      if (!carriers.has(other.node.name)) continue;
      diagnostics.add(ways.standByCarries(placeOf(other), prefix, active.node.name));
    }
  }
}

/** Two nodes may offer one range inside one site, or when both say in which order. */
function isAgreedOn(one: Offer, other: Offer): boolean {
  if (one.node === other.node) return false;
  const isInSite = one.node.site !== undefined && one.node.site === other.node.site;
  return isInSite || (hasMetric(one) && hasMetric(other));
}

function hasMetric({ node, at }: Offer): boolean {
  return node.subnets[at]?.metric !== undefined;
}

function refuseOffer(active: Offer, other: Offer, prefix: string, diagnostics: Diagnostics): void {
  const owner = { node: active.node.name, prefix };
  const isTwice = other.node === active.node;
  diagnostics.add(
    isTwice
      ? ranges.subnetTaken(placeOf(other), prefix, owner)
      : ways.offerNeedsMetric(placeOf(other), prefix, { ...owner, path: placeOf(active) }),
  );
}

function placeOf({ node, at }: Offer): Path {
  return ["nodes", node.name, "subnets", at];
}
