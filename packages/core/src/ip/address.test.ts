/** Tests of addresses against node:net and the URL parser, which share nothing with them. */
import { SocketAddress, isIPv4, isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { Problem } from "../problem.ts";
import {
  addressWidth,
  compareAddresses,
  isSameAddress,
  parseAddress,
  printAddress,
} from "./address.ts";
import { addresses, anyAddress, binary } from "./samples.contract.ts";

/** The value printed, or the message and the way out. */
function check(text: string): string {
  const address = parseAddress(text);
  return address instanceof Problem ? String(address) : printAddress(address);
}

/** Texts that are addresses, nearly, or not at all. */
function texts(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    ...letters("0123456789abcdefABCDEF:./[]%-+ g\n\0٣Ａ"),
    ...words(":: 00 255 256 1.2.3.4 ffff %lo 0x"),
  );
  const valid = fc.oneof(
    anyAddress().map(printAddress),
    addresses(6).map(spelledOut),
    addresses(6).map((address) => spelledOut(address).replaceAll(/\b0+(?=\w)/g, "")),
    addresses(6).map((address) => spelledOut(address).replace(/\w+:\w+$/, "192.0.2.33")),
    addresses(6).map((address) => spelledOut(address).replace(/(\w+:){1,7}/, "::")),
  );
  const mutated = fc
    .tuple(valid, piece, fc.nat(46), fc.nat(3))
    .map(([text, piece, at, cut]) => text.slice(0, at) + piece + text.slice(at + cut));
  return fc.oneof(
    valid,
    mutated,
    fc.array(piece, { maxLength: 16 }).map((all) => all.join("")),
  );
}

function letters(text: string): string[] {
  return Array.from(text);
}

function words(text: string): string[] {
  return text.split(" ");
}

/** Eight groups of four digits, in upper case: the form that needs no rule. */
function spelledOut(address: { readonly bits: bigint }): string {
  const digits = address.bits.toString(16).toUpperCase().padStart(32, "0");
  return digits.replaceAll(/.{4}(?!$)/g, "$&:");
}

