/** How tunnels stand, in words. */
import { expect, test } from "vitest";
import type { TunnelStatus } from "./tunnel-status.ts";
import { printBytes, printTunnel } from "./status-report.ts";
import { loadCatalogue } from "../terminal/language.ts";
import type { Language } from "../terminal/language.ts";
import { createTerminal } from "../terminal/terminal.ts";

const KEY = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
const TUNNEL: TunnelStatus = {
  interface: "wg0",
  name: "aws",
  device: { publicKey: KEY, listenPort: 51820 },
  addresses: ["10.0.0.1/24"],
  peers: [
    {
      name: "azure",
      publicKey: KEY,
      endpoint: "203.0.113.2:51820",
      handshakeSeconds: 32,
      receivedBytes: 1_234_567,
      sentBytes: 1023,
      allowedIps: [
        "10.0.0.2/32",
        "10.1.0.0/16",
        "10.2.0.0/16",
        "10.3.0.0/16",
        "10.4.0.0/16",
        "10.5.0.0/16",
      ],
    },
    {
      name: "gcp",
      publicKey: KEY,
      endpoint: "203.0.113.3:51820",
      receivedBytes: 0,
      sentBytes: 148,
      allowedIps: ["10.0.0.3/32"],
      trouble: "no-handshake",
    },
    {
      publicKey: KEY,
      handshakeSeconds: 8000,
      receivedBytes: 5,
      sentBytes: 5,
      keepaliveSeconds: 25,
      allowedIps: [],
      trouble: "silent",
    },
    {
      name: "home",
      publicKey: KEY,
      endpointName: "home.example",
      receivedBytes: 0,
      sentBytes: 0,
      allowedIps: [],
      trouble: "no-address",
    },
  ],
};

test("printTunnel() tells of each peer by name, and what is wrong with the way out", async () => {
  expect(await print(TUNNEL, "en")).toMatchInlineSnapshot(`
    "aws (wg0): UDP port 51820, 10.0.0.1/24, xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
    peer       endpoint           last handshake  received  sent    AllowedIPs
    azure      203.0.113.2:51820  32 s ago        1.2 MiB   1023 B  10.0.0.2/32, 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16 and 2 more
    gcp        203.0.113.3:51820  never           0 B       148 B   10.0.0.3/32
    xTIBA5rb…                     2 h ago         5 B       5 B
    home                          never           0 B       0 B
    aws → gcp: no handshake yet, though it is sent to
      look whether the tunnel there is up and has this host's key, and whether UDP 203.0.113.3:51820 is let in
    aws → xTIBA5rb…: the last handshake is 2 h old, though it is sent to all the time
      it has to dial this host, and does not: look at the tunnel there
    aws → home: aws has found no address for home.example
      see there what its resolver says (getent ahosts home.example); correct the name, or the resolver
    "
  `);
});

test("printTunnel() lines up in Chinese, too", async () => {
  expect(await print(TUNNEL, "zh-CN")).toMatchInlineSnapshot(`
    "aws（wg0）：UDP 端口 51820、10.0.0.1/24、xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
    对端       端点               上次握手  已接收   已发送  AllowedIPs
    azure      203.0.113.2:51820  32 秒前   1.2 MiB  1023 B  10.0.0.2/32、10.1.0.0/16、10.2.0.0/16、10.3.0.0/16，另外还有 2 个
    gcp        203.0.113.3:51820  从未      0 B      148 B   10.0.0.3/32
    xTIBA5rb…                     2 小时前  5 B      5 B
    home                          从未      0 B      0 B
    aws → gcp: 一直在发送，却还没有握手
      看那边的隧道是否已启动、是否有本机的公钥，UDP 203.0.113.3:51820 是否放行
    aws → xTIBA5rb…: 一直在发送，上次握手却是 2 小时前
      须由它连接本机，而它没有：看看那边的隧道
    aws → home: aws 没有查到 home.example 的地址
      在那里看解析结果（getent ahosts home.example）；改正名字，或修好解析器
    "
  `);
});

test("printTunnel() says of one that is down what to do", async () => {
  const down = { interface: "wg0", name: "aws", addresses: [], peers: [] };
  expect(await print(down, "en")).toMatchInlineSnapshot(`
    "aws (wg0): the tunnel is down
      bring it up: warren push; or there: systemctl start wg-quick@wg0
    "
  `);
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [150 * 1024, "150 KiB"],
  [1_234_567, "1.2 MiB"],
  [5e15, "4547 TiB"],
])("printBytes() of %d is %s", (bytes, text) => {
  expect(printBytes(bytes)).toBe(text);
});

async function print(tunnel: TunnelStatus, language: Language): Promise<string> {
  let out = "";
  const stream = { write: (text: string) => (out += text) };
  const catalogue = await loadCatalogue(language);
  printTunnel(createTerminal(stream, stream, { isColourWanted: false, catalogue }), tunnel);
  return out;
}
