/** Random files for wg, by its grammar and with mutations: most lines are right, many are nearly so. */
import fc from "fast-check";

/** Lines of one file; in wg's own order, so that most keys stand where they belong. */
export function wgConfigs(): fc.Arbitrary<readonly string[]> {
  const first = fc.oneof(
    { weight: 20, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("\uFEFF", "ListenPort = 5", "#", ";", "\0") },
  );
  const sections = fc.array(fc.oneof(section("interface"), section("peer"), section("peer")), {
    minLength: 2,
    maxLength: 4,
    size: "max",
  });
  return fc.tuple(first, sections).map(([line, lists]) => [line, ...lists.flat()]);
}

/** Files that wg-quick takes, with its own keys in every form that it takes. */
export function quickConfigs(): fc.Arbitrary<readonly string[]> {
  const own = fc.oneof(
    line("Address", lists(["10.0.0.1/24", "fd00::1/64", "10.9.0.1/32", "fd01::1/128"])),
    line("DNS", lists(["10.0.0.1", "fd00::1", "a.example", "b.example", "9.9.9.9"])),
    line("MTU", fc.integer({ min: 1280, max: 1500 }).map(String)),
    line("Table", fc.constantFrom("auto", "off", "5", "main")),
    line("SaveConfig", fc.constantFrom("true", "FALSE", "false")),
    line("ListenPort", fc.constant("51820")),
    fc
      .tuple(fc.constantFrom("PreUp", "PostUp", "PreDown", "postdown"), hooks())
      .map(([key, hook]) => `${key} = ${hook}`),
  );
  const head = fc.constantFrom("[Interface]", " [interface] # a", "[INTERFACE]\r");
  const peer = fc.tuple(keys(), lists(["10.0.0.2/32", "10.1.0.0/16", "fd00::2/128", "::/0"]));
  return fc
    .tuple(head, fc.array(own, { size: "max", maxLength: 12 }), fc.array(peer, { maxLength: 3 }))
    .map(([first, lines, peers]) => [
      "# a",
      first,
      ...lines,
      ...peers.flatMap(([key, list]) => {
        return ["[Peer]", `PublicKey = ${key}`, `AllowedIPs = ${list.replaceAll(/[ ,]+/g, ",")}`];
      }),
    ]);
}

function hooks(): fc.Arbitrary<string> {
  return fc.constantFrom(
    "ip rule add a=b",
    "echo %i # c",
    "a \\; b",
    "x; y",
    "wg set %i peer = 5  ",
  );
}

function lists(items: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.subarray([...items], { minLength: 1 }), fc.constantFrom(",", ", ", " ", " , "))
    .map(join);
}

/** As base64: what wg takes for a key. */
function keys(): fc.Arbitrary<string> {
  return fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString("base64"));
}

function section(kind: "interface" | "peer"): fc.Arbitrary<readonly string[]> {
  const names = { interface: ["[Interface]", "[INTERFACE] # a"], peer: ["[Peer]", "[ pe\ter ]"] };
  const head = mutated(fc.constantFrom(...names[kind]), 40);
  const lines = fc.array(kind === "peer" ? peerLines() : interfaceLines(), {
    minLength: 7,
    maxLength: 16,
  });
  // A peer without a key would refuse the file, whatever its other lines say.
  const key = kind === "peer" ? keys().map((text) => [`PublicKey = ${text}`]) : fc.constant([]);
  return fc.tuple(head, key, lines).map(([title, first, rest]) => [title, ...first, ...rest]);
}

function interfaceLines(): fc.Arbitrary<string> {
  return mutated(
    fc.oneof(
      line("ListenPort", ports()),
      line("FwMark", marks()),
      line("PrivateKey", keys()),
      odd("PrivateKey"),
    ),
    14,
  );
}

function peerLines(): fc.Arbitrary<string> {
  const ranges = fc.array(prefixes(), { minLength: 1, maxLength: 4 });
  return mutated(
    fc.oneof(
      line("PublicKey", keys()),
      line("PresharedKey", keys()),
      line("AllowedIPs", fc.tuple(ranges, fc.constantFrom(",", ", ", " ,")).map(join)),
      line("AllowedIPs", prefixes()),
      line("Endpoint", endpoints()),
      line("Endpoint", endpoints()),
      line("PersistentKeepalive", fc.oneof(near(65_535), fc.constantFrom("off", "OFF", "007"))),
      odd("Endpoint"),
    ),
    14,
  );
}

function join([list, between]: [readonly string[], string]): string {
  return list.join(between);
}

/** As people write it: with and without blanks, in any case, with comments and odd line ends. */
function line(key: string, values: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const spelling = fc.oneof(
    { weight: 4, arbitrary: fc.constant(key) },
    { weight: 1, arbitrary: fc.constantFrom(key.toLowerCase(), key.toUpperCase()) },
  );
  const between = fc.constantFrom(" = ", "=", " =\t", "\v=\f");
  const end = fc.oneof(
    { weight: 4, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("\r", " # a", "#b", "  ", "\0 #") },
  );
  return fc.tuple(spelling, between, values, end).map((parts) => parts.join(""));
}

