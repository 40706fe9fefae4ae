/** Fields that parse but that the compiler does not turn into anything yet: said, never ignored. */
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Path } from "../wording.ts";

/** Refuses what would make the mesh do something else than its document says. */
export function checkPending(mesh: Mesh, diagnostics: Diagnostics): void {
  for (const { name, gateways, reach } of mesh.sites) {
    if (gateways.length > 0) {
      const fix = "remove gateways: nodes of the site then have tunnels of their own to everyone";
      diagnostics.add(ranges.notCompiled(["sites", name, "gateways"], "gateways of sites", fix));
    }
    if (reach.length > 0) {
      const fix = "remove reach, and give the ranges as subnets of a node";
      diagnostics.add(
        ranges.notCompiled(["sites", name, "reach"], "ranges reached through a gateway", fix),
      );
    }
  }
  for (const { name, relay, exit, subnets, firewall } of mesh.nodes) {
    if (relay) {
      diagnostics.add(ranges.notCompiled(["nodes", name, "relay"], "relays", "remove relay: true"));
    }
    if (exit !== undefined) {
      diagnostics.add(ranges.notCompiled(["nodes", name, "exit"], "exits", "remove exit"));
    }
    for (const [at, { prefix, masquerade, metric }] of subnets.entries()) {
      const path = ["nodes", name, "subnets", at];
      if (prefix.length === 0) {
        diagnostics.add(
          ranges.notCompiled(path, "exits", "name the ranges instead of the whole internet"),
        );
      }
      if (metric !== undefined) {
        const fix = "remove metric and leave the range to one node";
        diagnostics.add(
          ranges.notCompiled([...path, "metric"], "several owners of one range", fix),
        );
      }
      if (masquerade && firewall === "iptables") {
        const fix = "use firewall: nftables, or masquerade: false and a rule of your own in hooks";
        diagnostics.add(ranges.notCompiled(path, "masquerading with iptables", fix));
      }
    }
  }
  if (mesh.links.length > 0) {
    const fix = "remove links: every pair that can dial has a tunnel";
    diagnostics.add(ranges.notCompiled(["links"], "links", fix));
  }
  if (mesh.policy !== undefined) {
    const fix = "remove policy: without it all may talk to all";
    diagnostics.add(ranges.notCompiled(["policy"], "policy", fix));
  }
  if (mesh.tests.length > 0) {
    diagnostics.add(ranges.notCompiled(["tests"], "tests of the policy", "remove tests"));
  }
  checkIdle(mesh, diagnostics);
}

/** What is read and kept for later: said once for each field, however many have it. */
function checkIdle({ network, nodes, sites, groups }: Mesh, diagnostics: Diagnostics): void {
  const say = (path: Path | undefined, what: string): void => {
    if (path !== undefined) diagnostics.add(ranges.noEffect(path, what));
  };
  if (network.defaultCostPerGiB !== 1) say(["network", "defaultCostPerGiB"], "prices of links");
  const tagged = nodes.find(({ tags }) => tags.length > 0);
  if (tagged !== undefined) say(["nodes", tagged.name, "tags"], "tags");
  const logged = nodes.find(({ ssh }) => ssh !== undefined);
  if (logged !== undefined) say(["nodes", logged.name, "ssh"], "ssh targets");
  const probed = nodes.flatMap(({ name, subnets }) =>
    subnets.flatMap(({ probe }, at) =>
      probe === undefined ? [] : [["nodes", name, "subnets", at, "probe"]],
    ),
  );
  say(probed[0], "probes");
  const clouded = sites.find(({ cloud }) => cloud !== undefined);
  if (clouded !== undefined) say(["sites", clouded.name, "cloud"], "clouds");
  if (groups.length > 0) say(["groups"], "groups");
}
