/** What a measurement of all pairs says, in words. */
import { parseAddress, parseName, parsePublicKey, Problem, say } from "@warren/core";
import { expect, test } from "vitest";
import { changesOf, isAllReached, printProbe } from "./probe-report.ts";
import type { Measured, Probed } from "./probing.ts";
import { loadCatalogue } from "../terminal/language.ts";
import type { Language } from "../terminal/language.ts";
import { createTerminal } from "../terminal/terminal.ts";
import type { Terminal } from "../terminal/terminal.ts";

const WELL = { roundTripMs: 1.234, pathMtu: 1420, handshakeSeconds: 5 };
const ODD: Probed = {
  pairs: [
    pair("a b", WELL),
    pair("a c", { ...WELL, pathMtu: 1360 }),
    pair("a d", { isAllowed: false }),
    pair("b a", { ...WELL, roundTripMs: 123.456, handshakeSeconds: 7300 }),
    pair("b c", {}),
    pair("b d", { roundTripMs: 20, via: name("a") }),
    pair("c a", { handshakeSeconds: 40 }),
    pair("c b", { via: name("a") }),
    pair("c d", { ...WELL, pathMtu: 900 }),
    pair("d a", {}),
    pair("d b", { handshakeSeconds: 600 }),
    pair("d c", WELL),
  ],
  refused: [],
};
const UNASKED: Probed = {
  pairs: ODD.pairs.map((each) => (each.source === "d" ? pair(`d ${each.target}`, {}) : each)),
  refused: [{ name: "d", code: "refused", cause: say`it refuses`, fix: say`start it` }],
};

test("printProbe() prints a table, and what is odd with the way out", async () => {
  expect(await print(ODD, "en")).toMatchInlineSnapshot(`
    "round trips in milliseconds, from the left to the top

            a     b     c      d
    a       ·  1.23  1.23      ·
    b  123.46     ·     ✗  20.00
    c       ✗     ✗     ·   1.23
    d       ✗     ✗  1.23      ·

    a → c: packets of more than 1360 bytes do not come through, and the MTU of the tunnels is 1420
      lower it: warren set network mtu=1360; or mend the way between, which drops larger ones
    b → a: it answers, but the last handshake is 2 h old: that was no tunnel, or the clock was set
      see there which way it takes: ip route get 10.0.0.2
    b → c: no answer, and never a handshake with 203.0.113.2:51820
      look whether the tunnel is up on c, and whether its firewall and its provider's let UDP in there
    c → a: no answer: a has to begin the handshake, and does not
      look at it: warren status a
    c → b: no answer by way of a
      mend its tunnels first, if they are named here; else see: warren trace c b icmp
    c → d: packets of more than 900 bytes do not come through, and the MTU of the tunnels is 1420
      mend the way between: not even IPv6's least packets come through
    d → a: no answer: a has to begin the handshake, and does not
      look at it: warren status a
    d → b: no answer, and no handshake with 203.0.113.2:51820 for 10 min
      look whether the tunnel is up on b, and whether its firewall and its provider's let UDP in there
    via a: b → d
    path MTU: 900 (c → d) to 1420; oldest handshake: 2 h (b → a)
    6 of 11 pairs reach each other
    "
  `);
  expect(isAllReached(ODD)).toBe(false);
  const some = ODD.pairs.filter(({ source, target }) => source === "a" || target === "d");
  expect(isAllReached({ pairs: some, refused: [] })).toBe(true);
});

test("printProbe() says of a host that nobody reaches one thing, and of a name that is unknown which", async () => {
  const among = ["a b", "a c", "b a", "b c"].map((ends) => pair(ends, WELL));
  const lost = ["a d", "b d", "c d", "d a", "d b", "d c"].map((ends) => pair(ends, {}));
  const unknown = { endpoint: "a.example:51820", isUnresolved: true } as const;
  const pairs = [...among, ...lost, pair("c a", unknown), pair("c b", WELL)];
  const said = (await print({ pairs, refused: [] }, "en")).split("\n\n").at(-1);
  expect(said).toMatchInlineSnapshot(`
    "c → a: c has found no address for a.example
      see there what its resolver says (getent ahosts a.example); correct the name, or the resolver
    d: nobody reaches it, and it reaches nobody: no answer, and never a handshake with 203.0.113.2:51820
      look whether the tunnel is up on d, and whether its firewall and its provider's let UDP in there
    path MTU: 1420; oldest handshake: 5 s
    5 of 12 pairs reach each other
    "
  `);
});

test("printProbe() names the mesh file in its ways out where that is another one", async () => {
  const { terminal, said } = await open("en", false);
  printProbe(terminal, ODD, "lab.yaml");
  const commands = said().match(/warren [^;\n]*/g) ?? [];
  expect(commands.length).toBeGreaterThan(2);
  expect(commands.filter((command) => !command.endsWith(" -f lab.yaml"))).toEqual([]);
});