function odd(key: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    "",
    "# a",
    key,
    `${key} =`,
    `${key} = #`,
    `${key} = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=`,
    "Address = 10.0.0.1/24",
    "; a",
    "[Peers]",
  );
}

function ports(): fc.Arbitrary<string> {
  const edges = ["0", "65535", "65536", "70000", "+5", "-1", "-2", "-4294967295", "4294967295"];
  const wraps = ["4294967296", "2147483647", "2147483648", "18446744073709551615", "0x10", "1e3"];
  const wide = ["18446744073709551616", "18446744073709551617", "-18446744073709551615", "00080"];
  return fc.oneof(
    { weight: 5, arbitrary: near(65_535) },
    { weight: 1, arbitrary: fc.constantFrom(...edges, ...wraps, ...wide) },
  );
}

function marks(): fc.Arbitrary<string> {
  const number = fc.nat(2 ** 32).map(String);
  const hex = fc.nat(2 ** 32).map((mark) => `0x${mark.toString(16)}`);
  const odds = ["off", "Off", "0x", "0X10", "0x0x10", "0x+5", "0x-1", "4294967296", "0x1ffffffff"];
  const wraps = ["0x-ffffffffffffffff", "0x-fffffffffffffff0", "010", "-1", "0x-0", "0x0x"];
  return fc.oneof(number, hex, fc.constantFrom(...odds, ...wraps));
}

function near(limit: number): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max: limit + 3 }).map(String);
}

function prefixes(): fc.Arbitrary<string> {
  const length = fc.oneof(
    { weight: 12, arbitrary: fc.nat(33).map((bits) => `/${bits}`) },
    { weight: 1, arbitrary: fc.constantFrom("", "", "/032", "/128", "/129", "/", "/+1", "/1x") },
  );
  const address = fc.oneof(
    { weight: 12, arbitrary: fc.ipV4() },
    { weight: 12, arbitrary: ipV6() },
    { weight: 1, arbitrary: fc.constantFrom("10.1", "10.0.0.01", "010.0.0.1", "+10.0.0.1", "") },
  );
  return fc.tuple(address, length).map((parts) => parts.join(""));
}

/** fast-check's, and what is nearly one. */
function ipV6(): fc.Arbitrary<string> {
  const group = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("0", "1", "00ff", "FFFF", "fe80", "2001", "db8") },
    { weight: 1, arbitrary: fc.constantFrom("", "12345", "g") },
  );
  const built = fc.tuple(
    fc.array(group, { maxLength: 8 }),
    fc.constantFrom("::", ":", ""),
    fc.array(group, { maxLength: 8 }),
    fc.constantFrom("", "", "", ":1.2.3.4", "1.2.3.4", ":1.2.3"),
  );
  return fc.oneof(
    { weight: 12, arbitrary: fc.ipV6() },
    {
      weight: 1,
      arbitrary: built.map(([head, between, tail, end]) => {
        return `${head.join(":")}${between}${tail.join(":")}${end}`;
      }),
    },
  );
}

function endpoints(): fc.Arbitrary<string> {
  const shorts = ["1.2", "1", "1.2.3", "0x7f.1", "0177.0.0.1", "0x7f000001", "1.256", "4294967295"];
  const odds = ["4294967296", "1.16777216", "1.2.65536", "1.2.3.256", "256.1", "1..2", "1.2.3.4.5"];
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV4(),
    fc.ipV4(),
    ipV6().map((text) => `[${text}]`),
    ipV6(),
    fc.constantFrom(...shorts, ...odds),
    fc.constantFrom("[1.2.3.4]", "[::1", "::1]", "[::1]]", "[]", "[fe80::1%1]", "::1%5", "::1%x"),
  );
  const port = fc.oneof(
    { weight: 3, arbitrary: ports().map((text) => `:${text}`) },
    { weight: 1, arbitrary: fc.constantFrom("", ":", "::5", ":*") },
  );
  return fc.tuple(host, port).map((parts) => parts.join(""));
}

const INSERTED = "#;=[]:,/.%+-_ \t\r\v\f\0 0129afxXzkKé\u212A\u2028\u00A0".split("");

/** One in so many lines has a character too many, too few, or another one. */
function mutated(lines: fc.Arbitrary<string>, oneIn: number): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(50),
    kind: fc.constantFrom("insert", "remove", "replace"),
    character: fc.constantFrom(...INSERTED),
  });
  return fc
    .tuple(lines, fc.nat(oneIn - 1), change)
    .map(([text, chance, { at, kind, character }]) => {
      if (chance !== 0 || text === "") return text;
      const from = at % text.length;
      const rest = text.slice(kind === "insert" ? from : from + 1);
      return `${text.slice(0, from)}${kind === "remove" ? "" : character}${rest}`;
    });
}
