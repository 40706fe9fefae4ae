/** What holds of every world that has been quiet for a while, whatever came before: one sentence for each thing that does not. */
import { entriesOf, hashOf } from "@warren/api";
import * as core from "@warren/core";
import { digest } from "@warren/crypto";
import { judgeWorld } from "./observed.ts";
import type { PlaneWorld } from "./plane-world.ts";
import { differences } from "./sample-world.ts";
import type { SimHost } from "./sim-host.ts";
import { findSilences, findWrongReports } from "./traffic.ts";

/** Longer than two looks of an agent. */
const IDLE_MS = 20_000;

/** Lets some more time pass, in which nothing may happen. */
export async function findFaults(world: PlaneWorld): Promise<readonly string[]> {
  const faults = [
    ...world.losses,
    ...(await differences(world)),
    ...world.hosts.flatMap((host) => standing(world, host)),
    ...findSilences(world),
    ...(await judgeWorld(world)),
    // Where what came before is missing, asking for all is the way out; else nobody has to.
    ...world.hosts.flatMap((host) => asks(world, host)),
  ];
  return [...faults, ...(await unrest(world))];
}

function asks({ disk }: PlaneWorld, host: SimHost): readonly string[] {
  const { name, resyncs, wasSpoiled, hasRefused, takesBack } = host;
  const mayAsk = disk.wasPutBack || wasSpoiled || hasRefused || takesBack > 0;
  return mayAsk || resyncs === 0 ? [] : [`${name} has asked for its whole device ${resyncs} times`];
}

/** How one host stands with the server. */
function standing(world: PlaneWorld, host: SimHost): readonly string[] {
  const { name, status, kept, disk } = host;
  const isTold = host.isOut || host.wasSpoiled;
  if (host.ends.includes("revoked") && !isTold) return [`${name} was not told that it is out`];
  const device = world.deviceOf(name);
  if (!world.isKnown(host) || !host.isRunning) return [];
  const presence = world.streams?.presence(world.network, name);
  if (presence === undefined) return [`${name} is not connected`];
  if (device === undefined) return [];
  const hash = hashOf(
    entriesOf(device, (id) => world.presharedKey(id)),
    digest,
  );
  const { isBehind, told, applied, error } = presence;
  const seen = world.disk.content.facts.get(`seen/${world.network}/${name}`);
  const is: Readonly<Record<string, boolean>> = {
    "does not say that it is connected": status?.isConnected !== true || status.isWaiting,
    "says that something is wrong": status?.error !== undefined,
    "has another device than the server": kept?.hash !== hash,
    "has an older device on its disk": disk.device?.hash !== kept?.hash,
    "is of another log": kept?.epoch !== world.ledger.epoch,
    "is behind, for the server": isBehind || applied === undefined || applied !== told,
    "has failed, for the server": error !== undefined,
    "was seen where it is not":
      host.address !== undefined && seen?.startsWith(seenAs(host, device)) !== true,
  };
  const wrong = Object.keys(is)
    .filter((each) => is[each])
    .map((each) => `${name} ${each}`);
  return [...wrong, ...findWrongReports(world, host)];
}

/** What its row begins with; how its clock stands comes after. */
function seenAs({ address, isPublic }: SimHost, { listenPort }: core.Device): string {
  const endpoint = address && core.printEndpoint({ host: address, port: listenPort ?? 0 });
  return JSON.stringify({ endpoint, isMapped: !isPublic }).slice(0, -1);
}

/** Another look of each agent changes nothing, and nobody says anything. */
async function unrest(world: PlaneWorld): Promise<readonly string[]> {
  const count = (): readonly number[] => world.hosts.map(({ runs }) => runs);
  const [runs, sent] = [count(), world.streams?.counts.bytes];
  await world.clock.pass(IDLE_MS);
  const after = count();
  const busy = world.hosts.filter((_, at) => after[at] !== runs[at]);
  return [
    ...busy.map(({ name }) => `${name} has its kernel do something again`),
    ...(world.streams?.counts.bytes === sent ? [] : ["the server says something again"]),
  ];
}
