/** What can be wrong with files that describe a mesh as a whole: databases, dumps, and folders of files. */
import type { Finding, Place } from "../finding.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import { quoteWithoutKeys } from "../problem.ts";
import { suggestion } from "../wording.ts";
import { foreign } from "./refusals.ts";

export function notText(place: Place): Finding {
  const message = say`the file is not text`;
  return foreign("not-text", place, message, say`save it as UTF-8, or take it away`);
}

export function tooLarge(place: Place, mebibytes: number): Finding {
  const message = say`the file is larger than ${mebibytes} MiB`;
  return foreign("too-large", place, message, say`take it away: it is hardly WireGuard's`);
}

/** One of many, of which the others are read. */
export function unreadable(place: Place, message: Phrase, fix: Phrase): Finding {
  return foreign("unreadable", place, message, fix);
}

/** `name`: of an interface, as parsed. */
export function wgShow(place: Place, name: string): Finding {
  const message = say`this is what wg show prints for people, not a configuration`;
  const fix = say`save what wg showconf ${name} prints, or wg show ${name} dump`;
  return foreign("wg-show", place, message, fix);
}

export function severalFiles(place: Place, count: number): Finding {
  const message = say`the folder has ${count} files that end in .conf, and a node has one device in a mesh`;
  return foreign("several-files", place, message, say`keep those of one mesh, one in each folder`);
}

export function badDumpLine(place: Place, fields: number): Finding {
  const message = say`a line of wg show dump does not have ${fields} fields here`;
  return foreign(
    "bad-dump-line",
    place,
    message,
    say`write it again: wg show IFACE dump, or wg show all dump`,
  );
}

export function openQuote(place: Place): Finding {
  const message = say`a quoted cell begins here and does not end`;
  return foreign("bad-csv", place, message, say`close it with ", and double a " inside it`);
}

export function longRow(place: Place, cells: number, columns: number): Finding {
  const message = say`the row has ${cells} cells, and the table ${columns} columns`;
  return foreign(
    "bad-csv",
    place,
    message,
    say`put a cell with a comma into quotes, or remove what is too much`,
  );
}

export function csvByteOrderMark(place: Place): Finding {
  const message = say`the file begins with a byte order mark, which wg-meshconf takes for a part of the first column`;
  return foreign("csv-byte-order-mark", place, message, say`save it as UTF-8 without one`);
}

export function unknownColumn(
  place: Place,
  column: string,
  near: string | undefined,
  known: readonly string[],
): Finding {
  const message = say`wg-meshconf knows no column ${quoteWithoutKeys(column)}`;
  return foreign("unknown-column", place, message, suggestion(near, known));
}

export function noColumn(place: Place, column: string): Finding {
  const message = say`the table has no column ${column}`;
  const fix = say`begin with the row of wg-meshconf's columns: Name,Address,Endpoint and so on`;
  return foreign("no-column", place, message, fix);
}

export function rowWithout(place: Place, column: string): Finding {
  const message = say`the row has no ${column}`;
  return foreign("row-without", place, message, say`fill in the cell, or remove the row`);
}

export function nameTwice(place: Place, name: string, first: Place): Finding {
  const message = say`${quoteWithoutKeys(name)} stands in line ${first.line} already, and wg-meshconf keeps the last one alone`;
  const found = foreign("name-twice", place, message, say`give each its own name`);
  return { ...found, against: first };
}

export function addressTwice(place: Place, address: string, first: Place): Finding {
  const message = say`${address} is that of line ${first.line}, too`;
  const found = foreign("address-twice", place, message, say`give each its own address`);
  return { ...found, against: first };
}

/** The first of `count`. */
export function wideAddress(place: Place, written: string, host: string, count: number): Finding {
  const message =
    count === 1
      ? say`wg-meshconf gives the whole range of ${written} to each peer: the last one takes it from all others`
      : say`wg-meshconf gives the whole range of ${written} to each peer, and so it does with ${count} addresses in all: the last one takes it from all others`;
  const fix = count === 1 ? say`write ${host}` : say`write ${host}, and the others so, too`;
  return foreign("wide-address", place, message, fix);
}

export function endpointWithPort(place: Place, text: string): Finding {
  const message = say`endpoint ${quoteWithoutKeys(text)} has a port, and wg-meshconf puts ListenPort behind it`;
  return foreign(
    "endpoint-with-port",
    place,
    message,
    say`write the host alone, and its port in ListenPort`,
  );
}

export function noListenPort(place: Place): Finding {
  const message = say`the row has an Endpoint and no ListenPort: wg-meshconf writes the port "None"`;
  return foreign("no-listen-port", place, message, say`write the port, such as 51820`);
}

export function wrongJson(place: Place, field: string, expected: Phrase): Finding {
  const message = say`${field} must be ${expected}`;
  return foreign(
    "wrong-json",
    place,
    message,
    say`write it so, or save the client again in wg-gen-web`,
  );
}

export function clientOff(place: Place, name: string): Finding {
  const message = say`${quoteWithoutKeys(name)} is switched off, and its keys are not on the server`;
  return foreign("client-off", place, message, say`switch it on, or remove the file`);
}
