/**
 * Whom the script that follows names looks after, and where it sends them: under several shells, with a
 * clock, a wg and a getent that a table speaks for.
 */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Host } from "../lab/world.ts";
import { useWorld } from "./world-fixture.ts";

const SCRIPT = join(import.meta.dirname, "../packages/cli/src/host/endpoints.sh");
const SHELLS = ["dash", "busybox sh", "bash --posix"];
const V6 = "[2001:db8::1]:51820";
const V4 = "192.0.2.1:51820";
/** Where somebody was met whose name says otherwise. */
const ROAMED = "198.51.100.9:4000";
const NONE = "(none)";
/** Seconds at which the script looks; the third look comes too early to say anything new. */
const LOOKS = [100, 115, 120, 130] as const;
const SECRETS = [
  "cHJpdmF0ZS1rZXktb2YtdGhlLWRldmljZS4uLi4uLi4=",
  "cHJlc2hhcmVkLWtleS1vZi10aGUtcGFpci4uLi4uLi4=",
];

/** Too long for anybody, and no other process has this number. */
const HANGING_SECONDS = 61.7;
/** 5 s for whoever hangs, and what a busy machine adds; looks are 15 s apart. */
const LOOK_LIMIT_MS = 12_000;

/** What wg says of a peer at each look: where it is, bytes from it, bytes to it. */
type Look = readonly [endpoint: string, rx: number, tx: number];
type Sets = readonly (string | undefined)[];
interface Row {
  readonly looks: readonly [Look, Look, Look, Look];
  readonly keepalive?: number;
  /** Of its name, by family; not said: V6 and V4. */
  readonly answers?: Partial<Record<"4" | "6", readonly string[]>>;
  /** What is set at each look, if anything. */
  readonly set?: Sets;
}

const QUIET = [500, 500, 500, 500];

const ROWS: Readonly<Record<string, Row>> = {
  "no-endpoint": { looks: stays(NONE, [], []), set: [V6, V6, V6, V6] },
  talking: { looks: stays(V6, [500, 700, 800, 900], [500, 700, 800, 900]) },
  "roamed-and-talking": { looks: stays(ROAMED, [500, 532, 532, 564], [500, 700, 800, 900]) },
  idle: { looks: stays(V6, QUIET, QUIET) },
  "idle-with-keepalive": { looks: stays(ROAMED, QUIET, [500, 532, 532, 564]), keepalive: 25 },
  "idle-with-many-keepalives": { looks: stays(V6, QUIET, [500, 980, 1140, 1460]), keepalive: 1 },
  "one-empty-packet": { looks: stays(V6, QUIET, [500, 532, 532, 532]) },
  handshakes: { looks: stays(ROAMED, [0, 0, 0, 0], [0, 444, 592, 888]), set: atLast(V4) },
  "handshakes-with-many-keepalives": {
    looks: stays(ROAMED, QUIET, [500, 944, 1092, 1388]),
    keepalive: 1,
    set: atLast(V4),
  },
  data: { looks: stays(ROAMED, QUIET, [500, 628, 692, 756]), set: atLast(V4) },
  "data-by-ipv6": {
    looks: stays("[2001:db8::9]:4000", QUIET, [500, 628, 692, 756]),
    set: atLast(V6),
  },
  "data-once": { looks: stays(V6, QUIET, [500, 628, 628, 628]) },
  "data-at-last": { looks: stays(V6, QUIET, [500, 500, 500, 628]) },
  "answered-once": { looks: stays(V6, [500, 500, 500, 592], [500, 648, 796, 944]) },
  "made-anew": { looks: stays(V6, [500, 0, 0, 0], [500, 0, 0, 148]) },
  "large-counters": {
    looks: stays(V6, [5e9, 5e9, 5e9, 5e9], [5e9, 5e9 + 148, 5e9 + 296, 5e9 + 444]),
    set: atLast(V4),
  },
  "large-and-talking": {
    looks: stays(V6, [5e9, 5e9 + 32, 5e9 + 64, 5e9 + 96], [5e9, 6e9, 7e9, 8e9]),
  },
  "at-the-first-answer": { looks: stays(V6, QUIET, [500, 648, 796, 944]), set: atLast(V4) },
  "at-the-last-answer": { looks: stays(V4, QUIET, [500, 648, 796, 944]), set: atLast(V6) },
  "another-port": { looks: stays("192.0.2.1:4", QUIET, [500, 648, 796, 944]), set: atLast(V4) },
  "at-the-only-answer": {
    looks: stays(V4, QUIET, [500, 648, 796, 944]),
    answers: { "4": ["192.0.2.1"] },
  },
  "no-answer": { looks: stays(NONE, [], []), answers: {} },
  turning: {
    looks: stays("192.0.2.2:51820", QUIET, [500, 648, 796, 944]),
    answers: { "4": ["192.0.2.2", "192.0.2.3", "192.0.2.1"] },
    set: atLast(V4),
  },
  "odd-answers": {
    looks: stays(NONE, [], []),
    answers: {
      "4": ["0.0.0.0", "127.0.0.1", "gate.example", "1.2.3.4;halt", "$(halt)", "-1.2.3.4", "1.2"],
      "6": ["::", "::1", "fe80::1%eth0", "::ffff:192.0.2.1", "::ffff:127.0.0.1", "ff"],
    },
  },
  "first-answer-without-route": {
    looks: stays(NONE, [], []),
    answers: { "4": ["192.0.2.1"], "6": ["2001:db8:dead::1"] },
    set: [V4, V4, V4, V4],
  },
  "still-without-route": {
    looks: stays("[2001:db8:dead::1]:51820", QUIET, QUIET),
    set: [undefined, V6, undefined, V6],
  },
};

