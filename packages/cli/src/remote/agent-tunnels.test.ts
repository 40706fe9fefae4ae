/** Tunnels that agents run, as `wg` and they tell of them, in words. */
import { expect, test } from "vitest";
import type { InterfaceName, Name } from "@warren/core";
import { sampleKey } from "../../../../tools/sample.ts";
import { createTerminal } from "../terminal/terminal.ts";
import { tunnelOf } from "./agent-tunnels.ts";
import { printTunnel } from "./status-report.ts";
import { hasTrouble } from "./tunnel-status.ts";

const AGENT = {
  network: "clouds" as Name,
  node: "a" as Name,
  interface: "wg0" as InterfaceName,
  pid: 7,
  isRunning: true,
  isConnected: true,
  server: "203.0.113.9:8443",
  rev: 42,
  applied: 42,
  peers: [
    { publicKey: sampleKey("b"), name: "b" },
    { publicKey: sampleKey("c"), name: "c", endpointName: "c.example" },
  ],
};
const SECRET = "cHJpdmF0ZS1rZXktb2YtdGhlLWRldmljZS4uLi4uLi4=";
const SAID = {
  dump: `${SECRET}\t${sampleKey("a")}\t51820\toff
${sampleKey("b")}\t${SECRET}\t203.0.113.2:51820\t10.0.0.2/32\t990\t2048\t100\t25
${sampleKey("c")}\t(none)\t(none)\t10.0.0.3/32,fd00::3/128\t0\t0\t0\toff
`,
  addresses: `7: wg0    inet 10.0.0.1/24 scope global wg0\\       valid_lft forever preferred_lft forever
7: wg0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
`,
};
const NONE = { dump: "", addresses: "" };

test("tunnelOf() says of an agent's tunnel what is said of others, and no secret", () => {
  const [tunnel] = tunnelOf(AGENT, SAID, 1_000_500);
  expect(JSON.stringify(tunnel)).not.toContain(SECRET);
  expect(tunnel).toMatchObject({
    interface: "wg0",
    name: "a",
    agent: { network: "clouds", isConnected: true, rev: 42, applied: 42 },
    addresses: ["10.0.0.1/24"],
    peers: [
      { name: "b", handshakeSeconds: 10, receivedBytes: 2048, sentBytes: 100 },
      { name: "c", endpointName: "c.example", trouble: "no-address" },
    ],
  });
});

test("printTunnel() tells how its agent is", () => {
  expect(print({}, SAID)).toMatchInlineSnapshot(`
    "a (wg0): connected to 203.0.113.9:8443, at revision 42 of 42 of clouds
    a (wg0): UDP port 51820, 10.0.0.1/24, yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4=
    peer  endpoint           last handshake  received  sent   AllowedIPs
    b     203.0.113.2:51820  10 s ago        2.0 KiB   100 B  10.0.0.2/32
    c                        never           0 B       0 B    10.0.0.3/32, fd00::3/128
    a → c: a has found no address for c.example
      see there what its resolver says (getent ahosts c.example); correct the name, or the resolver
    why, and the way out: warren doctor
    "
  `);
  expect(print({ isConnected: false, applied: 41, error: "nft has refused" }, SAID))
    .toMatchInlineSnapshot(`
      "a (wg0): without its server 203.0.113.9:8443, at revision 41 of 42 of clouds
      a (wg0): nft has refused
        see what it says: journalctl -u warren@clouds; without systemd, /run/warren/clouds.log or the system's log
      a (wg0): UDP port 51820, 10.0.0.1/24, yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4=
      peer  endpoint           last handshake  received  sent   AllowedIPs
      b     203.0.113.2:51820  10 s ago        2.0 KiB   100 B  10.0.0.2/32
      c                        never           0 B       0 B    10.0.0.3/32, fd00::3/128
      a → c: a has found no address for c.example
        see there what its resolver says (getent ahosts c.example); correct the name, or the resolver
      why, and the way out: warren doctor
      "
    `);
  expect(print({ isWaiting: true, peers: [] }, NONE)).toMatchInlineSnapshot(`
    "a (wg0): waits to be approved in clouds
    a (wg0): the tunnel is down
      its agent makes it; see what it says: journalctl -u warren@clouds; without systemd, /run/warren/clouds.log or the system's log
    "
  `);
  expect(print({ isRunning: false, isOut: true, peers: [] }, NONE)).toMatchInlineSnapshot(`
    "a (wg0): this host was taken out of clouds
      join again: warren join; or have it forgotten: warren leave clouds
    "
  `);
  expect(print({ isRunning: false, peers: [] }, NONE)).toMatchInlineSnapshot(`
    "a (wg0): the tunnel is down
      bring it back: warren up clouds; or, where cron does that: warren checkin clouds
    "
  `);
  const bare = { ...SAID, dump: SAID.dump.split("\n").slice(0, 1).join() };
  expect(print({ isRunning: false, peers: [] }, bare)).toMatchInlineSnapshot(`
    "a (wg0): the agent of clouds does not run: the tunnel stays as it is
      bring it back: warren up clouds; or, where cron does that: warren checkin clouds
    a (wg0): UDP port 51820, 10.0.0.1/24, yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4=
    "
  `);
  const visit = { isRunning: false, visitedAt: Date.now() - 7_230_000, peers: [] };
  expect(print({ ...visit, error: "cannot reach the server" }, bare)).toMatchInlineSnapshot(`
    "a (wg0): checked in 2 h ago, at revision 42 of 42 of clouds
    a (wg0): cannot reach the server
      see what it says: warren checkin clouds
    a (wg0): UDP port 51820, 10.0.0.1/24, yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4=
    "
  `);
});

test("printTunnel() tells of who is behind a NAT that the other may be, too", () => {
  const [device = "", first = ""] = SAID.dump.split("\n");
  const words = first.split("\t");
  const silent = [...words.slice(0, 4), "0", "0", "148", "25"].join("\t");
  const told = print({}, { ...SAID, dump: `${device}\n${silent}` });
  expect(told.split("\n").slice(-4).join("\n")).toMatchInlineSnapshot(`
    "a → b: no handshake: a is behind a NAT, and b behind another, or UDP 203.0.113.2:51820 is not let in there
      forward a UDP port to one of them, and say it: warren node set clouds a endpoint=HOST:PORT
    why, and the way out: warren doctor
    "
  `);
});

test.each([
  [{}, false],
  [{ isConnected: false }, false],
  [{ isRunning: false }, true],
  [{ isRunning: false, visitedAt: 1 }, false],
  [{ error: "nft has refused" }, true],
])("hasTrouble() of an agent with %j is %s", (change, expected) => {
  const [first = ""] = SAID.dump.split("\n");
  const tunnels = tunnelOf({ ...AGENT, ...change }, { ...SAID, dump: first }, 0);
  expect(tunnels.map(hasTrouble)).toEqual([expected]);
});

function print(change: object, said: typeof SAID): string {
  let out = "";
  const stream = { write: (text: string) => (out += text) };
  for (const tunnel of tunnelOf({ ...AGENT, ...change }, said, 1_000_000)) {
    printTunnel(createTerminal(stream, stream, { isColourWanted: false }), tunnel);
  }
  return out;
}
