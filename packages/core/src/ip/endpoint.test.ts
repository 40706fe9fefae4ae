/** Tests of endpoints: what is accepted, what is refused with which way out, and that nothing else gets through. */
import { say } from "../phrase.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { Problem } from "../problem.ts";
import { printAddress } from "./address.ts";
import { isSameEndpoint, parseEndpoint, parsePort, printEndpoint } from "./endpoint.ts";
import type { Endpoint, HostName } from "./endpoint.ts";
import { addresses, anyAddress } from "./samples.contract.ts";

/** The value printed, or the message and the way out. */
function check(text: string): string {
  const endpoint = parseEndpoint(text);
  return endpoint instanceof Problem ? String(endpoint) : printEndpoint(endpoint);
}

function names(): fc.Arbitrary<HostName> {
  return fc.domain().map((name) => name.toLowerCase() as HostName);
}

function endpoints(): fc.Arbitrary<Endpoint> {
  const host = fc.oneof(anyAddress(), names());
  return fc.oneof(
    host.map((host) => ({ host })),
    fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }),
  );
}

describe("parseEndpoint()", () => {
  test.each([
    ["192.0.2.1:51820", "192.0.2.1:51820"],
    ["192.0.2.1", "192.0.2.1"],
    ["[2001:DB8::1]:51820", "[2001:db8::1]:51820"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["::", "::"],
    ["[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"],
    ["GW.Example.com:65535", "gw.example.com:65535"],
    ["gw", "gw"],
    ["1.2.3.x4:1", "1.2.3.x4:1"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    [`${"a".repeat(63)}:1`, `${"a".repeat(63)}:1`],
    [`${"a.".repeat(126)}a`, `${"a.".repeat(126)}a`],
  ])("reads %s as %s", (text, printed) => expect(check(text)).toBe(printed));

  test("says what is wrong with the port", () => {
    const wrong = [
      "gw:",
      "gw:0",
      "gw:70000",
      "gw:051820",
      "gw:ntp",
      "gw:-1",
      "[::1]:",
      "1.2.3.4:1e3",
    ];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse endpoint "gw:": the port is missing; write a port after the last colon, or leave out the colon
      cannot parse endpoint "gw:0": port "0" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      cannot parse endpoint "gw:70000": port "70000" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      cannot parse endpoint "gw:051820": port "051820" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      cannot parse endpoint "gw:ntp": port "ntp" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      cannot parse endpoint "gw:-1": port "-1" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      cannot parse endpoint "[::1]:": the port is missing; write a port after the last colon, or leave out the colon
      cannot parse endpoint "1.2.3.4:1e3": port "1e3" is not a number from 1 to 65535; write a decimal number from 1 to 65535, such as 51820
      "
    `);
  });

  test("says what is wrong with the host", () => {
    const wrong = [
      "",
      ":51820",
      "1.2:51820",
      "256.1.1.1",
      "gw_1:51820",
      "gw.:1",
      "g w",
      "bücher.example",
    ];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse endpoint "": the host is missing; write an address or a DNS name before the port
      cannot parse endpoint ":51820": the host is missing; write an address or a DNS name before the port
      cannot parse endpoint "1.2:51820": the host is not an IPv4 address; write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1
      cannot parse endpoint "256.1.1.1": the host is not an IPv4 address; write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1
      cannot parse endpoint "gw_1:51820": the host is neither an address nor a DNS name; write an address, or a name of the letters a to z, digits, hyphens and dots, such as gw.example.com
      cannot parse endpoint "gw.:1": the host is neither an address nor a DNS name; write an address, or a name of the letters a to z, digits, hyphens and dots, such as gw.example.com
      cannot parse endpoint "g w": the host is neither an address nor a DNS name; write an address, or a name of the letters a to z, digits, hyphens and dots, such as gw.example.com
      cannot parse endpoint "bücher.example": the host is neither an address nor a DNS name; write an address, or a name of the letters a to z, digits, hyphens and dots, such as gw.example.com
      "
    `);
  });

  test("says that a port needs brackets behind an IPv6 address", () => {
    const wrong = [
      "2001:db8::1:51820",
      "1:2:3:4:5:6:7:8:99",
      "gw:1:2",
      "1:2:3:4",
      "::1]:5",
      "fe80::1%lo",
    ];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse endpoint "2001:db8::1:51820": the host is not an IPv6 address; write [2001:db8::1]:51820: an IPv6 address needs brackets when a port follows
      cannot parse endpoint "1:2:3:4:5:6:7:8:99": the host is not an IPv6 address; write [1:2:3:4:5:6:7:8]:99: an IPv6 address needs brackets when a port follows
      cannot parse endpoint "gw:1:2": the host is not an IPv6 address; write an IPv6 address without a zone, such as 2001:db8::1, and with a port [2001:db8::1]:51820
      cannot parse endpoint "1:2:3:4": the host is not an IPv6 address; write an IPv6 address without a zone, such as 2001:db8::1, and with a port [2001:db8::1]:51820
      cannot parse endpoint "::1]:5": the host is not an IPv6 address; write an IPv6 address without a zone, such as 2001:db8::1, and with a port [2001:db8::1]:51820
      cannot parse endpoint "fe80::1%lo": the host is not an IPv6 address; write an IPv6 address without a zone, such as 2001:db8::1, and with a port [2001:db8::1]:51820
      "
    `);
  });

  test("says what is wrong in brackets", () => {
    const wrong = [
      "[1.2.3.4]:5",
      "[gw]:5",
      "[::1",
      "[::1]5",
      "[::1]:5:6",
      "[fe80::1%lo]:5",
      "[]:5",
      "[",
    ];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse endpoint "[1.2.3.4]:5": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[gw]:5": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[::1": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[::1]5": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[::1]:5:6": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[fe80::1%lo]:5": the host is not an IPv6 address in brackets; leave out the % and what follows; an address that needs a zone cannot be used in a mesh
      cannot parse endpoint "[]:5": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      cannot parse endpoint "[": the host is not an IPv6 address in brackets; write [2001:db8::1]:51820 for IPv6; names and IPv4 addresses have no brackets
      "
    `);
  });

  // What inet_aton takes for an address is no name, or two readers would see two hosts.
  test.each([
    "1",
    "1.2",
    "gw.1",
    "0x7f000001",
    "127.0x1",
    "1.0x",
    "1-2",
    "10.0.0.1.2",
    "010.0.0.1",
  ])("does not take %s for a name", (text) =>
    expect(check(text)).toContain("the host is not an IPv4 address"),
  );

  test.each([
    ..."-a.b a-.b a..b .a a. a.b- a/b a@b a#b a%b a_b \u017F \u212A".split(" "),
    "a b",
    "a\n",
    "a".repeat(64),
    `${"a.".repeat(126)}aa`,
  ])("refuses the name %j", (text) =>
    expect(check(text)).toContain("neither an address nor a DNS"),
  );

  test("keeps a hostile text from breaking the message", () => {
    const hostile = `gw"\n\u001B[31m\u202E${"9".repeat(100_000)}:1`;
    const problem = parseEndpoint(hostile);
    expect(problem).toBeInstanceOf(Problem);
    const message = problem instanceof Problem ? String(problem) : "";
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(300);
  });

  test("reads back what printEndpoint() printed", () => {
    fc.assert(
      fc.property(endpoints(), (endpoint) => {
        expect(parseEndpoint(printEndpoint(endpoint))).toEqual(endpoint);
      }),
      runs(250, 500),
    );
  });

  test("accepts only texts that mean the same to the URL parser", () => {
    const piece = fc.constantFrom(
      ...Array.from("0123456789abfgxzAZ.:[]-_%/ \n\0"),
      "::",
      "51820",
      "::1",
      "1.2.3.4",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((all) => all.join("")),
      fc
        .tuple(endpoints().map(printEndpoint), piece, fc.nat(40), fc.nat(3))
        .map(([text, piece, at, cut]) => text.slice(0, at) + piece + text.slice(at + cut)),
    );
    fc.assert(
      fc.property(text, (text) => {
        const endpoint = parseEndpoint(text);
        fc.pre(!(endpoint instanceof Problem));
        const isBareIpv6 = text.split(":").length > 2 && !text.startsWith("[");
        // Not http, whose port 80 the URL parser leaves out.
        const url = new URL(`ws://${isBareIpv6 ? `[${text}]` : text}`);
        fc.pre(!url.hostname.startsWith("[::ffff:") && url.port !== "");
        expect(printEndpoint(endpoint)).toBe(`${url.hostname}:${url.port}`);
      }),
      runs(250, 500),
    );
  });
});