const ROUTES = `
link set lo up
link add uplink type bridge
link set uplink up
address add 198.51.100.1/24 dev uplink
address add 2001:db8:1::1/64 dev uplink nodad
route add default dev uplink
route add 2001:db8::/32 dev uplink
route add unreachable 2001:db8:dead::/48
`;

const fixture = useWorld();

test.each(SHELLS)("endpoints.sh looks after those alone that do not answer (%s)", async (shell) => {
  const place = await createPlace();
  for (const [at, seconds] of LOOKS.entries()) {
    const lines = Object.entries(ROWS).map(([name, row]) => dumpLine(name, row, at));
    // Not in the list, so none of ours; and the interface's name is no peer's.
    place.write(
      "dump",
      dumpOf([...lines, dumpLine("stranger", { looks: stays(NONE, [], []) }, at)]),
    );
    const { output, errors, sets } = await place.look(shell, seconds);
    const expected = Object.entries(ROWS).flatMap(([name, { set }]) =>
      set?.[at] === undefined ? [] : [[name, set[at]]],
    );
    expect(Object.fromEntries(sets)).toEqual(Object.fromEntries(expected));
    expect(sets).toHaveLength(expected.length);
    const said = expected.map(([name, to]) => `warren-endpoints: wg0: ${name} now at ${to}`);
    expect([output.split("\n").filter(Boolean).sort(), errors]).toEqual([said.sort(), ""]);
    const state = await place.read("/run/warren/wg0.endpoints-state");
    for (const secret of SECRETS) expect(`${output}${state}`).not.toContain(secret);
  }
  const modes = ["stat", "-c", "%a %n", "/run/warren", "/run/warren/wg0.endpoints-state"];
  expect(await print(place.host, ...modes)).toBe(
    "700 /run/warren\n600 /run/warren/wg0.endpoints-state\n",
  );
  expect(await print(place.host, "ls", "/run/warren")).toBe("wg0.endpoints-state\n");
});

test.each(SHELLS)(
  "endpoints.sh sets nothing that was answered or set meanwhile (%s)",
  async (shell) => {
    const place = await createPlace();
    const row = { looks: stays(NONE, [], []) };
    for (const changed of [
      [NONE, 92, 0],
      [ROAMED, 0, 0],
    ] as const) {
      place.write("dump", dumpOf([dumpLine("talking", row, 0)]));
      place.write(
        "later",
        dumpOf([dumpLine("talking", { looks: [changed, changed, changed, changed] }, 0)]),
      );
      expect((await place.look(shell, 100)).sets).toEqual([]);
    }
  },
);

