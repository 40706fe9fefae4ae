/** What an agent says of itself is there as long as it runs, for everybody, and whole. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { optional } from "@warren/core";
import type { InterfaceName, Name } from "@warren/core";
import { sampleKey } from "../../../tools/sample.ts";
import { ownStart } from "./process-start.ts";
import { readStatuses, removeStatus, writeStatus } from "./status.ts";

const STATUS = {
  network: "clouds" as Name,
  node: "a" as Name,
  interface: "wg0" as InterfaceName,
  pid: process.pid,
  server: "203.0.113.9:8443",
  isConnected: true,
  rev: 42,
  applied: 41,
  error: "nft has refused",
  peers: [{ publicKey: sampleKey("b"), name: "b", endpointName: "b.example" }],
};

test("readStatuses() gives what agents wrote, and tells which of them run", () => {
  const parent = mkdtempSync(join(tmpdir(), "warren-agent-"));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, "warren");
  expect(readStatuses(folder)).toEqual([]);
  writeStatus(folder, STATUS);
  // No process has this number: it is larger than Linux gives any.
  const dead = { ...STATUS, network: "also" as Name, pid: 2 ** 23 };
  writeStatus(folder, dead);
  // Nor does one whose number was given to another, as to this one here.
  const reused = { ...STATUS, network: "before" as Name, start: "7" };
  writeStatus(folder, reused);
  const own = { ...STATUS, ...optional("start", ownStart()) };
  expect(own.start).toMatch(/^\d+$/);
  writeStatus(folder, own);
  expect(readStatuses(folder)).toMatchObject([
    { ...dead, isRunning: false },
    { ...reused, isRunning: false },
    { ...own, isRunning: true },
  ]);
  removeStatus(folder, reused.network);
  expect(statSync(join(folder, "clouds.json")).mode & 0o777).toBe(0o644);
  writeFileSync(join(folder, "also.json"), '{"format":1,');
  writeFileSync(join(folder, "wg0.endpoints-state"), "");
  removeStatus(folder, STATUS.network);
  removeStatus(folder, STATUS.network);
  expect(readStatuses(folder)).toEqual([]);
});