function urlForm(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

describe("parseAddress()", () => {
  test("reads every form of RFC 4291", () => {
    const forms = ["0.0.0.0", "255.255.255.255", "::", "::1", "1::", "1:2:3:4:5:6:7::"];
    forms.push("2001:DB8:0:0:8:800:200C:417A", "::13.1.68.3", "::FFFF:129.144.52.38");
    forms.push("64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4", "::2:3:4:5:6:7:8");
    expect(forms.map(check)).toEqual([
      "0.0.0.0",
      "255.255.255.255",
      "::",
      "::1",
      "1::",
      "1:2:3:4:5:6:7:0",
      "2001:db8::8:800:200c:417a",
      "::d01:4403",
      "::ffff:129.144.52.38",
      "64:ff9b::c000:221",
      "1:2:3:4:5:6:102:304",
      "0:2:3:4:5:6:7:8",
    ]);
  });

  test.each(
    words("10.0.0 10.0.0.0.1 10.0.0.256 010.0.0.1 10.0.0.00 10.0.0.0x1 1.2 +1.2.3.4 1..2.3"),
  )("refuses the IPv4 text %s", (text) => expect(parseAddress(text)).toBeInstanceOf(Problem));

  test.each([
    ...words(
      ": ::: 1::2::3 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2:3:4:5:6:7:8 12345:: :1:: 1::2: ::g",
    ),
    ...words("::1.2.3 ::1.2.3.04 1.2.3.4:: ::1.2.3.4:5 1:2:3:4:5:6:7:1.2.3.4 1:2:3:4:5:1.2.3.4"),
  ])("refuses the IPv6 text %s", (text) => expect(parseAddress(text)).toBeInstanceOf(Problem));

  test("says what is wrong and the way out", () => {
    const wrong = ["", "10.0.0.256", "1:2", " ::1", "10.0.0.1/24", "[::1]", "fe80::1%eth0"];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse address "": it is empty; write an address, such as 10.0.0.1 or 2001:db8::1
      cannot parse address "10.0.0.256": it is not an IPv4 address; write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1
      cannot parse address "1:2": it is not an IPv6 address; write eight groups of up to four hex digits, with :: at most once for zeros, such as 2001:db8::1
      cannot parse address " ::1": it has white space; remove the white space
      cannot parse address "10.0.0.1/24": it has a prefix length; write the address alone, without the slash
      cannot parse address "[::1]": it has brackets; write the address alone, without brackets
      cannot parse address "fe80::1%eth0": it has a zone id; leave out the % and what follows; an address that needs a zone cannot be used in a mesh
      "
    `);
  });

  test("keeps a hostile text from breaking the message", () => {
    const hostile = `10.0.0.1"\n\u001B[31m\u0085\u202E${"9".repeat(100_000)}`;
    const problem = parseAddress(hostile);
    expect(problem).toBeInstanceOf(Problem);
    const message = problem instanceof Problem ? String(problem) : "";
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(300);
  });

  test("accepts what node accepts, but for zone ids", () => {
    fc.assert(
      fc.property(texts(), (text) => {
        const address = parseAddress(text);
        const family = address instanceof Problem ? 0 : address.family;
        expect(family === 4).toBe(isIPv4(text));
        expect(family === 6).toBe(isIPv6(text) && !text.includes("%"));
      }),
      runs(2000),
    );
  });

  test("reads the value that the URL parser reads", () => {
    fc.assert(
      fc.property(texts(), (text) => {
        const address = parseAddress(text);
        fc.pre(!(address instanceof Problem) && address.family === 6);
        expect(urlForm(spelledOut(address))).toBe(urlForm(text));
      }),
      runs(500),
    );
  });

  test("reads back what printAddress() printed", () => {
    fc.assert(
      fc.property(anyAddress(), (address) => {
        expect(parseAddress(printAddress(address))).toEqual(address);
      }),
      runs(500),
    );
  });
});

describe("printAddress()", () => {
  test("shortens the first of the longest runs of zeros, and never a single zero", () => {
    const long = ["1:0:0:2:0:0:0:3", "1:0:0:2:3:0:0:4", "1:0:2:3:4:5:6:7", "0:0:1:2:3:4:5:6"];
    expect(long.map(check)).toEqual([
      "1:0:0:2::3",
      "1::2:3:0:0:4",
      "1:0:2:3:4:5:6:7",
      "::1:2:3:4:5:6",
    ]);
  });

  test("prints an IPv4 tail for IPv4-mapped addresses alone", () => {
    const tails = [
      "::ffff:102:304",
      "::ffff:0:0",
      "::102:304",
      "::fffe:102:304",
      "1::ffff:102:304",
    ];
    expect(tails.map(check)).toEqual([
      "::ffff:1.2.3.4",
      "::ffff:0.0.0.0",
      "::102:304",
      "::fffe:102:304",
      "1::ffff:102:304",
    ]);
  });

  test("agrees with the URL parser, and with node:net about IPv4-mapped addresses", () => {
    fc.assert(
      fc.property(addresses(6), (address) => {
        const text = spelledOut(address);
        const isMapped = text.startsWith("0000:0000:0000:0000:0000:FFFF:");
        const expected = isMapped
          ? new SocketAddress({ address: text, family: "ipv6" }).address
          : urlForm(text);
        expect(printAddress(address)).toBe(expected);
      }),
      runs(500),
    );
  });

  test("agrees with the URL parser about IPv4", () => {
    fc.assert(
      fc.property(addresses(4), (address) => {
        expect(printAddress(address)).toBe(new URL(`http://${address.bits}`).hostname);
      }),
      runs(200),
    );
  });
});

test("compareAddresses() sorts IPv4 before IPv6, then by number", () => {
  fc.assert(
    fc.property(fc.array(anyAddress()), (list) => {
      const byText = list.map((address) => address.family + binary(address)).sort();
      const sorted = list.toSorted(compareAddresses);
      expect(sorted.map((address) => address.family + binary(address))).toEqual(byText);
    }),
    runs(200),
  );
});

test("isSameAddress() tells families and numbers apart", () => {
  fc.assert(
    fc.property(anyAddress(), anyAddress(), (a, b) => {
      expect(isSameAddress(a, b)).toBe(a.family + binary(a) === b.family + binary(b));
      expect(isSameAddress(a, { ...a })).toBe(true);
      expect(isSameAddress(a, { ...a, family: a.family === 4 ? 6 : 4 })).toBe(false);
      expect(compareAddresses(a, b) === 0).toBe(isSameAddress(a, b));
    }),
    runs(200),
  );
});

test("addressWidth() counts the bits of a family", () => {
  expect([addressWidth(4), addressWidth(6)]).toEqual([32, 128]);
});
