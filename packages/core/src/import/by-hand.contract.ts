/** Files as people write them, and a mesh that is made of them as text. */
import { hash } from "node:crypto";
import { readWgQuick } from "../mod.ts";
import type { ForeignDevice, Imported } from "../mod.ts";
import { sampleKey } from "../../../../tools/sample.ts";
import { devicesOf, imported, textsOf } from "./round-trip.contract.ts";

/** `[b]` stands for b's public key, `<1>` for a preshared key. Of a name with a dot nobody knows a key. */
export function read(files: Readonly<Record<string, string>>): readonly ForeignDevice[] {
  return Object.entries(files).map(([name, text]): ForeignDevice => {
    const filled = text
      .replaceAll(/= \[(\w+)\]/g, (_, who: string) => `= ${sampleKey(who)}`)
      .replaceAll(/<(\w+)>/g, (_, which: string) => hash("sha256", `psk ${which}`, "base64"))
      .replaceAll(/^ +/gm, "");
    const source = { file: `${name}.conf`, name, isWorldReadable: false };
    const [device] = readWgQuick(filled, source).devices;
    if (device === undefined) throw new Error("nothing was read");
    return { ...device, publicKey: { value: sampleKey(name), place: device.place } };
  });
}

/** The document, a line a thing, and what is said of it; proven as any other. */
export function shown(made: Imported): string {
  devicesOf(made);
  const { network, sites, nodes, links, clients } = made.document;
  const named = [sites, nodes, clients].flatMap((part) =>
    Object.entries(part).map(([name, fields]) => `${name} ${JSON.stringify(fields)}`),
  );
  const keys = new Map<string, string>(
    ["a", "b", "c", "hub", "x", "y"].map((name) => [sampleKey(name), `[${name}]`]),
  );
  const text = [
    JSON.stringify(network),
    ...named,
    ...links.map((link) => JSON.stringify(link)),
    ...textsOf(made),
  ].join("\n");
  return [...keys].reduce(
    (lines, [key, name]) => lines.replaceAll(key, name),
    text.replaceAll('"', ""),
  );
}

export function check(files: Readonly<Record<string, string>>): string {
  return shown(imported(read(files)));
}

export const A = `
  [Interface]
  Address = 10.0.0.1/24
  ListenPort = 51820
  [Peer]
  PublicKey = [b]
  AllowedIPs = 10.0.0.2/32
  Endpoint = b.example:51820
`;
export const B = `
  [Interface]
  Address = 10.0.0.2/24
  ListenPort = 51820
  [Peer]
  PublicKey = [a]
  AllowedIPs = 10.0.0.1/32
  Endpoint = a.example:51820
`;
