/** What readers of foreign files say of each mistake that they know, and where. */
import { expect, test } from "vitest";
import { REFUSALS } from "../mod.ts";
import type { Reading } from "../mod.ts";
import {
  bare,
  CLIENT,
  COLUMNS,
  conf,
  dump,
  KEY,
  OTHER,
  print,
  row,
  SERVER,
  table,
  web,
  whole,
  ZERO,
} from "./foreign.contract.ts";

/** One reading a mistake, by its code. */
function mistakes(): Readonly<Record<string, Reading>> {
  return {
    "byte-order-mark": whole(`\uFEFF[Interface]\nPrivateKey = ${KEY}\n`),
    "stray-line": whole(`ListenPort = 5\n[Interface]\nPrivateKey = ${KEY}\n`),
    "unknown-section": conf("", "[Pear]\nfoo = bar"),
    "unknown-key": conf("ListenPorts = 5"),
    "comment-mark": conf("; a comment"),
    "misplaced-key": conf("", "Address = 10.0.0.1/24"),
    "hidden-key": whole(`[ Interface ]\nPrivateKey = ${KEY}\nAddress = 10.0.0.1/24\n`),
    "value-missing": conf("ListenPort ="),
    "bad-key": whole(`[Interface]\nPrivateKey = ${KEY.slice(1)}\n`),
    "bad-port": conf("ListenPort = -1"),
    "bad-fwmark": conf("FwMark = 0XCAFE"),
    "bad-allowed-ip": conf("", "AllowedIPs = 10.0.0.0/8, 10.1"),
    "bad-endpoint": conf("", "Endpoint = 192.0.2.1"),
    "bad-keepalive": conf("", "PersistentKeepalive = 25s"),
    "no-public-key": conf("", "[Peer]"),
    "signed-allowed-ip": conf("", "AllowedIPs = +10.0.0.1/32"),
    "port-name": conf("ListenPort = ntp"),
    "endpoint-zone": conf("", "Endpoint = [fe80::1%eth0]:5"),
    "bad-host": conf("", "Endpoint = a_b.example:5"),
    "odd-port": conf("ListenPort = 70000"),
    "port-zero": conf("", "Endpoint = 192.0.2.1:65536 # 0"),
    "short-address": conf("", "Endpoint = 1.2:51820"),
    "no-brackets": conf("", "Endpoint = 2001:db8::1:51820"),
    "host-bits": conf("", "AllowedIPs = 10.0.0.1/24"),
    "peer-twice": conf("", `[Peer]\nPublicKey = ${OTHER}`),
    "key-twice": conf("MTU = 1400\nMTU = 1420"),
    "interface-twice": conf("[Interface]"),
    "hidden-interface": whole(`[ Interface ]\nPrivateKey = ${KEY}\n`),
    "inner-space": conf("Listen Port = 51820"),
    "cutting-comment": conf("ListenPort = 51#820"),
    "zero-key": conf("", `PresharedKey = ${ZERO}`),
    "nul-character": conf("ListenPort = 5\u0000"),
    "bad-address": conf("Address = 10.0.0.1/24, nobody"),
    "bad-mtu": conf("MTU = big"),
    "bad-table": conf("Table = OFF"),
    "bad-save-config": conf("SaveConfig = yes"),
    "bad-file-name": whole(`[Interface]\nPrivateKey = ${KEY}\n`, "a-name-that-is-long.conf"),
    "empty-key": conf("Address ="),
    "named-table": conf("Table = vpn"),
    "odd-mtu": conf("MTU = 99"),
    "no-mask": conf("Address = fd00::1"),
    "odd-dns": conf("DNS = 1.1.1"),
    "dns-ignored": conf("DNS = a.example"),
    "save-config": conf("SaveConfig = true"),
    "no-private-key": whole("[Interface]\n"),
    "hook-comment": conf("PostUp = echo 1 # 2"),
    "early-hook": conf("PreUp = wg set %i fwmark 5"),
    "csv-byte-order-mark": bare(`\uFEFF${COLUMNS}\n`),
    "unknown-column": bare(`${COLUMNS},Adress\n`),
    "no-column": bare("Name,Address\n"),
    "bad-csv": table(`${row("a", "10.0.0.1")},,`),
    "row-without": table(`a,,,,51820,,,${KEY},,,,,,,,`),
    "name-twice": table(row("a", "10.0.0.1"), row("a", "10.0.0.2")),
    "address-twice": table(row("a", "10.0.0.1"), row("b", "10.0.0.1")),
    "wide-address": table(row("a", "10.0.0.1/24"), row("b", "10.0.0.2/24")),
    "endpoint-with-port": table(row("a", "10.0.0.1", "192.0.2.1:5,,51820")),
    "no-listen-port": table(row("a", "10.0.0.1", "192.0.2.1,,")),
    "bad-dump-line": dump([KEY, OTHER, "51820", "off"], ["a", "b"]),
    "wrong-json": web({ ...SERVER, preUp: "a\nb" }),
    "client-off": web(SERVER, { ...CLIENT, enable: false }),
  };
}