test.each(SHELLS)(
  "endpoints.sh asks for names alone, and works without an interface (%s)",
  async (shell) => {
    const place = await createPlace();
    const names = ["-x.example", "$(halt)", "a;halt", "a\\nb", "*", "UP.example", "::1"];
    const keys = names.map((name, at) => `${keyOf(`odd${at}`)} ${name} 51820\n`);
    const broken = [
      `${keyOf("idle")} a.example x\n`,
      "a.example 51820\n",
      "short a.example 5\n",
      "\n",
    ];
    place.writeList([...keys, ...broken].join(""));
    place.write(
      "dump",
      dumpOf(names.map((_, at) => dumpLine(`odd${at}`, { looks: stays(NONE, [], []) }, 0))),
    );
    expect(await place.look(shell, 100)).toEqual({ output: "", errors: "", sets: [] });
    expect(place.asked()).toBe("");
    place.write("dump", "");
    expect(await place.look(shell, 115)).toEqual({ output: "", errors: "", sets: [] });
    const path = `${shell} ${SCRIPT}`;
    for (const name of ["''", "a/b", "'$(halt)'", "'a b'"]) {
      const words = ["sh", "-c", `${path} ${name}`];
      expect((await place.host.attempt({ words, wayOut: "" })).status).toBe(64);
    }
  },
);

test("endpoints.sh asks for routes of what wg sends, which may be marked", async () => {
  const place = await createPlace();
  const dump = dumpOf([dumpLine("talking", ROWS["no-endpoint"], 0)]);
  await print(place.host, "ip", "-6", "rule", "add", "fwmark", "0xca6c", "unreachable");
  place.write("dump", dump.replace("\toff\n", "\t0xca6c\n"));
  expect((await place.look("dash", 100)).sets).toEqual([["talking", V4]]);
});

test("endpoints.sh ends a resolver that hangs, and lets nobody wait for it", async () => {
  const place = await createPlace();
  for (const shell of SHELLS) {
    const peers = ["hangs", "talking"];
    place.write("dump", dumpOf(peers.map((name) => dumpLine(name, ROWS["no-endpoint"], 0))));
    place.writeList(peers.map((name) => `${keyOf(name)} ${name}.example 51820\n`).join(""));
    const started = performance.now();
    const look = place.look(shell, 100);
    await vi.waitUntil(() => place.setsSoFar() !== "", { timeout: 4000 });
    expect((await look).sets).toEqual([["talking", V6]]);
    expect(performance.now() - started).toBeLessThan(LOOK_LIMIT_MS);
    const running = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
    expect(running).not.toContain(`sleep ${HANGING_SECONDS}`);
  }
});

test("endpoints.sh takes nslookup's answers, and not the server that gave them", async () => {
  const place = await createPlace();
  place.write("dump", dumpOf([dumpLine("talking", ROWS["no-endpoint"], 0)]));
  const server = "Server:\t\t192.0.2.53\nAddress 1: 192.0.2.53 dns.example\n\n";
  const found = `${server}Non-authoritative answer:\nName:\ttalking.example\n`;
  place.write("nslookup-type=aaaa", `${server}** server can't find talking.example: NXDOMAIN\n`);
  for (const line of ["Address: 192.0.2.1", "Address 1: 192.0.2.1", "Address:\t192.0.2.1"]) {
    place.write("nslookup-type=a", `${found}${line}\n`);
    expect((await place.look("dash", 100)).sets).toEqual([["talking", V4]]);
  }
});

interface Place {
  readonly host: Host;
  write(name: string, text: string): void;
  writeList(text: string): void;
  read(path: string): Promise<string>;
  /** Names that somebody asked for, one a line. */
  asked(): string;
  setsSoFar(): string;
  look(shell: string, seconds: number): Promise<Outcome>;
}
interface Outcome {
  readonly output: string;
  readonly errors: string;
  /** Names of peers and the endpoints that wg was told. */
  readonly sets: readonly (readonly [string, string])[];
}

