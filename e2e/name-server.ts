/**
 * A DNS server that says what a file says at the moment of the question, and notes what it was asked.
 * Started as a program: RECORDS-FILE NOTES-FILE; the notes are there as soon as it listens.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { isIPv4 } from "node:net";

/** By name. One that is not there does not exist. */
export type Records = Readonly<Record<string, NameRecord>>;

export interface NameRecord {
  readonly addresses: readonly string[];
  /** How late the answer is. */
  readonly delayMs?: number;
  /** It never comes. */
  readonly isSilent?: boolean;
}

const HEADER_BYTES = 12;
const ADDRESS_TYPES = { A: 1, AAAA: 28 };
const CLASS_INTERNET = 1;
/** A response, and recursion was asked for and done (RFC 1035, 4.1.1). */
const FLAGS = 0x81_80;
const NO_SUCH_NAME = 3;

export function main(recordsFile: string, notesFile: string): void {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    const { name, type, end } = readQuestion(question);
    appendFileSync(notesFile, `${name}\n`);
    const records: Records = JSON.parse(readFileSync(recordsFile, "utf8"));
    const record = records[name];
    if (record?.isSilent === true) return;
    const reply = answer(question.subarray(0, end), type, record);
    setTimeout(() => socket.send(reply, port, address), record?.delayMs ?? 0);
  });
  socket.bind(53, () => writeFileSync(notesFile, ""));
}

/** The first and only one; end: where it ends in the message. */
function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let size = message[at] ?? 0; size > 0; size = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
  const name = labels.join(".").toLowerCase();
  return { name, type: message.readUInt16BE(at + 1), end: at + 5 };
}

function answer(question: Buffer, type: number, record: NameRecord | undefined): Buffer {
  const addresses = (record?.addresses ?? []).filter(
    (it) => type === (isIPv4(it) ? ADDRESS_TYPES.A : ADDRESS_TYPES.AAAA),
  );
  const head = Buffer.from(question);
  head.writeUInt16BE(record === undefined ? FLAGS | NO_SUCH_NAME : FLAGS, 2);
  head.writeUInt16BE(addresses.length, 6);
  // No records of the other kinds, whatever the question brought.
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...addresses.map((address) => resource(type, address))]);
}

/** Its name is that of the question; it may be kept for no time at all. */
function resource(type: number, address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : bytesOf(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc0_00 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS_INTERNET, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function bytesOf(address: string): Buffer {
  const [left = "", right = ""] = address.split("::");
  const [head, tail] = [left, right].map((text) => text.split(":").filter((it) => it !== ""));
  const given = [...(head ?? []), ...(tail ?? [])].length;
  const gap = Array.from({ length: 8 - given }, () => "0");
  const all = [...(head ?? []), ...gap, ...(tail ?? [])];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
