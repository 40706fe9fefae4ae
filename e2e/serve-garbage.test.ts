/** A real server and ten thousand requests that are none: each is refused, and whoever is connected notices nothing. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";
import { createLines } from "@warren/agent";
import { API, createClient } from "@warren/api";
import type { Pin } from "@warren/api";
import { printText } from "@warren/core";
import type { InterfaceName, Name } from "@warren/core";
import { pinnedFetch } from "@warren/crypto";
import { createMemoryStore, serve } from "@warren/server";
import { expect, test } from "vitest";

const CREDENTIAL = `wrc_${"a".repeat(43)}`;
const KEY = Buffer.alloc(32, "a").toString("base64");

/** Whole to HTTP, and wrong in what they ask: a connection goes on after them. */
const WRONG: readonly string[] = [
  requestOf("POST", `${API}/join`, "{"),
  requestOf("POST", `${API}/join`, "\u0000\u00ff"),
  requestOf("POST", `${API}/join`, '{"network":{"toString":1}}'),
  requestOf("POST", `${API}/session`, '{"link":[]}'),
  requestOf("PUT", `${API}/networks/home/mesh`, "{}"),
  requestOf("DELETE", `${API}/networks/%ff%00`, ""),
  requestOf("GET", `${API}/../../etc/passwd`),
  requestOf("PATCH", `${API}/networks/home`, '{"__proto__":{"isOpen":true}}'),
  requestOf("TRACE", `${API}/${"x".repeat(4000)}`),
  requestOf("GET", `${API}/networks?limit=${"9".repeat(400)}`),
];
/** Nothing that HTTP goes on after. */
const BROKEN: readonly string[] = [
  "\r\n\r\n\r\n",
  "GET\r\n\r\n",
  `GET / HTTP/1.1\r\nx: ${"x".repeat(20_000)}\r\n\r\n`,
  `POST ${API}/join HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`,
  `POST ${API}/join HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  `GET ${API}/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  `GET ${API}/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nauthorization: Bearer ${CREDENTIAL}\r\n\r\n`,
];
const CONNECTIONS = 8;
const EACH = 1200;
const BROKEN_TIMES = 40;

test("serve() refuses ten thousand requests that are none, and goes on for all others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-serve-"));
  const store = createMemoryStore("epoch");
  const serving = await serve({ folder, host: "127.0.0.1", port: 0, addresses: [], store });
  const said: unknown[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text) => said.push(text) > 0;
  try {
    const { port, pin, localToken } = serving;
    const fetch = pinnedFetch({ host: "127.0.0.1", port, pin });
    const call = createClient(fetch, { authorization: `Bearer ${localToken}` });
    await call("createNetwork", { body: { name: "home" as never, isOpen: true } });
    const asked = { name: "a" as never, publicKey: KEY as never, credential: CREDENTIAL };
    await call("join", { body: asked });
    const { first, second } = openLine(port, pin);
    expect(await first).toContain('"kind":"waiting"');
    const secure = (): Socket =>
      connectSecurely({ host: "127.0.0.1", port, rejectUnauthorized: false });
    const whole = await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => await answersToAll(secure)),
    );
    const broken = await Promise.all(
      Array.from({ length: BROKEN_TIMES }, (_, at) => BROKEN[at % BROKEN.length] ?? "").map(
        async (text) => await answersTo(secure(), text),
      ),
    );
    // No TLS at all.
    await Promise.all(
      broken.map(async () => await answersTo(connect(port, "127.0.0.1"), randomBytes(200))),
    );
    const codes = whole.flat();
    expect(codes).toHaveLength(CONNECTIONS * EACH);
    expect([...codes, ...broken.flat()].filter((code) => code < 400 || code >= 500)).toEqual([]);
    await call("approveNode", { params: { network: "home", node: "a" }, body: {} });
    expect(await second).toContain('"kind":"snapshot"');
    expect(said).toEqual([]);
  } finally {
    process.stderr.write = write;
    await serving.close();
    rmSync(folder, { recursive: true });
  }
});

/** An agent's line; what it is told first, and what then. */
function openLine(
  port: number,
  pin: Pin,
): { readonly first: Promise<string>; readonly second: Promise<string> } {
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const connect = createLines(
    {
      network: "home" as Name,
      node: "a" as Name,
      interface: "wg0" as InterfaceName,
      servers: [`127.0.0.1:${port}`],
      pin,
      credential: CREDENTIAL,
    },
    () => undefined,
  );
  const line = connect({
    opened: () => line.send(JSON.stringify({ kind: "hello", version: "1" })),
    received: (text) => {
      first.resolve(text);
      if (text.includes('"kind":"snapshot"')) second.resolve(text);
    },
    answered: () => undefined,
    closed: (why) => second.reject(new Error(printText(why))),
  });
  return { first: first.promise, second: second.promise };
}

/** The codes of all answers; where the server has hung up, the rest is asked by another connection. */
async function answersToAll(open: () => Socket): Promise<readonly number[]> {
  const codes: number[] = [];
  while (codes.length < EACH) {
    const left = Array.from({ length: EACH - codes.length }, (_, at) => {
      return WRONG[(codes.length + at) % WRONG.length];
    });
    const more = await answersTo(open(), left.join(""), left.length);
    expect(more.length).toBeGreaterThan(0);
    codes.push(...more);
  }
  return codes;
}

/** Until the server hangs up, or has answered `most` times. Who says good-bye at once is answered once. */
async function answersTo(
  socket: Socket,
  text: string | Buffer,
  most = 1,
): Promise<readonly number[]> {
  const codes: number[] = [];
  await new Promise<void>((done) => {
    socket.on("error", () => undefined);
    socket.on("close", () => done());
    socket.on("data", (data: Buffer) => {
      for (const [, code] of data.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        codes.push(Number(code));
      }
      if (codes.length >= most) socket.destroy();
    });
    if (most > 1) socket.write(text);
    else socket.end(text);
  });
  return codes;
}

function requestOf(method: string, path: string, body?: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\n`;
  if (body === undefined) return `${head}\r\n`;
  const length = Buffer.byteLength(body);
  return `${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
}