/** A host on which wg, getent and the clock say what files say; it has routes to all but one range. */
async function createPlace(): Promise<Place> {
  const { folder, world } = fixture;
  const [said, commands, config] = ["said", "commands", "config"].map((name) => {
    const path = join(folder.path, name);
    mkdirSync(path);
    return path;
  }) as [string, string, string];
  const write = (name: string, text: string): void => writeFileSync(join(said, name), text);
  const writeList = (text: string): void => writeFileSync(join(config, "wg0.endpoints"), text);
  for (const name of ["uptime", "sets", "asked", "later"]) write(name, "");
  for (const [name, text] of Object.entries(standIns(said))) {
    writeFileSync(join(commands, name), `#!/bin/sh\n${text}`);
    chmodSync(join(commands, name), 0o755);
  }
  const lines = Object.entries(ROWS).map(([name, { answers = {} }]) => {
    const { "4": v4 = [], "6": v6 = [] } = ROWS[name]?.answers === undefined ? USUAL : answers;
    write(`4${name}.example`, answerOf(v4));
    write(`6${name}.example`, answerOf(v6));
    return `# ${name}\n${keyOf(name)} ${name}.example 51820\n`;
  });
  writeList(`# A head line.\n${lines.join("")}# gone\n${keyOf("gone")} gone.example 51820\n`);
  const files = new Map([
    ["/etc/wireguard", config],
    ["/proc/uptime", join(said, "uptime")],
  ]);
  const host = await world.createHost("self", files);
  await host.run({ words: ["ip", "-batch", "-"], input: ROUTES, wayOut: "" });
  const text = (name: string): string => readFileSync(join(said, name), "utf8");
  return {
    host,
    write,
    writeList,
    read: (path) => print(host, "cat", path),
    asked: () => text("asked"),
    setsSoFar: () => text("sets"),
    look: async (shell, seconds) => {
      write("sets", "");
      write("uptime", `${seconds}.99 7.00\n`);
      const run = `PATH=${commands}:$PATH; exec ${shell} ${SCRIPT} wg0`;
      const outcome = await host.attempt({
        // Where this runs may be nowhere for the host.
        words: ["env", "-C", "/", "sh", "-c", run],
        wayOut: "",
      });
      expect(outcome.status).toBe(0);
      const names = new Map(
        [...Object.keys(ROWS), "gone", "stranger"].map((it) => [keyOf(it), it]),
      );
      const sets = text("sets")
        .split("\n")
        .filter(Boolean)
        .map((line) => {
          const [, key = "", to = ""] = /^set wg0 peer (\S+) endpoint (\S+)$/.exec(line) ?? [];
          return [names.get(key) ?? line, to] as const;
        });
      return { output: outcome.output, errors: outcome.errors, sets };
    },
  };
}

/** A peer that stays where it is, with what it sends and is sent. */
function stays(endpoint: string, rx: readonly number[], tx: readonly number[]): Row["looks"] {
  const at = (look: number): Look => [endpoint, rx[look] ?? 0, tx[look] ?? 0];
  return [at(0), at(1), at(2), at(3)];
}

function atLast(endpoint: string): Sets {
  return [undefined, undefined, undefined, endpoint];
}

const USUAL: Row["answers"] & object = { "4": ["192.0.2.1"], "6": ["2001:db8::1"] };

function standIns(said: string): Readonly<Record<string, string>> {
  return {
    wg: `if [ "$*" = "show wg0 dump" ]; then exec cat ${said}/dump; fi; echo "$*" >>${said}/sets\n`,
    nslookup: `cat "${said}/nslookup$1"\n`,
    getent: `if [ "$2" = 127.0.0.1 ]; then [ ! -e ${said}/nslookup-type=a ]; exit; fi
echo "$2" >>${said}/asked
[ ! -s ${said}/later ] || cp ${said}/later ${said}/dump
[ "$2" != hangs.example ] || exec sleep ${HANGING_SECONDS}
cat "${said}/\${1#ahostsv}$2"
`,
  };
}

/** As getent prints them. */
function answerOf(addresses: readonly string[]): string {
  return addresses
    .map((it) => `${it}  STREAM x.example\n${it}  DGRAM  \n${it}  RAW    \n`)
    .join("");
}

function dumpOf(peers: readonly string[]): string {
  return `${SECRETS[0]}\t${keyOf("self")}\t51820\toff\n${peers.join("")}`;
}

function dumpLine(name: string, row: Row | undefined, at: number): string {
  const [endpoint, rx, tx] = row?.looks[at] ?? [NONE, 0, 0];
  const fields = [keyOf(name), SECRETS[1], endpoint, "10.0.0.1/32,fd00::1/128", 0, rx, tx];
  return `${[...fields, row?.keepalive ?? "off"].join("\t")}\n`;
}

function keyOf(name: string): string {
  return hash("sha256", name, "base64");
}

function print(host: Host, ...words: readonly string[]): Promise<string> {
  return host.run({ words, wayOut: "" });
}
