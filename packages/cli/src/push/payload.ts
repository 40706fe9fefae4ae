/** What is sent to a host: all its files, as they are to lie there, made of its device. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@warren/core";
import type { Device, Name, Pieces, Printed, Secrets } from "@warren/core";
import type { HostFacts } from "./facts.ts";

export type Payload = ReadonlyMap<string, Pieces>;

/** What all hosts' files are made with. */
export interface Materials {
  readonly secrets: Secrets;
  readonly printed: Printed;
  /** The program that follows peers whose endpoints are names. */
  readonly endpointsScript: string;
}

export function materialsOf(secrets: Secrets): Materials {
  const script = join(import.meta.dirname, "../host/endpoints.sh");
  return { secrets, printed: new core.Printed(), endpointsScript: readFileSync(script, "utf8") };
}

/** A device as its host can have it now: without peers that have no key yet. */
export function bringable(device: Device, missing: ReadonlySet<Name>): Device {
  if (missing.size === 0) return device;
  return { ...device, peers: device.peers.filter(({ name }) => !missing.has(name)) };
}

/** By the names under which the host's program knows where they go. */
export function payloadOf(
  device: Device,
  { secrets, printed, endpointsScript }: Materials,
  serviceManager: HostFacts["serviceManager"],
): Payload {
  const own = device.interface;
  const numeric = core.withNumericEndpoints(device);
  const files = core.renderFiles(numeric, secrets, printed, "wg-quick");
  const names = core.renderEndpointNames(device);
  const entries: (readonly [string, Pieces])[] = [
    ...files.map(({ name, text }) => [`wireguard/${name}`, text] as const),
    [`wireguard/${own}.state`, [core.renderHostState(device)]],
  ];
  if (names === undefined) return new Map(entries);
  return new Map([
    ...entries,
    [`wireguard/${own}.endpoints`, [names]],
    [`wireguard/${own}.endpoints.sh`, [endpointsScript]],
    ...followers(own, serviceManager),
  ]);
}

/** What runs the script again and again. */
function followers(
  own: string,
  serviceManager: HostFacts["serviceManager"],
): readonly (readonly [string, Pieces])[] {
  switch (serviceManager) {
    case "systemd":
      return [
        [`systemd/warren-endpoints@${own}.service`, [core.renderEndpointsService()]],
        [`systemd/warren-endpoints@${own}.timer`, [core.renderEndpointsTimer()]],
      ];
    case "openrc":
      return [[`openrc/warren-endpoints.${own}`, [core.renderEndpointsInit()]]];
    case "none":
      return [];
  }
}
