/** Tests of single prefixes against addresses written as zeros and ones. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "../../../../tools/runs.ts";
import { Problem } from "../problem.ts";
import {
  comparePrefixes,
  firstAddress,
  hasAddress,
  hasPrefix,
  hostPrefix,
  isOverlapping,
  isSamePrefix,
  lastAddress,
  parsePrefix,
  prefixOf,
  printPrefix,
} from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import {
  anyAddress,
  anyPrefix,
  begins,
  binary,
  borders,
  smallPrefixes,
} from "./samples.contract.ts";

/** The value printed, or the message and the way out. */
function check(text: string): string {
  const prefix = parsePrefix(text);
  return prefix instanceof Problem ? String(prefix) : printPrefix(prefix);
}

/** Pairs of prefixes; those within a small block are often nested or the same. */
function pairs(): fc.Arbitrary<[Prefix, Prefix]> {
  const small = fc.oneof(smallPrefixes(4), smallPrefixes(6));
  return fc.oneof(fc.tuple(anyPrefix(), anyPrefix()), fc.tuple(small, small));
}

function sortKey(prefix: Prefix): string {
  return `${prefix.family} ${binary(prefix)} ${String(prefix.length).padStart(3, "0")}`;
}

describe("parsePrefix()", () => {
  test("reads networks, hosts, and everything", () => {
    const texts = ["10.0.0.0/8", "10.0.0.1", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:DB8::/32"];
    texts.push("::1", "::ffff:0:0/96");
    expect(texts.map(check)).toEqual([
      "10.0.0.0/8",
      "10.0.0.1/32",
      "10.0.0.1/32",
      "0.0.0.0/0",
      "::/0",
      "2001:db8::/32",
      "::1/128",
      "::ffff:0.0.0.0/96",
    ]);
  });

  test("refuses host bits and names both ways out", () => {
    expect(check("10.0.0.1/24")).toBe(
      'cannot parse prefix "10.0.0.1/24": host bits are set; ' +
        "write 10.0.0.0/24 for the network or 10.0.0.1/32 for the host",
    );
    expect(check("2001:db8::1/64")).toBe(
      'cannot parse prefix "2001:db8::1/64": host bits are set; ' +
        "write 2001:db8::/64 for the network or 2001:db8::1/128 for the host",
    );
  });

  test.each([
    "33",
    "129",
    "024",
    "00",
    "-1",
    "+8",
    "8 ",
    " 8",
    "8.0",
    "1e1",
    "",
    "8/8",
    "255.0.0.0",
  ])("refuses the length %j", (length) => {
    expect(check(`0.0.0.0/${length}`)).toContain("is not a number from 0 to 32");
  });

  test("says what is wrong and the way out", () => {
    const wrong = ["10.0.0.0/33", "2001:db8::/129", "10.0.0/24", "gw/24", "", "10.0.0.0 /8"];
    expect(`\n${wrong.map(check).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      cannot parse prefix "10.0.0.0/33": length "33" is not a number from 0 to 32; write a length from 0 to 32 after the slash, such as 10.0.0.0/32 for the host
      cannot parse prefix "2001:db8::/129": length "129" is not a number from 0 to 128; write a length from 0 to 128 after the slash, such as 2001:db8::/128 for the host
      cannot parse prefix "10.0.0/24": the address is not valid; write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1
      cannot parse prefix "gw/24": the address is not valid; write four numbers from 0 to 255 without leading zeros, such as 10.0.0.1
      cannot parse prefix "": the address is not valid; write an address, such as 10.0.0.1 or 2001:db8::1
      cannot parse prefix "10.0.0.0 /8": the address is not valid; remove the white space
      "
    `);
  });

  test("accepts exactly the prefixes without host bits", () => {
    fc.assert(
      fc.property(anyAddress(), fc.nat(140), (address, length) => {
        const text = binary(address);
        const isRight = length <= text.length && !text.slice(length).includes("1");
        const parsed = parsePrefix(`${printPrefix(hostPrefix(address)).split("/")[0]}/${length}`);
        expect(parsed instanceof Problem ? undefined : parsed).toEqual(
          isRight ? { ...address, length } : undefined,
        );
      }),
      runs(500),
    );
  });

  test("reads back what printPrefix() printed", () => {
    fc.assert(
      fc.property(anyPrefix(), (prefix) => {
        expect(parsePrefix(printPrefix(prefix))).toEqual(prefix);
      }),
      runs(500),
    );
  });
});

describe("prefixOf()", () => {
  test("keeps the first bits and clears the others", () => {
    fc.assert(
      fc.property(anyAddress(), fc.nat(128), (address, length) => {
        const width = address.family === 4 ? 32 : 128;
        fc.pre(length <= width);
        const prefix = prefixOf(address, length);
        expect(binary(prefix)).toBe(binary(address).slice(0, length).padEnd(width, "0"));
        expect(prefix).toMatchObject({ family: address.family, length });
      }),
      runs(300),
    );
  });

  test.each([-1, 33, 1.5, Number.NaN])(
    "throws for the length %d, which no user wrote",
    (length) => {
      expect(() => prefixOf({ family: 4, bits: 0n }, length)).toThrow("from 0 to 32");
    },
  );
});

test("hasAddress() tells what begins with the prefix", () => {
  fc.assert(
    fc.property(anyPrefix(), anyAddress(), (prefix, other) => {
      for (const address of [...borders(prefix), other]) {
        expect(hasAddress(prefix, address)).toBe(begins(prefix, address));
      }
    }),
    runs(300),
  );
});

test("hasPrefix(), isOverlapping() and isSamePrefix() agree with the addresses", () => {
  fc.assert(
    fc.property(pairs(), ([a, b]) => {
      const isInside = borders(b).every((each) => !begins(b, each) || begins(a, each));
      const isAround = borders(a).every((each) => !begins(a, each) || begins(b, each));
      expect(hasPrefix(a, b)).toBe(isInside);
      expect(isOverlapping(a, b)).toBe(isInside || isAround);
      expect(isSamePrefix(a, b)).toBe(isInside && isAround);
      expect(isSamePrefix(a, { ...a })).toBe(true);
    }),
    runs(500),
  );
});

test("firstAddress() and lastAddress() are the borders", () => {
  fc.assert(
    fc.property(anyPrefix(), (prefix) => {
      const inside = borders(prefix).filter((address) => begins(prefix, address));
      expect([firstAddress(prefix), lastAddress(prefix)]).toEqual(inside);
    }),
    runs(200),
  );
});

test("comparePrefixes() sorts by family, first address and length", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyPrefix(), smallPrefixes(4))), (list) => {
      expect(list.toSorted(comparePrefixes).map(sortKey)).toEqual(list.map(sortKey).sort());
    }),
    runs(200),
  );
});