test("printProbe() prints Chinese in the same columns, and hosts that could not be asked", async () => {
  expect(await print(UNASKED, "zh-CN")).toMatchInlineSnapshot(`
    "往返时间（毫秒），从左边到上边

            a     b     c      d
    a       ·  1.23  1.23      ·
    b  123.46     ·     ✗  20.00
    c       ✗     ✗     ·   1.23
    d       ?     ?     ?      ·

    a → c: 大于 1360 字节的包过不去，而隧道的 MTU 是 1420
      把它调低：warren set network mtu=1360；或修好中间丢弃大包的那段路
    b → a: 有应答，但上次握手是 2 小时前：走的不是隧道，或时钟被改过
      在那台主机上看它走哪条路：ip route get 10.0.0.2
    b → c: 没有应答，与 203.0.113.2:51820 从未握手
      看 c 上的隧道是否已启动，它的防火墙和云厂商的防火墙是否放行那里的 UDP
    c → a: 没有应答：握手须由 a 发起，而它没有
      看看它：warren status a
    c → b: 经由 a 没有应答
      如果这里列出了它的隧道，先修好它们；否则看：warren trace c b icmp
    c → d: 大于 900 字节的包过不去，而隧道的 MTU 是 1420
      修好中间的路：连 IPv6 要求的最小包都过不去
    d: it refuses
      start it
    经由 a：b → d
    路径 MTU：900（c → d）到 1420；最早的握手：2 小时（b → a）
    11 对中有 5 对相通
    "
  `);
});

test("printProbe() leaves the table out where nobody could read it", async () => {
  const names = Array.from({ length: 13 }, (_, at) => `n${at}`);
  const all = names.flatMap((one) =>
    names.filter((other) => other !== one).map((other) => pair(`${one} ${other}`, WELL)),
  );
  const few = all.filter(({ source, target }) => ![source, target].some((each) => each === "n12"));
  expect(await print({ pairs: all, refused: [] }, "en")).toBe(
    "path MTU: 1420; oldest handshake: 5 s\n156 of 156 pairs reach each other\n",
  );
  expect(await print({ pairs: few, refused: [] }, "en")).toMatch(/^round trips/);
  expect(isAllReached({ pairs: all, refused: [] })).toBe(true);
});

test("printProbe() shows a gap in red, and what is odd in yellow", async () => {
  const { terminal, said } = await open("en", true);
  printProbe(terminal, UNASKED);
  expect(said().split("\u001B[31m✗\u001B[0m")).toHaveLength(4);
  expect(said()).toContain("\u001B[33m123.46\u001B[0m");
  expect(said()).toContain("·  1.23  \u001B[33m1.23\u001B[0m");
});

test("changesOf() tells what came, what went, and nothing that only moves", async () => {
  const { terminal } = await open("en", false);
  const told = (before: Probed, after: Probed): readonly string[] =>
    changesOf(terminal, before, after).map(terminal.read);
  const later = {
    ...ODD,
    pairs: ODD.pairs.map((each) =>
      each.roundTripMs === undefined ? each : { ...each, roundTripMs: 9, handshakeSeconds: 99 },
    ),
  };
  expect(told(ODD, later)).toEqual([]);
  const mended = ODD.pairs.map((each) => (each.source === "b" ? { ...each, ...WELL } : each));
  expect(told(ODD, { pairs: mended, refused: [] })).toEqual(["b → c: is well again"]);
  expect(told({ pairs: mended, refused: [] }, ODD)).toEqual(["b → c: no answer"]);
  expect(told(ODD, UNASKED)).toEqual(["d: it refuses"]);
  expect(told(UNASKED, ODD)[0]).toBe("d: is well again");
});

/** `a b`: from a to b, allowed and without an answer where nothing else is said. */
function pair(ends: string, measured: Partial<Measured>): Measured {
  const [source = "", target = ""] = ends.split(" ");
  return {
    source: name(source),
    target: name(target),
    from: checked(parseAddress("10.0.0.1")),
    to: checked(parseAddress("10.0.0.2")),
    isAllowed: true,
    publicKey: checked(parsePublicKey("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=")),
    // All but a can be dialled.
    ...(target === "a" ? {} : { endpoint: "203.0.113.2:51820" }),
    mtu: 1420,
    ...measured,
  };
}

function name(text: string): Measured["source"] {
  return checked(parseName(text));
}

function checked<T>(value: T | Problem): T {
  if (value instanceof Problem) throw new Error("a fixture is wrong");
  return value;
}

async function print(probed: Probed, language: Language): Promise<string> {
  const { terminal, said } = await open(language, false);
  printProbe(terminal, probed);
  return said();
}

async function open(
  language: Language,
  isTTY: boolean,
): Promise<{ readonly terminal: Terminal; readonly said: () => string }> {
  let out = "";
  const stream = { isTTY, write: (text: string) => (out += text) };
  const catalogue = await loadCatalogue(language);
  const terminal = createTerminal(stream, stream, { isColourWanted: true, catalogue });
  return { terminal, said: () => out };
}
