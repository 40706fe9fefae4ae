/** Rules about exits: who offers the internet, and who goes there through whom. */
import type { Diagnostics } from "../diagnostics.ts";
import { printPrefix } from "../ip/prefix.ts";
import * as ranges from "../messages/ranges.ts";
import * as ways from "../messages/ways.ts";
import type { Path } from "../wording.ts";
import { carriersOf } from "./carriers.ts";
import type { Mesh, Node } from "./mesh.ts";

/** Says in `diagnostics` which exits are none, or cannot be used as the document says. */
export function checkExits(mesh: Mesh, diagnostics: Diagnostics): void {
  const nodes = new Map(mesh.nodes.map((node) => [node.name, node]));
  const carriers = carriersOf(mesh);
  for (const node of mesh.nodes) {
    const { name, exit: named } = node;
    checkTwice(node, diagnostics);
    const exit = named === undefined ? undefined : nodes.get(named);
    if (exit === undefined) continue;
    const path = ["nodes", name, "exit"];
    if (exit === node) diagnostics.add(ways.exitOfItself(path));
    else if (isExit(node)) diagnostics.add(ways.exitInARow(path, exit.name));
    else if (carriers.has(name)) diagnostics.add(ways.exitOfCarrier(path, exit.name));
    else if (!isExit(exit)) diagnostics.add(ways.notAnExit(path, exit.name));
    else checkFamilies(mesh, exit, path, diagnostics);
  }
}

/** Whether it offers the whole internet of a family. */
export function isExit({ subnets }: Node): boolean {
  return subnets.some(({ prefix }) => prefix.length === 0);
}

/** Of other ranges, way-rules.ts tells who has one twice. */
function checkTwice({ name, subnets }: Node, diagnostics: Diagnostics): void {
  const known = new Set<number>();
  for (const [at, { prefix }] of subnets.entries()) {
    if (prefix.length > 0) continue;
    const printed = printPrefix(prefix);
    const owner = { node: name, prefix: printed };
    const path = ["nodes", name, "subnets", at];
    if (known.has(prefix.family)) diagnostics.add(ranges.subnetTaken(path, printed, owner));
    known.add(prefix.family);
  }
}

/**
 * In a mesh of both families, what an exit does not offer goes by the user's own way, of which nobody
 * may be aware.
 */
export function checkFamilies(
  { network }: Mesh,
  { name, subnets }: Node,
  path: Path,
  diagnostics: Diagnostics,
): void {
  const isDual = new Set(network.addresses.map((range) => range.family)).size > 1;
  if (!isDual) return;
  const whole = subnets.filter(({ prefix }) => prefix.length === 0);
  const [family, ...others] = new Set(whole.map(({ prefix }) => prefix.family));
  if (family === undefined || others.length > 0) return;
  diagnostics.add(ways.exitOfOneFamily(path, name, family));
}
