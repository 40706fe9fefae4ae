/** What we read of files for wg, against the real one: the same verdict on each line, the same values. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAddress, printAddress, Problem } from "../mod.ts";
import { wgConfigs } from "../../../../tools/random-wg-config.ts";
import { runs } from "../../../../tools/runs.ts";
import { wgLack, WgSocket } from "../../../../tools/wg-socket.ts";
import type { WgAnswer } from "../../../../tools/wg-socket.ts";
import type { Finding } from "../finding.ts";
import { byteOrderMark } from "../messages/foreign-wg.ts";
import { REFUSALS } from "../messages/refusals.ts";
import type { Refuser } from "../messages/refusals.ts";
import { hasByteOrderMark, splitLines } from "./config-lines.ts";
import { readWgLines } from "./wg-config.ts";
import type { WgConfig } from "./wg-config.ts";
import type { WgEndpoint, WgPeer } from "./wg-fields.ts";

/** A section that lacks nothing. */
const PEER = ["[Peer]", "PublicKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI="] as const;

/** Lines of one file that are tried alone. Each is a run of wg: a good file takes as many lines in one. */
const ALONE = 3;

const lack = wgLack();
const folder = mkdtempSync(join(tmpdir(), "warren-read-"));
const socket = new WgSocket(`wr${process.pid}`);

beforeAll(async () => {
  if (lack === undefined) await socket.listen();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  if (lack === undefined) await socket.close();
});

test("readWgLines() gives the verdict and the values of the real wg", async (ctx) => {
  if (lack !== undefined) ctx.skip(lack);
  const counts = { taken: 0, refused: 0, left: 0 };
  await fc.assert(
    fc.asyncProperty(wgConfigs(), async (written) => {
      const lines = written.filter((line) => !isForMachine(line));
      counts.left += written.length - lines.length;
      await compare(lines);
      for (const list of refusedAlone(lines).slice(0, ALONE)) {
        counts.refused += 1;
        expect((await compare(list)).isTaken).toBe(false);
      }
      // And all the others together, so that wg has to say what it understood.
      const others = withoutRefused(lines);
      counts.taken += others.length;
      expect((await compare(others)).isTaken).toBe(true);
    }),
    runs(90),
  );
  const all = counts.taken + counts.refused + counts.left;
  expect(all).toBeGreaterThan(runs(90).numRuns * 28);
  expect(counts.refused / all).toBeGreaterThan(0.05);
  expect(counts.taken / all).toBeGreaterThan(0.85);
  expect(counts.left / all).toBeLessThan(0.05);
});

/** Depends: on names that only the machine can look up. */
type Verdict = "taken" | "refused" | "depends";

/** A whole file, as `wg setconf` of version 1.0.20210914 judges it. */
function readWgConfig(
  text: string,
  file: string,
): { readonly config: WgConfig; readonly verdict: Verdict; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  if (hasByteOrderMark(text)) findings.push(byteOrderMark({ file, line: 1, column: 1 }));
  const config = readWgLines(splitLines(text), { file, findings, isQuick: false });
  return { config, verdict: judge(config, findings), findings };
}

function judge({ peers }: WgConfig, findings: readonly Finding[]): Verdict {
  const refusers = findings.map(({ code }) => refuserOf(code));
  if (refusers.some((by) => by === "wg" || by === "old-wg")) return "refused";
  const hasName = peers.some(({ endpoint }) => typeof endpoint?.value.host === "string");
  return hasName || refusers.includes("machine") ? "depends" : "taken";
}

function refuserOf(code: string): Refuser | undefined {
  const refusals: Readonly<Record<string, { readonly by: Refuser }>> = REFUSALS;
  return refusals[code]?.by;
}

