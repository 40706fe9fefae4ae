/** Holds each filter against the document: the sets of addresses in it, however they are written. */
import type { Device, Permit } from "@warren/core";
import type { Party } from "./parties.ts";
import type { Laws } from "./promises.ts";
import type { Complain } from "./scene.ts";
import { hostSpan, meetSpans, printSet, spanOf } from "./spans.ts";
import type { Span } from "./spans.ts";

export function judgeFilter(laws: Laws, device: Device, party: Party, complain: Complain): void {
  const { filter, name } = device;
  const guests = laws.parties.filter(({ client, home }) => client && home === party.home);
  const differs = (what: string): void => complain(`filter: ${name} has other ${what}`);
  if (filter.carries !== laws.graph.isCarrier(name)) differs("traffic to carry");
  if (printSet(filter.clients.map(spanOf)) !== printSet(guests.flatMap(hostsOf)))
    differs("clients");
  // Lists deny, but where they have everybody: those of who carries, and of who uses an exit.
  const hasAll = laws.graph.isCarrier(name) || party.home.exit !== undefined;
  const strangers = laws.parties.filter(
    ({ home }) => hasAll && laws.graph.isDenied(name, home.name),
  );
  const denied = strangers.flatMap((each) => [...hostsOf(each), ...each.subnets]);
  if (printSet(filter.denied.map(spanOf)) !== printSet(denied)) differs("others denied");
  const exits = party.home.subnets.map(({ prefix }) => spanOf(prefix)).filter(isWhole);
  const users = exits.length === 0 ? [] : readUsers(laws, party, guests);
  if (printSet(filter.exitUsers.map(spanOf)) !== printSet(users)) differs("users of its exit");
  if ((filter.permits === undefined) !== (laws.mesh.policy === undefined)) return differs("policy");
  const held = [...hostsOf(party), ...party.subnets, ...guests.flatMap(hostsOf), ...exits];
  const permits = (filter.permits ?? []).map(printPermit);
  const expected = (laws.mesh.policy ?? []).flatMap(({ ports }, rule): readonly string[] => {
    const { from = [], to = [] } = laws.rules[rule] ?? {};
    const here = to.flatMap((span) => held.flatMap((each) => meetSpans(span, each)));
    if (from.length === 0 || here.length === 0) return [];
    return [`${rule}: ${printSet(from)} → ${printSet(here)} ${printPorts(ports)}`];
  });
  if (permits.join("\n") !== expected.join("\n")) differs(`permits: ${permits.join("; ")}`);
}

/** Who leaves through the exit: nodes that name it, with all that is theirs, and clients at its door. */
function readUsers({ parties }: Laws, { home }: Party, guests: readonly Party[]): readonly Span[] {
  const users = parties.filter((each) => each.home.exit === home.name && !each.client);
  const leaving = guests.filter(({ client }) => {
    const isFar = client?.access.some((word) => word === "exit" || word === "all-but-lan");
    return isFar === true || client?.exit === home.name;
  });
  return [...users, ...leaving].flatMap((each) => [...hostsOf(each), ...each.subnets]);
}

function hostsOf({ addresses }: Party): readonly Span[] {
  return addresses.map(hostSpan);
}

function isWhole({ length }: Span): boolean {
  return length === 0;
}

function printPermit({ rule, from, to, ports }: Permit): string {
  const [source, target] = [from, to].map((list) => printSet(list.map(spanOf)));
  return `${rule}: ${source} → ${target} ${printPorts(ports)}`;
}

function printPorts(ports: Permit["ports"]): string {
  return ports.map(({ protocol, first, last }) => `${protocol}/${first}-${last}`).join();
}
