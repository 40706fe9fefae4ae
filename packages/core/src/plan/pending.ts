/** Fields that are read and checked, and that nothing is made of yet: said, never ignored. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as ranges from "../messages/ranges.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Path } from "../wording.ts";

/** Says once for each such field, however many have it, that it has no effect. */
export function checkPending({ nodes, sites }: Mesh, diagnostics: Diagnostics): void {
  const note = (path: Path | undefined, what: Phrase): void => {
    if (path !== undefined) diagnostics.add(ranges.noEffect(path, what));
  };
  const probed = nodes.flatMap(({ name, subnets }) =>
    subnets.flatMap(({ probe }, at) =>
      probe === undefined ? [] : [["nodes", name, "subnets", at, "probe"]],
    ),
  );
  note(probed[0], say`probes`);
  const clouded = sites.find(({ cloud }) => cloud !== undefined);
  if (clouded !== undefined) note(["sites", clouded.name, "cloud"], say`clouds`);
}