test("printEndpoint() puts an IPv6 address in brackets only when a port follows", () => {
  fc.assert(
    fc.property(addresses(6), (host) => {
      expect(printEndpoint({ host })).toBe(printAddress(host));
      expect(printEndpoint({ host, port: 5 })).toBe(`[${printAddress(host)}]:5`);
    }),
    runs(50),
  );
});

test("isSameEndpoint() compares hosts and ports as printed", () => {
  fc.assert(
    fc.property(endpoints(), endpoints(), (a, b) => {
      expect(isSameEndpoint(a, b)).toBe(printEndpoint(a) === printEndpoint(b));
      expect(isSameEndpoint(a, structuredClone(a))).toBe(true);
      expect(isSameEndpoint(a, { host: b.host, port: 1 })).toBe(
        printEndpoint(a) === printEndpoint({ host: b.host, port: 1 }),
      );
      expect(isSameEndpoint({ host: a.host }, { host: a.host, port: 1 })).toBe(false);
      expect(isSameEndpoint({ host: a.host, port: 2 }, { host: b.host, port: 2 })).toBe(
        printEndpoint({ host: a.host }) === printEndpoint({ host: b.host }),
      );
    }),
    runs(200),
  );
});

describe("parsePort()", () => {
  test("reads 1 to 65535 from text or number", () => {
    expect([1, 51_820, 65_535, "1", "51820", "65535"].map(parsePort)).toEqual([
      1, 51_820, 65_535, 1, 51_820, 65_535,
    ]);
  });

  test.each([
    0,
    -1,
    65_536,
    1.5,
    Number.NaN,
    Infinity,
    "0",
    "65536",
    "01",
    "+1",
    "1 ",
    "",
    "ntp",
    "0x5",
  ])("refuses %j", (value) => expect(parsePort(value)).toBeInstanceOf(Problem));

  test("says what is wrong and the way out", () => {
    expect(parsePort("ntp")).toEqual(
      new Problem(
        say`cannot parse port ${'"ntp"'}: it is not a number from 1 to 65535`,
        say`write a decimal number from 1 to 65535, such as 51820`,
      ),
    );
  });
});
