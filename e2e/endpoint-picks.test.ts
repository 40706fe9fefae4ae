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
import { LOOKS, NONE, ROAMED, ROWS, stays, USUAL, V4, V6 } from "../tools/endpoint-cases.ts";
import type { Row } from "../tools/endpoint-cases.ts";
import { useWorld } from "./world-fixture.ts";

const SCRIPT = join(import.meta.dirname, "../packages/cli/src/host/endpoints.sh");
const SHELLS = ["dash", "busybox sh", "bash --posix"];
const SECRETS = [
  "cHJpdmF0ZS1rZXktb2YtdGhlLWRldmljZS4uLi4uLi4=",
  "cHJlc2hhcmVkLWtleS1vZi10aGUtcGFpci4uLi4uLi4=",
];

/** Too long for anybody, and no other process has this number. */
const HANGING_SECONDS = 61.7;
/** 5 s for whoever hangs, and what a busy machine adds; looks are 15 s apart. */
const LOOK_LIMIT_MS = 12_000;

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