/** Found by who reads the disk. */
const OF_FILES = new Set(["several-files", "wg-show", "unreadable", "not-text", "too-large"]);

test("each code of the table is found, alone, and no reader has another", () => {
  const found = Object.entries(mistakes()).map(([code, { findings }]) => {
    return [code, ...findings.map((each) => each.code)].join(" ");
  });
  expect(found).toEqual(Object.keys(mistakes()).map((code) => `${code} ${code}`));
  const known = Object.keys(REFUSALS).filter((code) => !OF_FILES.has(code));
  expect(Object.keys(mistakes()).sort()).toEqual(known.sort());
});

test("a key of one character is not called many", () => {
  const { findings } = conf("", "[Peer]\nPublicKey = x");
  expect(print(findings)).toContain("PublicKey is no WireGuard key, but one character");
});

test("no message has a secret in it", () => {
  const inOne = conf(`Privat = ${KEY}\n${KEY}`, `PresharedKey = ${KEY}x\n${KEY} = 5`);
  const said = print([
    ...inOne.findings,
    ...Object.values(mistakes()).flatMap((each) => each.findings),
  ]);
  expect(said).not.toContain(KEY.slice(0, 20));
});

test("no message repeats a key that stands on another's line", () => {
  const keys = ["PrivateKey", "ListenPort", "FwMark", "Address", "DNS", "MTU", "Table"];
  const peerKeys = ["PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"];
  const lines = [...keys, "SaveConfig", KEY, "[Peer]", ...peerKeys, `[${KEY}]`].map((key) => {
    return key.startsWith("[") ? `${key}\n` : `${key} = ${KEY}${key === "Endpoint" ? ":1" : "x"}\n`;
  });
  const reading = whole(`[Interface]\n${lines.join("")}`);
  expect(reading.findings.length).toBeGreaterThan(lines.length - 3);
  expect(print(reading.findings)).not.toContain(KEY.slice(0, 12));
});

