/** Reads wg-gen-web's folder: server.json, and a JSON file for each client, which has the server for its peer. */
import type { Place } from "../finding.ts";
import * as messages from "../messages/foreign-mesh.ts";
import { say } from "../phrase.ts";
import { printPath } from "../wording.ts";
import type { Path } from "../wording.ts";
import { buildDevice } from "./build-device.ts";
import type { ForeignDevice, Reading } from "./foreign.ts";
import { KEYS } from "./config-blocks.ts";
import { findKey } from "./config-lines.ts";
import { readQuickKeys } from "./quick-keys.ts";
import { optional, readInterfaceFields, readPeerFields } from "./wg-fields.ts";
import type { Field, Findings, WgPeer } from "./wg-fields.ts";

/** What some reader of JSON made of a file, and where in it a path of fields leads. */
export interface JsonFile {
  readonly value: unknown;
  readonly locate: (path: Path) => Place;
  readonly isWorldReadable: boolean;
}

/** wg-gen-web's keys are WireGuard's in another case. Of the server's device: */
const SERVER_KEYS = "address privateKey listenPort mtu preUp postUp preDown postDown".split(" ");
/** What each client is told of the server, and has from it. */
const DIALLED_KEYS = ["publicKey", "endpoint", "persistentKeepalive"];
const SHARED_KEYS = ["dns", "mtu"];
/** Of a client: its own device, the server's entry for it, its entry for the server. */
const CLIENT_KEYS = ["address", "privateKey"];
const ENTRY_KEYS = ["publicKey", "presharedKey", "address"];
const ALLOWED_KEYS = ["allowedIPs"];

/** The server's device is named server. Clients that are switched off are left out, as it does itself. */
export function readGenWeb(server: JsonFile, clients: readonly JsonFile[]): Reading {
  const context: Findings = { findings: [] };
  const fields = readFields(server, SERVER_KEYS, context);
  const dialled = readPeerFields(readFields(server, DIALLED_KEYS, context), context);
  // The MTU is told with the server's own.
  const shared = readFields(server, SHARED_KEYS, { findings: [] });
  const active = clients.filter((client) => isOn(client, context));
  const entries = active.map((client): WgPeer => {
    // Its address is all that the server sends to it.
    const fields = readFields(client, ENTRY_KEYS, context).map((field) => {
      return field.key === "Address" ? { ...field, key: "AllowedIPs" } : field;
    });
    const entry = readPeerFields(fields, context);
    return { place: client.locate([]), name: nameOf(client), ...entry };
  });
  const devices = active.map((client, at) => {
    const { publicKey, presharedKey } = entries[at] ?? {};
    const { allowedIps } = readPeerFields(readFields(client, ALLOWED_KEYS, context), context);
    const { keepaliveSeconds, ...rest } = dialled;
    const peer: WgPeer = {
      place: server.locate([]),
      name: "server",
      ...rest,
      allowedIps,
      ...optional("presharedKey", presharedKey),
      ...(fieldOf(client, "ignorePersistentKeepalive") === true
        ? {}
        : optional("keepaliveSeconds", keepaliveSeconds)),
    };
    const own = readFields(client, CLIENT_KEYS, context);
    return deviceOf(client, nameOf(client), [...own, ...shared], {
      peers: [peer],
      frame: optional("publicKey", publicKey),
      context,
    });
  });
  const { endpoint, publicKey } = dialled;
  const frame = {
    ...optional("publicKey", publicKey),
    ...(endpoint === undefined || endpoint.value.port === 0 ? {} : { endpoint }),
  };
  const first = deviceOf(server, "server", fields, { peers: entries, frame, context });
  return { devices: [first, ...devices], findings: context.findings };
}

interface Surroundings {
  readonly peers: readonly WgPeer[];
  readonly frame: Pick<ForeignDevice, "publicKey" | "endpoint">;
  readonly context: Findings;
}

function deviceOf(
  { locate, isWorldReadable }: JsonFile,
  name: string,
  fields: readonly Field[],
  { peers, frame, context }: Surroundings,
): ForeignDevice {
  const config = { ...readInterfaceFields(fields, context), peers };
  const quick = readQuickKeys(fields, context);
  return buildDevice(config, quick, { name, place: locate([]), ...frame, isWorldReadable });
}

function isOn(client: JsonFile, { findings }: Findings): boolean {
  if (fieldOf(client, "enable") !== false) return true;
  findings.push(messages.clientOff(client.locate(["enable"]), nameOf(client)));
  return false;
}

/** Without one, its file's. */
function nameOf(client: JsonFile): string {
  const name = fieldOf(client, "name");
  if (typeof name === "string" && name !== "") return name;
  return /([^/]*?)(\.json)?$/.exec(client.locate([]).file)?.[1] ?? "";
}

/** A list is several fields of one key; an empty text and 0 stand for nothing. */
function readFields(file: JsonFile, keys: readonly string[], context: Findings): readonly Field[] {
  return keys.flatMap((from) => {
    const key = findKey(KEYS, from) ?? from;
    const value = fieldOf(file, from);
    if (!Array.isArray(value)) return readField(file, [from], { key, value }, context);
    return value.flatMap((item, at) => readField(file, [from, at], { key, value: item }, context));
  });
}

function readField(
  { locate }: JsonFile,
  path: Path,
  { key, value }: { readonly key: string; readonly value: unknown },
  { findings }: Findings,
): readonly Field[] {
  if (value === undefined || value === null || value === "" || value === 0) return [];
  const place = locate(path);
  if (typeof value !== "string" && typeof value !== "number") {
    findings.push(messages.wrongJson(place, printPath(path), say`a text, a number or a list`));
    return [];
  }
  const text = String(value).trim();
  if (/\p{Cc}/u.test(text)) {
    // wg-gen-web writes it into the configuration as it is, where it can be a line of its own.
    findings.push(messages.wrongJson(place, printPath(path), say`one line`));
    return [];
  }
  return [{ key, value: text, place, valuePlace: place, at: () => place }];
}

function fieldOf({ value }: JsonFile, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}
