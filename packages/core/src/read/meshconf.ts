/**
 * Reads wg-meshconf's database.csv: a row a node, of which every node has all others for peers. The
 * files that wg-meshconf would generate are not read, but what stands in them follows from the rows.
 */
import type { Place } from "../finding.ts";
import { printAddress } from "../ip/address.ts";
import { parseEndpoint } from "../ip/endpoint.ts";
import type { Endpoint } from "../ip/endpoint.ts";
import { aloneOnLink, linkOf, printInterfaceAddress } from "../ip/interface-address.ts";
import type { InterfaceAddress } from "../ip/interface-address.ts";
import { hasAddress, hostPrefix, isHost, printPrefix } from "../ip/prefix.ts";
import * as messages from "../messages/foreign-mesh.ts";
import { badFileName } from "../messages/foreign-quick.ts";
import { badHost } from "../messages/foreign-wg.ts";
import { parseInterfaceName } from "../model/names.ts";
import type { PrivateKey, PublicKey } from "../model/keys.ts";
import { Problem } from "../problem.ts";
import { findEarlier } from "../remember.ts";
import { nearest } from "../wording.ts";
import { buildDevice } from "./build-device.ts";
import { readCsv } from "./csv.ts";
import type { Cell } from "./csv.ts";
import type { ForeignDevice, Placed, Reading } from "./foreign.ts";
import { readQuickKeys } from "./quick-keys.ts";
import type { QuickKeys } from "./quick-keys.ts";
import { optional, readInterfaceFields, readPeerFields } from "./wg-fields.ts";
import type { Field, Findings, WgInterface, WgPeer } from "./wg-fields.ts";
import { sortFindings } from "./wg-quick.ts";
import type { ConfigSource } from "./wg-quick.ts";

/** All columns, in wg-meshconf's own order. */
export const MESHCONF_COLUMNS = [
  "Name",
  "Address",
  "Endpoint",
  "AllowedIPs",
  "ListenPort",
  "PersistentKeepalive",
  "FwMark",
  "PrivateKey",
  "DNS",
  "MTU",
  "Table",
  "PreUp",
  "PostUp",
  "PreDown",
  "PostDown",
  "SaveConfig",
] as const;

const NEEDED_COLUMNS = ["Name", "Address", "PrivateKey"] as const;

const LISTS: ReadonlySet<string> = new Set(["Address", "AllowedIPs"]);

/** One node, as its row has it. */
interface Row {
  readonly name: string;
  readonly place: Place;
  readonly quick: QuickKeys;
  readonly own: WgInterface;
  /** AllowedIPs and keepalive. */
  readonly peer: Omit<WgPeer, "place">;
  readonly endpoint?: Placed<Endpoint>;
}

/** publicKeyOf is the machine's cryptography: the table has private keys alone. */
export function readMeshconf(
  text: string,
  source: ConfigSource,
  publicKeyOf: (key: PrivateKey) => PublicKey,
): Reading {
  const { file, isWorldReadable } = source;
  const context: TableContext = { file, findings: [] };
  const hasMark = text.startsWith("\uFEFF");
  if (hasMark) context.findings.push(messages.csvByteOrderMark({ file, line: 1, column: 1 }));
  const [header = [], ...body] = readCsv(hasMark ? text.slice(1) : text);
  checkTable(header, body, context);
  const columns = header.map((cell) => cell.text.trim());
  const read = body.map((cells) =>
    readRow(fieldsOf(cells, columns, file), placeOf(cells[0], file), context),
  );
  const rows = lastOfEachName(read, context);
  checkAddresses(rows, context);
  const peers = rows.flatMap((row) => peersOf(row, publicKeyOf));
  const devices = rows.map((row) => deviceOf(row, peers, isWorldReadable));
  return { devices, findings: sortFindings(context.findings) };
}

interface TableContext extends Findings {
  readonly file: string;
}

function checkTable(
  header: readonly Cell[],
  body: readonly (readonly Cell[])[],
  { file, findings }: TableContext,
): void {
  const names = header.map((cell) => cell.text.trim());
  for (const cell of header) {
    const name = cell.text.trim();
    if (MESHCONF_COLUMNS.some((known) => known === name)) continue;
    const near = nearest(name, MESHCONF_COLUMNS);
    findings.push(messages.unknownColumn(placeOf(cell, file), name, near, MESHCONF_COLUMNS));
  }
  for (const column of NEEDED_COLUMNS) {
    if (!names.includes(column)) findings.push(messages.noColumn(placeOf(header[0], file), column));
  }
  for (const cells of [header, ...body]) {
    const open = cells.find(({ isOpen }) => isOpen);
    if (open !== undefined) findings.push(messages.openQuote(placeOf(open, file)));
    if (cells.length > names.length) {
      findings.push(
        messages.longRow(placeOf(cells[names.length], file), cells.length, names.length),
      );
    }
  }
}

function placeOf(cell: Cell | undefined, file: string): Place {
  return { file, line: cell?.line ?? 1, column: cell?.column ?? 1 };
}

/** What is empty is not there. */
function fieldsOf(
  cells: readonly Cell[],
  columns: readonly string[],
  file: string,
): readonly Field[] {
  return columns.flatMap((key, i) => {
    const cell = cells[i];
    if (cell === undefined || cell.text.trim() === "") return [];
    const { text, line, column } = cell;
    // Blanks go, as they do in a file for wg, but not out of a command.
    const value = LISTS.has(key) ? text.replaceAll(/\s/g, "") : text.trim();
    let positions: readonly number[] | undefined;
    const at = (offset: number): Place => {
      positions ??= positionsOf(text);
      return { file, line, column: column + (positions[offset] ?? 0) };
    };
    return [{ key, value, place: at(0), valuePlace: at(0), at }];
  });
}