test("what is found is said with its place and the way out", () => {
  const all = Object.values(mistakes()).flatMap(({ findings }) => findings);
  expect(print(all)).toMatchInlineSnapshot(`
    "wg0.conf:1:1: error byte-order-mark: the file begins with a byte order mark, which wg takes for a part of the line
      save it as UTF-8 without one
    wg0.conf:1:1: error stray-line: the line stands before any section, and wg refuses the file
      put it below [Interface] or [Peer]
    wg0.conf:6:1: error unknown-section: "[Pear]" is no section that wg knows
      write [Interface] or [Peer]
    wg0.conf:3:1: error unknown-key: wg does not know "ListenPorts" here
      did you mean ListenPort?
    wg0.conf:3:1: error comment-mark: a line that begins with ; is no comment to wg, which refuses the file
      begin it with #
    wg0.conf:6:1: error misplaced-key: Address stands here where wg does not know it
      move the line to [Interface]
    wg0.conf:3:1: error hidden-key: wg-quick does not see Address, because the section does not begin with exactly [Interface], and gives it to wg, which refuses it
      write [Interface] alone on its line
    wg0.conf:3:1: error value-missing: ListenPort has no value
      remove the line, or write the value
    wg0.conf:2:14: error bad-key: PrivateKey is no WireGuard key, but 43 characters
      a key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it
    wg0.conf:3:14: error bad-port: ListenPort cannot have the port "-1"
      write a number from 1 to 65535, such as 51820
    wg0.conf:3:10: error bad-fwmark: "0XCAFE" is no mark for FwMark
      write off, or a number of 32 bits, such as 51820 or 0xca6c
    wg0.conf:6:26: error bad-allowed-ip: AllowedIPs cannot have "10.1"
      write an address with its length, such as 10.0.0.0/24 or fd00::1/128
    wg0.conf:6:12: error bad-endpoint: "192.0.2.1" is no endpoint: wg wants host:port
      write the host, a colon and the port, such as 192.0.2.1:51820 or [2001:db8::1]:51820
    wg0.conf:6:23: error bad-keepalive: PersistentKeepalive cannot be "25s"
      write seconds from 1 to 65535, such as 25, or off
    wg0.conf:6:1: error no-public-key: the peer has no PublicKey, and wg refuses the file
      write PublicKey = and its key, or remove the section
    wg0.conf:6:14: error signed-allowed-ip: AllowedIPs has "+10.0.0.1/32" with a sign, which wg before 2025 refuses
      list all ranges of the peer, without signs
    wg0.conf:3:14: error port-name: ListenPort has the port "ntp": wg looks the name up on each machine, and tries for 72 seconds if it is not there
      write the port's number
    wg0.conf:6:12: error endpoint-zone: endpoint "[fe80::1%eth0]:5" has a zone, which means something on this host alone
      write an address that needs no zone
    wg0.conf:6:12: error bad-host: "a_b.example" is neither an address nor a DNS name
      write an address, or a name of letters, digits, hyphens and dots
    wg0.conf:3:14: warning odd-port: port "70000" is 4464 to wg, which says nothing
      write 4464, or the port that was meant
    wg0.conf:6:12: warning port-zero: nobody can be dialled at port 0, as "192.0.2.1:65536" has it
      write the port that the peer listens on
    wg0.conf:6:12: warning short-address: endpoint "1.2:51820" is 1.0.0.2:51820 to wg, which says nothing
      write Endpoint = 1.0.0.2:51820, or what was meant
    wg0.conf:6:12: warning no-brackets: endpoint "2001:db8::1:51820" has no brackets: wg takes what is behind the last colon for the port
      write Endpoint = [2001:db8::1]:51820, or what was meant
    wg0.conf:6:14: warning host-bits: AllowedIPs has "10.0.0.1/24", of which the kernel makes 10.0.0.0/24
      write 10.0.0.0/24 for the range, or 10.0.0.1/32 for the host
    wg0.conf:7:13: warning peer-twice: this key stands in line 5 already: the AllowedIPs here replace those there (and line 5)
      make one [Peer] of the two
    wg0.conf:4:1: warning key-twice: MTU stands in line 3 already: this one counts, and that one does not (and line 3)
      remove one of the two
    wg0.conf:3:1: warning interface-twice: [Interface] stands in line 1 already: wg makes one of both (and line 1)
      put all its lines into one
    wg0.conf:1:1: warning hidden-interface: wg takes this line for [Interface] and wg-quick does not: it sees no Address, MTU or hook below
      write [Interface] alone on its line
    wg0.conf:3:1: warning inner-space: ListenPort has white space inside, which wg leaves out
      write it without
    wg0.conf:3:14: warning cutting-comment: a # stands inside the value of ListenPort, which ends there
      put a blank before a comment; no value has a #
    wg0.conf:6:16: warning zero-key: wg takes a PresharedKey of zeros for none
      remove the line, or write the key
    wg0.conf:3:1: warning nul-character: the line has a NUL: wg ends it there, and wg-quick leaves it out
      remove it: a file for WireGuard is plain text
    wg0.conf:3:24: error bad-address: Address cannot be "nobody"
      write an address with the length of its range, such as 10.0.0.1/24 or fd00::1/64
    wg0.conf:3:7: error bad-mtu: no interface can have the MTU "big"
      write MTU = 1420, or remove the line
    wg0.conf:3:9: error bad-table: Table "OFF" is the name of a table to wg-quick, because only its keys may be in capitals
      write Table = off
    wg0.conf:3:14: error bad-save-config: SaveConfig cannot be "yes"
      write false, or remove the line
    a-name-that-is-long.conf:1:1: error bad-file-name: wg-quick takes no file named "a-name-that-is-long.conf"
      name it for its interface: 1 to 15 letters, digits or _=+.- and then .conf
    wg0.conf:3:1: warning empty-key: Address has no value
      remove the line, or write the value
    wg0.conf:3:9: error named-table: Table "vpn" is a name, which each host looks up in its own list
      write the table's number
    wg0.conf:3:7: warning odd-mtu: an MTU of 99 is hardly meant
      write MTU = 1420, or remove the line
    wg0.conf:3:11: warning no-mask: Address fd00::1 has no length: it is fd00::1/128, and puts no range on the link
      write fd00::1/128, or the length of its range
    wg0.conf:3:7: warning odd-dns: DNS "1.1.1" goes to the resolver as a server, and is no address
      write the server's address
    wg0.conf:3:7: warning dns-ignored: DNS has only domains to search in, and wg-quick does nothing with them without a server
      add a server's address, or remove the line
    wg0.conf:3:14: warning save-config: SaveConfig writes this file again at each stop, without its comments and with names turned into addresses
      remove the line
    wg0.conf:1:1: warning no-private-key: there is no PrivateKey, and no hook that sets one
      write PrivateKey = and the key, or PostUp = wg set %i private-key and its file
    wg0.conf:3:17: warning hook-comment: PostUp has a #: wg-quick before 2025 cuts the command there
      put comments on lines of their own, and a # that is meant into a script
    wg0.conf:3:9: warning early-hook: PreUp sets up the interface with wg: before 2025 wg-quick runs it when there is none yet
      make it PostUp, which does the same on every version
    database.csv:1:1: error csv-byte-order-mark: the file begins with a byte order mark, which wg-meshconf takes for a part of the first column
      save it as UTF-8 without one
    database.csv:1:138: error unknown-column: wg-meshconf knows no column "Adress"
      did you mean Address?
    database.csv:1:1: error no-column: the table has no column PrivateKey
      begin with the row of wg-meshconf's columns: Name,Address,Endpoint and so on
    database.csv:2:75: error bad-csv: the row has 18 cells, and the table 16 columns
      put a cell with a comma into quotes, or remove what is too much
    database.csv:2:1: error row-without: the row has no Address
      fill in the cell, or remove the row
    database.csv:3:1: error name-twice: "a" stands in line 2 already, and wg-meshconf keeps the last one alone (and line 2)
      give each its own name
    database.csv:3:3: error address-twice: 10.0.0.1 is that of line 2, too (and line 2)
      give each its own address
    database.csv:2:3: warning wide-address: wg-meshconf gives the whole range of 10.0.0.1/24 to each peer, and so it does with 2 addresses in all: the last one takes it from all others
      write 10.0.0.1/32, and the others so, too
    database.csv:2:12: error endpoint-with-port: endpoint "192.0.2.1:5" has a port, and wg-meshconf puts ListenPort behind it
      write the host alone, and its port in ListenPort
    database.csv:2:12: error no-listen-port: the row has an Endpoint and no ListenPort: wg-meshconf writes the port "None"
      write the port, such as 51820
    wg0.conf:2:1: error bad-dump-line: a line of wg show dump does not have 8 fields here
      write it again: wg show IFACE dump, or wg show all dump
    0.json:2:1: error wrong-json: preUp must be one line
      write it so, or save the client again in wg-gen-web
    1.json:2:1: warning client-off: "b" is switched off, and its keys are not on the server
      switch it on, or remove the file"
  `);
});
