/** Foreign files for tests, right but for what a test puts into them, and what was read of them in words. */
import { createHash } from "node:crypto";
import { parsePublicKey, printPrefix, printText, Problem } from "../mod.ts";
import type { Finding, ForeignDevice, PrivateKey, PublicKey, Reading } from "../mod.ts";
import { readDump, readGenWeb, readMeshconf, readWgQuick } from "../mod.ts";

export const KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
export const OTHER = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
export const ZERO = `${"A".repeat(43)}=`;
export const SOURCE = { file: "wg0.conf", name: "a", isWorldReadable: false };
export const COLUMNS =
  "Name,Address,Endpoint,AllowedIPs,ListenPort,PersistentKeepalive,FwMark,PrivateKey,DNS,MTU,Table,PreUp,PostUp,PreDown,PostDown,SaveConfig";

/** A file whose other lines are right. */
export function conf(own: string, peer = ""): Reading {
  const text = `[Interface]\nPrivateKey = ${KEY}\n${own}\n[Peer]\nPublicKey = ${OTHER}\n${peer}\n`;
  return readWgQuick(text, SOURCE);
}

export function whole(text: string, file = "wg0.conf"): Reading {
  return readWgQuick(text, { ...SOURCE, file });
}

export function dump(...rows: readonly (readonly string[])[]): Reading {
  return readDump(rows.map((row) => row.join("\t")).join("\n"), SOURCE);
}

export function table(...rows: readonly string[]): Reading {
  const source = { ...SOURCE, file: "database.csv" };
  return readMeshconf(`${COLUMNS}\n${rows.join("\n")}\n`, source, publicKeyFor);
}

export function bare(text: string): Reading {
  return readMeshconf(text, { ...SOURCE, file: "database.csv" }, publicKeyFor);
}

/** Some key that depends on the private one: here nobody computes with it. */
function publicKeyFor(key: PrivateKey): PublicKey {
  const parsed = parsePublicKey(createHash("sha256").update(key).digest("base64"));
  if (parsed instanceof Problem) throw new Error(String(parsed));
  return parsed;
}

export function web(server: unknown, ...clients: readonly unknown[]): Reading {
  const [first, ...others] = [server, ...clients].map((value, at) => ({
    value,
    locate: (path: readonly (string | number)[]) => {
      return { file: `${at}.json`, line: path.length + 1, column: 1 };
    },
    isWorldReadable: true,
  }));
  if (first === undefined) throw new Error("no server");
  return readGenWeb(first, others);
}

export const SERVER = {
  address: ["10.6.6.1/24"],
  privateKey: KEY,
  publicKey: OTHER,
  listenPort: 51820,
};
export const CLIENT = { name: "b", enable: true, address: ["10.6.6.2/32"], publicKey: OTHER };

export function row(name: string, address: string, cells = ",,51820"): string {
  return `${name},${address},${cells},,,${KEY},,,,,,,,`;
}

export function print(findings: readonly Finding[]): string {
  return findings
    .map(({ file, line, column, severity, code, message, fix, against }) => {
      const other = against === undefined ? "" : ` (and line ${against.line})`;
      return `${file}:${line}:${column}: ${severity} ${code}: ${printText(message)}${other}\n  ${printText(fix)}`;
    })
    .join("\n");
}

export function printDevice({
  name,
  addresses,
  listenPort,
  fwmark,
  dns,
  peers,
}: ForeignDevice): string {
  const own = [
    ...addresses.map(({ value }) => printPrefix({ ...value.address, length: value.length })),
    ...(listenPort === undefined ? [] : [`port ${listenPort.value}`]),
    ...(fwmark === undefined ? [] : [`mark ${fwmark.value}`]),
    ...dns.map(({ value }) => `dns ${value}`),
  ];
  const lines = peers.map((peer) => {
    const { endpoint, keepaliveSeconds, presharedKey } = peer;
    const host = endpoint?.value.host;
    const dialled =
      host === undefined ? "" : ` at ${typeof host === "string" ? host : "an address"}`;
    const port = endpoint?.value.port === undefined ? "" : `:${endpoint.value.port}`;
    const alive = keepaliveSeconds === undefined ? "" : ` every ${keepaliveSeconds.value} s`;
    const psk = presharedKey === undefined ? "" : " with psk";
    const ranges = peer.allowedIps.map(({ value }) => printPrefix(value)).join(" ");
    return `${peer.name ?? "?"}: ${ranges}${dialled}${port}${alive}${psk}`;
  });
  return `${name} ${own.join(", ")}; ${lines.join("; ")}`;
}