/** Of the characters of a text that are no blanks. */
function positionsOf(text: string): readonly number[] {
  return Array.from(text, (_, at) => at).filter((at) => /\S/.test(text.charAt(at)));
}

function readRow(fields: readonly Field[], place: Place, context: TableContext): Row {
  const name = fields.find(({ key }) => key === "Name");
  checkName(name, place, context);
  for (const column of ["Address", "PrivateKey"]) {
    const isThere = fields.some(({ key }) => key === column);
    if (!isThere) context.findings.push(messages.rowWithout(place, column));
  }
  const own = readInterfaceFields(fields, context);
  const quick = readQuick(fields, context);
  const peerFields = fields.filter(
    ({ key }) => key === "AllowedIPs" || key === "PersistentKeepalive",
  );
  const peer = readPeerFields(peerFields, context);
  const endpoint = readDialled(fields, own, context);
  return { name: name?.value ?? "", place, quick, own, peer, ...optional("endpoint", endpoint) };
}

/** An address alone is the right form here, unlike in a file: it is what the others are given. */
function readQuick(fields: readonly Field[], { findings }: Findings): QuickKeys {
  const found: Findings = { findings: [] };
  const quick = readQuickKeys(fields, found);
  findings.push(...found.findings.filter(({ code }) => code !== "no-mask"));
  return quick;
}

/** It becomes a file's name: wg-quick must take it, and it must not lead out of the folder. */
function checkName(name: Field | undefined, place: Place, { findings }: Findings): void {
  if (name === undefined) findings.push(messages.rowWithout(place, "Name"));
  else if (parseInterfaceName(name.value) instanceof Problem) {
    findings.push(badFileName(name.valuePlace, `${name.value}.conf`));
  }
}

/** The Endpoint's cell is the host, to which ListenPort is put. */
function readDialled(
  fields: readonly Field[],
  { listenPort }: WgInterface,
  { findings }: Findings,
): Placed<Endpoint> | undefined {
  const field = fields.find(({ key }) => key === "Endpoint");
  if (field === undefined) return undefined;
  const { value: text, valuePlace: place } = field;
  if (!fields.some(({ key }) => key === "ListenPort")) {
    findings.push(messages.noListenPort(place));
  }
  const parsed = parseEndpoint(text);
  if (parsed instanceof Problem) {
    findings.push(badHost(place, text));
    return undefined;
  }
  if (parsed.port !== undefined) {
    findings.push(messages.endpointWithPort(place, text));
    return { value: parsed, place };
  }
  if (listenPort === undefined || listenPort.value === 0) return undefined;
  return { value: { host: parsed.host, port: listenPort.value }, place };
}

/** As wg-meshconf reads them: the last row takes the place of the first. */
function lastOfEachName(rows: readonly Row[], { findings }: Findings): readonly Row[] {
  const byName = new Map<string, Row>();
  for (const row of rows.filter(({ name }) => name !== "")) {
    const first = byName.get(row.name);
    if (first !== undefined) findings.push(messages.nameTwice(row.place, row.name, first.place));
    byName.set(row.name, row);
  }
  return [...byName.values()];
}

function checkAddresses(rows: readonly Row[], { findings }: Findings): void {
  const firsts = new Map<string, Place>();
  const wide: Placed<InterfaceAddress>[] = [];
  for (const row of rows) {
    for (const { value, place } of row.quick.addresses) {
      const printed = printAddress(value.address);
      const first = findEarlier(firsts, printed, place);
      if (first !== undefined) findings.push(messages.addressTwice(place, printed, first));
      const range = linkOf(value);
      const others = rows.filter((other) => other !== row).flatMap(({ quick }) => quick.addresses);
      const isOthers = others.some((each) => hasAddress(range, each.value.address));
      if (!isHost(range) && isOthers) wide.push({ value, place });
    }
  }
  const [first] = wide;
  if (first === undefined) return;
  const host = printPrefix(hostPrefix(first.value.address));
  const written = printInterfaceAddress(first.value);
  findings.push(messages.wideAddress(first.place, written, host, wide.length));
}

/** What all others have of it, keepalive included, as wg-meshconf writes it; nothing where its key is not known. */
function peersOf(
  { name, place, quick, own, peer, endpoint }: Row,
  publicKeyOf: (key: PrivateKey) => PublicKey,
): readonly (WgPeer & { readonly name: string })[] {
  if (own.privateKey === undefined) return [];
  const { value, place: keyPlace } = own.privateKey;
  const publicKey = { value: publicKeyOf(value), place: keyPlace };
  // wg-meshconf copies the length, too, which is told above: what is meant is the host.
  const hosts = quick.addresses.map((each) => {
    return { value: aloneOnLink(each.value.address), place: each.place };
  });
  const allowedIps = [...hosts, ...peer.allowedIps];
  const dialled = endpoint && { value: { port: 0, ...endpoint.value }, place: endpoint.place };
  const { keepaliveSeconds } = peer;
  const optionals = {
    ...optional("endpoint", dialled),
    ...optional("keepaliveSeconds", keepaliveSeconds),
  };
  return [{ place, name, publicKey, allowedIps, ...optionals }];
}

function deviceOf(
  { name, place, quick, own, endpoint }: Row,
  peers: readonly (WgPeer & { readonly name: string })[],
  isWorldReadable: boolean,
): ForeignDevice {
  const others = peers.filter((other) => other.name !== name);
  const config = { ...own, peers: others };
  return buildDevice(config, quick, {
    name,
    place,
    ...optional("endpoint", endpoint),
    isWorldReadable,
  });
}