/** Asks both, and holds one against the other. */
async function compare(lines: readonly string[]): Promise<WgAnswer> {
  const text = lines.join("\n");
  const file = join(folder, "test.conf");
  writeFileSync(file, text);
  const answer = await socket.setconf(file);
  const { config, verdict } = readWgConfig(text, file);
  const values = verdict === "taken" ? printConfig(config) : [];
  expect({ text, verdict, values }).toEqual({
    text,
    verdict: answer.isTaken ? "taken" : "refused",
    values: answer.isTaken ? normalize(answer.body) : [],
  });
  return answer;
}

/** A line for which wg would ask the machine: names of hosts and services. */
function isForMachine(line: string): boolean {
  return [["[Interface]"], PEER].some(
    (head) => readWgConfig([...head, line].join("\n"), "").verdict === "depends",
  );
}

/** Each line that is refused, in a file with nothing but the head of its section and what that needs. */
function refusedAlone(lines: readonly string[]): readonly (readonly string[])[] {
  return errorLines(lines).map((number) => {
    const heads = lines
      .slice(0, number - 1)
      .map((line) => /^[ \t\v\f\r]*\[[ \t\v\f\r]*([ip])/i.exec(line)?.[1]);
    const head = heads.findLast((letter) => letter !== undefined)?.toLowerCase();
    const line = lines[number - 1] ?? "";
    if (head === undefined) return [line];
    return head === "p" ? [...PEER, line] : ["[Interface]", line];
  });
}

/** Until nothing is left to refuse: without one line, others can stand in another section. */
function withoutRefused(lines: readonly string[]): readonly string[] {
  const refused = new Set(errorLines(lines));
  if (refused.size === 0) return lines;
  return withoutRefused(lines.filter((_, at) => !refused.has(at + 1)));
}

function errorLines(lines: readonly string[]): readonly number[] {
  const { findings } = readWgConfig(lines.join("\n"), "");
  return findings.filter(({ severity }) => severity === "error").map(({ line }) => line);
}

/** As wg tells it to an interface: private_key=…, then peer after peer. */
function printConfig({ privateKey, listenPort, fwmark, peers }: WgConfig): readonly string[] {
  return [
    `private_key=${hex(privateKey?.value ?? "A".repeat(43))}`,
    `listen_port=${listenPort?.value ?? 0}`,
    `fwmark=${fwmark?.value ?? 0}`,
    "replace_peers=true",
    ...peers.flatMap(printPeer),
  ];
}

function printPeer({
  publicKey,
  presharedKey,
  endpoint,
  keepaliveSeconds,
  allowedIps,
}: WgPeer): readonly string[] {
  return [
    `public_key=${hex(publicKey?.value ?? "")}`,
    ...(presharedKey === undefined ? [] : [`preshared_key=${hex(presharedKey.value)}`]),
    ...(endpoint === undefined ? [] : [`endpoint=${printEndpoint(endpoint.value)}`]),
    ...(keepaliveSeconds === undefined
      ? []
      : [`persistent_keepalive_interval=${keepaliveSeconds.value}`]),
    "replace_allowed_ips=true",
    ...allowedIps.map(({ value }) => `allowed_ip=${printAddress(value.address)}/${value.length}`),
  ];
}

function printEndpoint({ host, port }: WgEndpoint): string {
  if (typeof host === "string") return host;
  return host.family === 6 ? `[${printAddress(host)}]:${port}` : `${printAddress(host)}:${port}`;
}

function hex(key: string): string {
  return Buffer.from(key, "base64").toString("hex");
}

/** Zeros are no preshared key; and glibc prints ::1.2.3.4 for what RFC 5952 has as ::102:304. */
function normalize(body: string): readonly string[] {
  return body
    .trimEnd()
    .split("\n")
    .filter((line) => !/^preshared_key=0+$/.test(line))
    .map((line) =>
      line.replace(/[0-9a-f]*:[0-9a-f:.]+(?=[\]/])/, (text) => {
        const address = parseAddress(text);
        return address instanceof Problem ? text : printAddress(address);
      }),
    );
}
