/** What a host says of its tunnels, in the lines of its program. */
import { expect, test } from "vitest";
import type { AnswerLine } from "./answers.ts";
import { hasTrouble, readStatus } from "./tunnel-status.ts";
import type { PeerStatus } from "./tunnel-status.ts";

const HEAD: readonly AnswerLine[] = [
  ["time", "1000"],
  ["interface", "wg0"],
  ["name", "a"],
  ["known", "KEYB= b"],
  ["known", "KEYC= phone.a"],
];

test("readStatus() reads all interfaces, with the names of their peers", () => {
  const status = readStatus([
    ...HEAD,
    ["address", "10.0.0.1/24"],
    ["device", "KEYA= 51820"],
    ["peer", "KEYC= (none) 0 0 0 off (none)"],
    ["peer", "KEYB= 203.0.113.2:51820 990 2048 100 25 10.0.0.2/32,fd00::2/128"],
    ["interface", "wg1"],
  ]);
  expect(status).toEqual([
    {
      interface: "wg0",
      name: "a",
      device: { publicKey: "KEYA=", listenPort: 51820 },
      addresses: ["10.0.0.1/24"],
      peers: [
        {
          name: "b",
          publicKey: "KEYB=",
          endpoint: "203.0.113.2:51820",
          handshakeSeconds: 10,
          receivedBytes: 2048,
          sentBytes: 100,
          keepaliveSeconds: 25,
          allowedIps: ["10.0.0.2/32", "fd00::2/128"],
        },
        { name: "phone.a", publicKey: "KEYC=", receivedBytes: 0, sentBytes: 0, allowedIps: [] },
      ],
    },
    { interface: "wg1", addresses: [], peers: [] },
  ]);
  expect(status.map(hasTrouble)).toEqual([false, true]);
});

test("readStatus() knows a peer whose name has no address", () => {
  const lines = [...HEAD, ["dialled", "KEYB= b.example"], ["device", "KEYA= 51820"]] as const;
  const judge = (endpoint: string): readonly unknown[] =>
    readStatus([...lines, ["peer", `KEYB= ${endpoint} 0 0 0 off (none)`]]).flatMap(({ peers }) =>
      peers.map(({ trouble, endpointName }) => [trouble, endpointName]),
    );
  expect(judge("(none)")).toEqual([["no-address", "b.example"]]);
  expect(judge("203.0.113.2:51820")).toEqual([[undefined, "b.example"]]);
});

test.each([
  ["0 0 0 off", undefined],
  ["0 0 148 off", "no-handshake"],
  ["0 0 0 25", "no-handshake"],
  ["820 1 1 25", undefined],
  ["819 1 1 25", "silent"],
  ["1 1 1 off", undefined],
  ["1005 1 1 25", undefined],
])("readStatus() judges a peer of handshake, received, sent, keepalive %s", (fields, trouble) => {
  expect(peerOf(`KEYB= (none) ${fields} 10.0.0.2/32`).trouble).toBe(trouble);
});

test("readStatus() passes on nothing that a terminal would take for a command", () => {
  const status = readStatus([
    ["time", "1000"],
    ["interface", "wg0"],
    ["name", "a\u001B[2J"],
    ["known", "KEYB= b\u0007"],
    ["device", "KEYA= 51820"],
    ["peer", "KEYB= (none) 0 0 0 off (none)"],
    ["peer", "\u001B]0;KEYC= (none) 0 0 0 off (none)"],
  ]);
  expect(JSON.stringify(status)).not.toMatch(/\\u00/);
  expect(status[0]).toMatchObject({ interface: "wg0", peers: [{ publicKey: "KEYB=" }] });
});

function peerOf(line: string): PeerStatus {
  const [tunnel] = readStatus([...HEAD, ["device", "KEYA= 51820"], ["peer", line]]);
  const [peer] = tunnel?.peers ?? [];
  if (peer === undefined) throw new Error("there is no peer");
  return peer;
}
