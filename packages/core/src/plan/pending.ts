/** Fields that parse but that the compiler does not turn into anything yet: said, never ignored. */
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Path } from "../wording.ts";

/** Refuses what would make the mesh do something else than its document says. */
export function checkPending(mesh: Mesh, diagnostics: Diagnostics): void {
  if (mesh.clients.length > 0) {
    const fix =
      "remove clients, or list them as nodes: a node without endpoint needs no agent either";
    diagnostics.add(ranges.notCompiled(["clients"], "clients", fix));
  }
  checkIdle(mesh, diagnostics);
}

/** What is read and kept for later: said once for each field, however many have it. */
function checkIdle({ network, nodes, sites }: Mesh, diagnostics: Diagnostics): void {
  const say = (path: Path | undefined, what: string): void => {
    if (path !== undefined) diagnostics.add(ranges.noEffect(path, what));
  };
  if (network.dns !== `${network.name}.internal`) say(["network", "dns"], "names of nodes");
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
}
