/** Reads what `wg show IFACE dump` and `wg show all dump` print: no addresses, no hooks, no names of peers. */
import type { Place } from "../finding.ts";
import { badDumpLine } from "../messages/foreign-mesh.ts";
import { parsePublicKey } from "../model/keys.ts";
import { buildDevice } from "./build-device.ts";
import type { ForeignDevice, Reading } from "./foreign.ts";
import { readQuickKeys } from "./quick-keys.ts";
import { optional, readInterfaceFields, readKey, readPeerFields } from "./wg-fields.ts";
import type { Field, Findings } from "./wg-fields.ts";
import type { ConfigSource } from "./wg-quick.ts";

const INTERFACE_KEYS = ["PrivateKey", "PublicKey", "ListenPort", "FwMark"];
const PEER_KEYS = [
  "PublicKey",
  "PresharedKey",
  "Endpoint",
  "AllowedIPs",
  "",
  "",
  "",
  "PersistentKeepalive",
];

interface Row {
  readonly place: Place;
  readonly fields: readonly Field[];
  /** Where the dump is one of all interfaces. */
  readonly interface?: string;
}

interface Section {
  readonly row: Row;
  readonly peers: Row[];
}

/** Devices of `all` are named for their interfaces, the one of a single dump as its source says. */
export function readDump(text: string, source: ConfigSource): Reading {
  const context: Findings = { findings: [] };
  const sections: Section[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const place = { file: source.file, line: at + 1, column: 1 };
    const cells = line.replace(/\r$/, "").split("\t");
    const last = sections.at(-1);
    if (cells.length === 4 || cells.length === 5) {
      sections.push({ row: readRow(cells, INTERFACE_KEYS, place), peers: [] });
    } else if ((cells.length === 8 || cells.length === 9) && last !== undefined) {
      last.peers.push(readRow(cells, PEER_KEYS, place));
    } else {
      context.findings.push(badDumpLine(place, last === undefined ? 4 : 8));
    }
  }
  const devices = sections.map((section) => readSection(section, source, context));
  return { devices, findings: context.findings };
}

/** One cell more than keys: the interface stands first. What is `(none)` or `off` is left out. */
function readRow(cells: readonly string[], keys: readonly string[], place: Place): Row {
  const isAll = cells.length > keys.length;
  const fields: Field[] = [];
  let { column } = place;
  for (const [i, cell] of cells.entries()) {
    const key = keys[isAll ? i - 1 : i] ?? "";
    const start = column;
    const at = (offset: number): Place => ({ ...place, column: start + offset });
    if (key !== "" && cell !== "(none)" && cell !== "off") {
      fields.push({ key, value: cell, place: at(0), valuePlace: at(0), at });
    }
    column += cell.length + 1;
  }
  return { place, fields, ...(isAll ? { interface: cells[0] ?? "" } : {}) };
}

function readSection(
  { row, peers }: Section,
  source: ConfigSource,
  context: Findings,
): ForeignDevice {
  const { fields, place } = row;
  const own = fields.find(({ key }) => key === "PublicKey");
  const publicKey = own === undefined ? undefined : readKey(parsePublicKey)(own, context);
  const config = {
    ...readInterfaceFields(fields, context),
    peers: peers.map((peer) => ({ place: peer.place, ...readPeerFields(peer.fields, context) })),
  };
  const frame = {
    name: row.interface ?? source.name,
    place,
    isRunning: true,
    ...optional("interface", row.interface),
    ...optional("publicKey", publicKey && own && { value: publicKey, place: own.valuePlace }),
    isWorldReadable: source.isWorldReadable,
  };
  return buildDevice(config, readQuickKeys([], context), frame);
}
