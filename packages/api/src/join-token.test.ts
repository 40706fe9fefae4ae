/** Tests of join tokens and pins: printed, read again, mistyped, cut. */
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "@warren/core";
import type { Name } from "@warren/core";
import { runs } from "../../../tools/runs.ts";
import { parseJoinToken, printJoinToken } from "./join-token.ts";
import type { JoinToken } from "./join-token.ts";
import { parsePin } from "./pin.ts";
import type { Pin } from "./pin.ts";
import { parseServerAddress, printServerAddress } from "./server-address.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("");

function bytes(least: number, most: number): fc.Arbitrary<string> {
  const given = fc.uint8Array({ minLength: least, maxLength: most });
  return given.map((each) => Buffer.from(each).toString("base64url"));
}

const tokens: fc.Arbitrary<JoinToken> = fc
  .record({
    addresses: fc.array(
      fc.record({
        host: fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom("::1", "2001:db8::1:0:0:1")),
        port: fc.integer({ min: 1, max: 65_535 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    pin: fc.option(
      bytes(32, 32).map((hash) => `sha256:${hash}` as Pin),
      { nil: undefined },
    ),
    secret: bytes(16, 40),
    network: fc.option(fc.stringMatching(/^[a-z0-9]{1,20}$/), { nil: undefined }),
  })
  .map(({ pin, network, ...rest }) => ({
    ...rest,
    ...(pin === undefined ? {} : { pin }),
    ...(network === undefined ? {} : { network: network as Name }),
  }));

const SAMPLE: JoinToken = {
  addresses: [
    { host: "192.0.2.1", port: 8443 },
    { host: "2001:db8::1", port: 443 },
  ],
  pin: "sha256:-1wyvSJDAI12b_oWX7rMZ2dqaN9-jjPMlO9eEcCKvGQ" as Pin,
  secret: "c2VjcmV0LW9mLTE2LWI",
  network: "office" as Name,
};

/** As `printJoinToken` would: a body in base64url, with zlib's checksum. */
function sealed(body: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return `wrn_${Buffer.concat([body, sum]).toString("base64url")}`;
}

test("parseJoinToken() reads back what printJoinToken() prints", () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const printed = printJoinToken(token);
      expect(printed).toMatch(/^wrn_[\w-]+$/);
      expect(parseJoinToken(printed)).toEqual(token);
    }),
    runs(200),
  );
});

/** What is taken of all texts that a token becomes by one letter changed, left out or said twice. */
function mistypedTaken(token: JoinToken, letters: readonly string[]): readonly string[] {
  const printed = printJoinToken(token);
  return printed.split("").flatMap((own, at) => {
    const [before, after] = [printed.slice(0, at), printed.slice(at + 1)];
    const changed = letters.map((letter) => before + letter + after);
    const wrong = [...changed, before + after, before + own + own + after];
    return wrong.filter((each) => each !== printed && !(parseJoinToken(each) instanceof Problem));
  });
}

test("parseJoinToken() refuses a token with any one letter changed, left out or said twice", () => {
  // Of three lengths: in base64url the last letter has none, two or four bits too many.
  for (const network of ["abc", "abcd", "abcde"]) {
    expect(mistypedTaken({ ...SAMPLE, network: network as Name }, LETTERS)).toEqual([]);
  }
  fc.assert(
    fc.property(tokens, fc.constantFrom(...LETTERS), (token, letter) => {
      expect(mistypedTaken(token, [letter])).toEqual([]);
    }),
    runs(5),
  );
});

test("parseJoinToken() refuses a token that is cut anywhere, or has something behind it", () => {
  const printed = printJoinToken(SAMPLE);
  for (let end = 0; end < printed.length; end += 1) {
    expect(parseJoinToken(printed.slice(0, end))).toBeInstanceOf(Problem);
  }
  for (const more of [" ", "\n", "=", "A", ".", "é"]) {
    expect(parseJoinToken(printed + more)).toBeInstanceOf(Problem);
  }
});

