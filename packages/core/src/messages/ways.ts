/** What can be wrong with how traffic is to go: links, gateways, exits, ranges with several owners. */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { label, listNames } from "../wording.ts";
import type { Path } from "../wording.ts";

export function linkToItself(path: Path, name: string): Diagnostic {
  const message = say`${label(path)}: a link from "${name}" to itself says nothing`;
  return error("link-to-itself", path, message, say`name two different nodes or sites`);
}

export function linkTwice(path: Path, first: Path): Diagnostic {
  const message = say`${label(path)}: ${label(first)} is between the same two`;
  return error("link-twice", path, message, say`put what both say into one link`);
}

export function linkWithoutGateway(path: Path, site: string): Diagnostic {
  const message = say`${label(path)}: path: gateway needs gateways, and site "${site}" has none`;
  return error(
    "gateway-missing",
    path,
    message,
    say`add sites.${site}.gateways, or leave path out`,
  );
}

export function reachWithoutGateway(path: Path): Diagnostic {
  const message = say`${label(path)}: there is no gateway to send these ranges to`;
  return error("gateway-missing", path, message, say`add gateways: [NODE] to the site`);
}

export function reachWhole(path: Path, range: string): Diagnostic {
  const message = say`${label(path)}: ${range} is the whole internet, which goes through an exit`;
  const fix = say`offer ${range} as a subnet of a node, and name that node as exit: of those who use it`;
  return error("reach-whole", path, message, fix);
}

/** Of gateways, and of owners of a range: without an agent nobody notices that one is down. */
export function standsBy(
  path: Path,
  { active, others }: { readonly active: string; readonly others: readonly string[] },
  how: Phrase,
): Diagnostic {
  const message = say`${label(path)}: "${active}" is active; ${listNames(others)} cannot take over, since files do not change by themselves`;
  const fix = say`when it fails, ${how} and render again; or leave the others out`;
  return warning("stands-by", path, message, fix);
}

export function exitOfOneFamily(path: Path, exit: string, family: number): Diagnostic {
  const message = say`${label(path)}: "${exit}" is an exit for IPv${family} alone: what is sent by IPv${family === 4 ? 6 : 4} goes around the tunnel`;
  const fix = say`add ${family === 4 ? "::/0" : "0.0.0.0/0"} to nodes.${exit}.subnets, or switch IPv${family === 4 ? 6 : 4} off where it is used`;
  return warning("exit-of-one-family", path, message, fix);
}

export function offerNeedsMetric(
  path: Path,
  prefix: string,
  owner: { node: string; path: Path },
): Diagnostic {
  const message = say`${label(path)}: ${prefix} is already routed to "${owner.node}"`;
  const fix = say`remove it from one of the two; or let both offer it, with a metric each (here and in ${label(owner.path)}), or inside one site`;
  return error("subnet-taken", path, message, fix);
}

export function standByCarries(path: Path, prefix: string, active: string): Diagnostic {
  const message = say`${label(path)}: ${prefix} is reached through "${active}", but this node carries others' traffic past it`;
  const fix = say`give this node the lower metric, or leave the range to the other`;
  return error("stand-by-carries", path, message, fix);
}

export function notAnExit(path: Path, name: string): Diagnostic {
  const message = say`${label(path)}: "${name}" offers neither 0.0.0.0/0 nor ::/0`;
  return error("not-an-exit", path, message, say`add 0.0.0.0/0 to nodes.${name}.subnets`);
}

export function exitOfItself(path: Path): Diagnostic {
  const message = say`${label(path)}: a node leaves through itself anyway`;
  return error("exit-of-itself", path, message, say`remove exit`);
}

export function exitInARow(path: Path, exit: string): Diagnostic {
  const message = say`${label(path)}: an exit sends what it gets to its own internet, not on to "${exit}"`;
  return error(
    "exit-in-a-row",
    path,
    message,
    say`remove exit here, or 0.0.0.0/0 from its subnets`,
  );
}

export function exitOfCarrier(path: Path, exit: string): Diagnostic {
  const message = say`${label(path)}: what this node carries for others and nobody owns would go to "${exit}", too`;
  return error(
    "exit-of-carrier",
    path,
    message,
    say`remove exit here: a gateway or relay has none`,
  );
}

export function networkPastCarrier(
  path: Path,
  prefix: string,
  carrier: { node: string; site: string },
): Diagnostic {
  const message = say`${label(path)}: "${carrier.node}" carries what is for ${prefix}, but stands in that network of site "${carrier.site}" itself and would not pass it on to here`;
  const fix = say`offer the range at "${carrier.node}" instead`;
  return error("network-past-carrier", path, message, fix);
}

export function exitNotDirect(path: Path, exit: string): Diagnostic {
  const message = say`${label(path)}: the way to "${exit}" is not one tunnel, and what is for the internet cannot be passed on`;
  const fix = say`choose an exit that the node has a tunnel to: its gateway, or a node that it can dial`;
  return error("exit-not-direct", path, message, fix);
}
