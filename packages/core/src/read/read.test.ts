/** The devices that readers make of what describes a mesh as a whole, and of what wg itself prints. */
import { expect, test } from "vitest";
import { readShowconf } from "../mod.ts";
import {
  CLIENT,
  dump,
  KEY,
  OTHER,
  print,
  printDevice,
  row,
  SERVER,
  SOURCE,
  table,
  web,
  whole,
  ZERO,
} from "./foreign.contract.ts";

/** Of wg-meshconf's bad inputs, what one table can have of all at once. */
test("readMeshconf() names what wg-meshconf takes in silence", () => {
  const evil = `../evil,not-an-ip,c.example,,,,,AAAA,,,,,,,,`;
  const { findings } = table(
    row("a", "10.0.0.1", "a.example,,99999999"),
    row("b", "10.0.0.2", "b.example:5,,abc"),
    evil,
    row("a-name-of-17-letters", "10.0.0.4"),
    `"c","10.0.0.5`,
  );
  expect(print(findings)).toMatchInlineSnapshot(`
    "database.csv:2:23: warning odd-port: port "99999999" is 57599 to wg, which says nothing
      write 57599, or the port that was meant
    database.csv:3:12: error endpoint-with-port: endpoint "b.example:5" has a port, and wg-meshconf puts ListenPort behind it
      write the host alone, and its port in ListenPort
    database.csv:3:25: error port-name: ListenPort has the port "abc": wg looks the name up on each machine, and tries for 72 seconds if it is not there
      write the port's number
    database.csv:4:1: error bad-file-name: wg-quick takes no file named "../evil.conf"
      name it for its interface: 1 to 15 letters, digits or _=+.- and then .conf
    database.csv:4:9: error bad-address: Address cannot be "not-an-ip"
      write an address with the length of its range, such as 10.0.0.1/24 or fd00::1/64
    database.csv:4:19: error no-listen-port: the row has an Endpoint and no ListenPort: wg-meshconf writes the port "None"
      write the port, such as 51820
    database.csv:4:33: error bad-key: PrivateKey is no WireGuard key, but 4 characters
      a key is 44 characters of base64 ending in =, as wg genkey and wg pubkey print it
    database.csv:5:1: error bad-file-name: wg-quick takes no file named "a-name-of-17-letters.conf"
      name it for its interface: 1 to 15 letters, digits or _=+.- and then .conf
    database.csv:6:2: error row-without: the row has no PrivateKey
      fill in the cell, or remove the row
    database.csv:6:6: error bad-csv: a quoted cell begins here and does not end
      close it with ", and double a " inside it"
  `);
});

test("readMeshconf() gives each row all others for peers, as hosts", () => {
  const cells = (host: string) => `${host},"10.8.0.0/16, 10.9.0.0/16",5000`;
  const { devices, findings } = table(
    row("a", "10.0.0.1", cells("a.example")),
    row("b", '"10.0.0.2,fd00::2"'),
  );
  expect(findings).toEqual([]);
  expect(devices.map(printDevice)).toMatchInlineSnapshot(`
    [
      "a 10.0.0.1/32, port 5000; b: 10.0.0.2/32 fd00::2/128",
      "b 10.0.0.2/32, fd00::2/128, port 51820; a: 10.0.0.1/32 10.8.0.0/16 10.9.0.0/16 at a.example:5000",
    ]
  `);
});

test("readGenWeb() gives the server its clients, and each client the server", () => {
  const server = {
    ...SERVER,
    endpoint: "vpn.example:51820",
    persistentKeepalive: 16,
    mtu: 0,
    dns: ["10.6.6.1"],
  };
  const client = { ...CLIENT, presharedKey: KEY, allowedIPs: ["0.0.0.0/0", "::/0"] };
  const { devices, findings } = web(server, client, {
    ...client,
    name: "c",
    publicKey: KEY,
    ignorePersistentKeepalive: true,
  });
  expect(findings).toEqual([]);
  expect(devices.map(printDevice)).toMatchInlineSnapshot(`
    [
      "server 10.6.6.1/24, port 51820; b: 10.6.6.2/32 with psk; c: 10.6.6.2/32 with psk",
      "b 10.6.6.2/32, dns 10.6.6.1; server: 0.0.0.0/0 ::/0 at vpn.example:51820 every 16 s with psk",
      "c 10.6.6.2/32, dns 10.6.6.1; server: 0.0.0.0/0 ::/0 at vpn.example:51820 with psk",
    ]
  `);
});

test("readDump() reads one interface and all of them", () => {
  const own = [KEY, OTHER, "51820", "0xca6c"];
  const peer = [OTHER, "(none)", "[2001:db8::1]:5", "10.0.0.2/32,fd00::2/128", "0", "1", "2", "25"];
  const quiet = [OTHER, KEY, "(none)", "(none)", "0", "0", "0", "off"];
  const one = dump(own, peer);
  const all = dump(
    ["wg0", ...own],
    ["wg0", ...peer],
    ["wg1", "(none)", "(none)", "0", "off"],
    ["wg1", ...quiet],
  );
  expect([...one.findings, ...all.findings]).toEqual([]);
  expect([...one.devices, ...all.devices].map(printDevice)).toMatchInlineSnapshot(`
    [
      "a port 51820, mark 51820; ?: 10.0.0.2/32 fd00::2/128 at an address:5 every 25 s",
      "wg0 port 51820, mark 51820; ?: 10.0.0.2/32 fd00::2/128 at an address:5 every 25 s",
      "wg1 ; ?:  with psk",
    ]
  `);
});

test("readShowconf() refuses what is for wg-quick, and names peers by comments", () => {
  const text = `[Interface]\nPrivateKey = ${KEY}\nAddress = 10.0.0.1/24\n\n# Name: b\n[Peer]\nPublicKey = ${OTHER}\n`;
  const { devices, findings } = readShowconf(text, SOURCE);
  expect(print(findings)).toContain("wg0.conf:3:1: error misplaced-key");
  expect(devices.map(printDevice)).toMatchInlineSnapshot(`
    [
      "a ; b: ",
    ]
  `);
});

test("readWgQuick() takes the name of a peer from the comments of its block", () => {
  const block = (key: string) => `[Peer]\nPublicKey = ${key}\n`;
  const peers = [
    `# b\n${block(KEY)}`,
    `[Peer] # c\nPublicKey = ${OTHER}\n`,
    `# e / mail / Updated\n${block(ZERO)}`,
  ];
  const { devices } = whole(`# not a name\n[Interface]\n${peers.join("\n")}`);
  expect(devices.flatMap((device) => device.peers.map(({ name }) => name))).toEqual([
    "b",
    "c",
    "e",
  ]);
});
