/** Tests of what tokens say of where the server is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printServerAddress } from "@warren/api";
import { expect, onTestFinished, test } from "vitest";
import { placeOf } from "./addresses.ts";
import { keepCertificate } from "./certificate.ts";

function at(...hosts: readonly string[]): readonly { host: string; port: number }[] {
  return hosts.map((host) => ({ host, port: 9443 }));
}

test("placeOf() tells hosts what an authority's certificate is for, else its key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-place-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const made = async (...names: readonly string[]): Promise<typeof one> => {
    const file = join(folder, names.join());
    const certificate = await keepCertificate(file, { names, now: Date.now(), isNew: true });
    return { ...certificate, isVouchedFor: true };
  };
  const one = await keepCertificate(join(folder, "own"), { names: ["aws"], now: 0, isNew: true });
  const star = await made("*.example.com", "aws.example.net", "192.0.2.1", "2001:db8::1");
  const bare = await made("192.0.2.9");
  const cases = [
    [one, at("b", "aws"), at("192.0.2.7")],
    [star, at("other.org", "vpn.example.com"), at("192.0.2.7")],
    [star, [], at("192.0.2.7", "2001:db8::1", "192.0.2.1")],
    [star, [], at("192.0.2.7", "192.0.2.8")],
    [star, at("other.org"), at("192.0.2.1")],
    [bare, [], at("192.0.2.7")],
  ] as const;
  const told = cases.map(([certificate, given, own]) => {
    const { addresses, pin } = placeOf(certificate, given, own);
    const isKnown = pin === certificate.pin;
    return `${addresses.map(printServerAddress).join(" ")}${isKnown ? " and its key" : ""}`;
  });
  expect(told).toMatchInlineSnapshot(`
    [
      "b:9443 aws:9443 and its key",
      "vpn.example.com:9443",
      "[2001:db8::1]:9443 192.0.2.1:9443",
      "aws.example.net:9443",
      "other.org:9443 and its key",
      "192.0.2.7:9443 and its key",
    ]
  `);
});
