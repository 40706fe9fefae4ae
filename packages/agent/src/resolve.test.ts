/** Names are asked for side by side, of a name server that says what the test says. */
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { resolveNames } from "./resolve.ts";

test("resolveNames() answers both families of each name, and files before servers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-agent-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const hostsFile = join(folder, "hosts");
  writeFileSync(
    hostsFile,
    "127.0.0.1 localhost\n192.0.2.8\tOwn.example own # dns.example\n2001:db8::8 own.example\n",
  );
  const server = await createServer({ "dns.example": "4: 192.0.2.1 6: 2001:db8::1" });
  const found = await resolveAll(["dns.example", "own.example", "gone.example"], {
    hostsFile,
    servers: [server],
  });
  expect(found).toEqual({
    "dns.example": ["2001:db8::1", "192.0.2.1"],
    "own.example": ["192.0.2.8", "2001:db8::8"],
    "gone.example": [],
  });
});

test("resolveNames() lets nobody wait for a dead name, and gives it up in the end", async () => {
  const names = Array.from({ length: 50 }, (_, at) => `dead${at}.example`);
  const server = await createServer({ "live.example": "4: 192.0.2.1" });
  const started = performance.now();
  const times = new Map<string, number>();
  await resolveNames(
    [...names, "live.example"],
    (host) => times.set(host, performance.now() - started),
    { servers: [server], limitMs: 300 },
  );
  expect(times.size).toBe(51);
  expect([...times.keys()][0]).toBe("live.example");
  const dead = names.map((name) => times.get(name) ?? 0);
  expect(Math.min(...dead)).toBeGreaterThanOrEqual(295);
  expect(Math.max(...dead)).toBeLessThan(3000);
});

async function resolveAll(
  names: readonly string[],
  sources: Parameters<typeof resolveNames>[2],
): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  await resolveNames(names, (host, addresses) => (found[host] = addresses), sources);
  return found;
}

/** Says of names what the table has; of dead ones nothing, ever; of others that there is none. */
async function createServer(table: Readonly<Record<string, string>>): Promise<string> {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.on("message", (question, { port, address }) => {
    const end = question.indexOf(0, 12) + 5;
    const labels = question.toString("latin1", 12, end - 5);
    const name = [...labels.matchAll(/[a-z0-9]+/g)].join(".");
    if (name.startsWith("dead")) return;
    const family = question.readUInt16BE(end - 4) === 1 ? 4 : 6;
    const [, found] = new RegExp(`${family}: (\\S+)`).exec(table[name] ?? "") ?? [];
    const head = Buffer.from(question.subarray(0, end));
    head.writeUInt16BE(table[name] === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt32BE(found === undefined ? 0 : 0x1_0000, 6);
    head.writeUInt16BE(0, 10);
    head.writeUInt16BE(found === undefined ? 0 : 1, 6);
    socket.send(Buffer.concat([head, recordOf(family, found)]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  return `127.0.0.1:${socket.address().port}`;
}

function recordOf(family: number, address: string | undefined): Buffer {
  if (address === undefined) return Buffer.alloc(0);
  const bytes =
    family === 4
      ? Buffer.from(address.split(".").map(Number))
      : Buffer.from(`20010db8${"0".repeat(23)}1`, "hex");
  const head = Buffer.from([
    0xc0,
    0x0c,
    0,
    family === 4 ? 1 : 28,
    0,
    1,
    0,
    0,
    0,
    1,
    0,
    bytes.length,
  ]);
  return Buffer.concat([head, bytes]);
}