test("printJoinToken() prints one short line, with the checksum that zlib works out", () => {
  const printed = printJoinToken(SAMPLE);
  expect(printed).toMatchInlineSnapshot(
    `"wrn_ASD7XDK9IkMAjXZv-hZfusxnZ2po336OM8yU714RwIq8ZA5zZWNyZXQtb2YtMTYtYm9mZmljZSAxOTIuMC4yLjEgWzIwMDE6ZGI4OjoxXTo0NDOFEUAx"`,
  );
  const all = Buffer.from(printed.slice(4), "base64url");
  expect(all.readUInt32BE(all.length - 4)).toBe(crc32(all.subarray(0, -4)));
});

test("parseJoinToken() says what is wrong, and nothing of the token", () => {
  const head = Buffer.from([1, 0, 16]);
  const secret = Buffer.alloc(16, 7);
  const bodies = {
    "of another form": Buffer.from([2, 0, 0]),
    "with a short secret": Buffer.concat([
      Buffer.from([1, 0, 15]),
      secret.subarray(1),
      Buffer.from(" a"),
    ]),
    "with a short pin": Buffer.concat([Buffer.from([1, 1, 9, 16]), secret, Buffer.from(" a")]),
    "without an address": Buffer.concat([head, secret]),
    "with a wrong address": Buffer.concat([head, secret, Buffer.from(" a b:0")]),
    "with a wrong network": Buffer.concat([head, secret, Buffer.from("A b")]),
    "with nothing": Buffer.alloc(0),
  };
  const said = Object.entries(bodies).map(([what, body]) => [what, sealed(body)] as const);
  const plain = [["another word", "wrt_AAAA"] as const, ["no base64", "wrn_A.B"] as const];
  const texts = [...said, ...plain].map(([what, text]) => {
    const problem = parseJoinToken(text);
    const printed = problem instanceof Problem ? String(problem) : "taken";
    expect(printed).not.toContain(text.slice(4));
    return `${what}: ${printed}`;
  });
  expect(texts.join("\n")).toMatchInlineSnapshot(`
    "of another form: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    with a short secret: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    with a short pin: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    without an address: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    with a wrong address: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    with a wrong network: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    with nothing: cannot parse join token: its form is one that this version does not know; update Warren on this host to the version of the server
    another word: cannot parse join token: it does not begin with wrn_; copy all of it, as warren token create prints it
    no base64: cannot parse join token: it is cut off, or a letter of it is another; copy all of it, as warren token create prints it"
  `);
  const right = sealed(Buffer.concat([head, secret, Buffer.from(" a")]));
  expect(parseJoinToken(right)).not.toBeInstanceOf(Problem);
});

test("parsePin() takes 32 bytes in base64url, with or without the name of the hash", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 30, maxLength: 34 }), (hash) => {
      const text = Buffer.from(hash).toString("base64url");
      for (const written of [text, `sha256:${text}`]) {
        const pin = parsePin(written);
        expect(pin instanceof Problem ? undefined : pin).toBe(
          hash.length === 32 ? `sha256:${text}` : undefined,
        );
      }
    }),
    runs(100),
  );
  // The same bytes, written otherwise.
  expect(parsePin(`${"A".repeat(42)}B`)).toBeInstanceOf(Problem);
});

test("parseServerAddress() adds the usual port, and printServerAddress() leaves it out", () => {
  const printed = ["a.example", "192.0.2.1:443", "[2001:db8::1]:443", "2001:db8::1", "a:8443"];
  const read = printed.map((each) => {
    const address = parseServerAddress(each);
    return address instanceof Problem
      ? String(address)
      : [address.host, address.port, printServerAddress(address)].join(" ");
  });
  expect(read).toMatchInlineSnapshot(`
    [
      "a.example 8443 a.example",
      "192.0.2.1 443 192.0.2.1:443",
      "2001:db8::1 443 [2001:db8::1]:443",
      "2001:db8::1 8443 2001:db8::1",
      "a 8443 a",
    ]
  `);
  expect(parseServerAddress("https://a")).toBeInstanceOf(Problem);
});
