/** Tests of pinned connections against real servers: the right one, wrong ones, and what is no server at all. */
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import type { RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import { inspect } from "node:util";
import { afterEach, expect, test } from "vitest";
import { AppError } from "@warren/api";
import { printText } from "@warren/core";
import { EXPIRED, RIGHT, WRONG } from "./certificates.contract.ts";
import type { SampleCertificate } from "./certificates.contract.ts";
import { silent } from "./connection-refusals.ts";
import { connectPinned, findServer, pinOf, readPin } from "./pinned.ts";
import { pinnedFetch } from "./pinned-fetch.ts";
import type { PinnedRequest } from "./pinned-fetch.ts";

/** Ends what a test has started, with whatever is connected to it. */
const running: (() => void)[] = [];

afterEach(() => {
  for (const end of running.splice(0)) end();
});

async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
  });
  server.listen(0, host);
  await once(server, "listening");
  running.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** A TLS server that counts what it hears behind the handshake, and says of each connection when it is over. */
async function listenTls(
  { cert, key }: SampleCertificate,
  host?: string,
): Promise<{
  readonly port: number;
  readonly heard: Buffer[];
  readonly over: Promise<unknown>;
}> {
  const heard: Buffer[] = [];
  const server = createServer({ cert, key }, (socket) => {
    socket.on("error", () => socket.destroy()).on("data", (bytes: Buffer) => heard.push(bytes));
    socket.on("close", () => server.emit("over"));
  });
  // Who hangs up in the middle of the handshake has said nothing.
  server.on("tlsClientError", () => server.emit("over"));
  const over = once(server, "over");
  return { port: await listen(server, host), heard, over };
}

async function listenHttps(
  certificate: SampleCertificate,
  answer: RequestListener,
): Promise<number> {
  const { cert, key } = certificate;
  return listen(createHttpsServer({ cert, key }, answer));
}

/** What is said to people of a failure; the port is another each time. */
async function refusalOf(trying: Promise<unknown>): Promise<string> {
  const error: unknown = await trying.then(
    () => "no failure",
    (failure: unknown) => failure,
  );
  if (!(error instanceof AppError)) return inspect(error);
  const lines = [error.code, printText(error.text), printText(error.fix)];
  return lines
    .join("\n")
    .replaceAll(/:\d{4,5}\b|port \d+/g, (port) => port.replaceAll(/\d+/g, "N"));
}

test("pinOf() says what openssl says", () => {
  for (const { cert, pin } of [RIGHT, WRONG, EXPIRED]) expect(pinOf(cert)).toBe(pin);
});

test("connectPinned() speaks with the server that has the key, whatever its certificate says", async () => {
  for (const certificate of [RIGHT, EXPIRED]) {
    for (const host of ["127.0.0.1", "localhost"]) {
      const { port, heard, over } = await listenTls(certificate);
      const socket = await connectPinned({ host, port, pin: certificate.pin });
      socket.end("hello");
      await over;
      expect(Buffer.concat(heard).toString()).toBe("hello");
    }
  }
});

test("connectPinned() and pinnedFetch() tell a server with another key nothing", async () => {
  for (const certificate of [WRONG, EXPIRED]) {
    const direct = await listenTls(certificate);
    const said = await refusalOf(
      connectPinned({ host: "127.0.0.1", port: direct.port, pin: RIGHT.pin }),
    );
    await direct.over;
    const asked = await listenTls(certificate);
    const ask = pinnedFetch({ host: "127.0.0.1", port: asked.port, pin: RIGHT.pin });
    const headers = { authorization: "Bearer planted" };
    expect(await refusalOf(ask("/planted", { method: "POST", headers, body: "planted" }))).toBe(
      said,
    );
    await asked.over;
    expect([...direct.heard, ...asked.heard]).toEqual([]);
    expect(said).toContain(certificate.pin);
  }
  const { port } = await listenTls(WRONG);
  const said = await refusalOf(connectPinned({ host: "127.0.0.1", port, pin: RIGHT.pin }));
  expect(said).toMatchInlineSnapshot(`
    "unreachable
    cannot reach the server 127.0.0.1:N: it is another server than the one that is meant, or somebody who stands in between: its key has the fingerprint sha256:qeeQX6pPsi-4pkUWbsI4ksvKpaWMLgqzZR03Df5g10I, not sha256:a2JaLEGBKeGQhtQwjpIAly6f_bP9Ylbk17jkYFadNuw; it was told nothing
    look at the server itself which fingerprint it has: if it was set up anew, join again with a new token; if it has the old one, somebody reads along on the way"
  `);
});

test("findServer() finds the address at which the right server is, and tells the others nothing", async () => {
  const [right, wrong] = [await listenTls(RIGHT), await listenTls(WRONG)];
  const mute = await listen(createTcpServer());
  const target = { host: "127.0.0.1", pin: RIGHT.pin };
  const targets = [
    { ...target, port: wrong.port },
    { ...target, port: mute, timeoutMs: 200 },
    { ...target, port: right.port },
  ];
  expect(await findServer(targets)).toBe(targets[2]);
  expect(await refusalOf(findServer(targets.slice(0, 2)))).toContain(WRONG.pin);
  await wrong.over;
  expect([...right.heard, ...wrong.heard]).toEqual([]);
});

test("readPin() says whose key it is, and nothing to the server", async () => {
  const { port, heard, over } = await listenTls(WRONG);
  expect(await readPin({ host: "127.0.0.1", port })).toBe(WRONG.pin);
  await over;
  expect(heard).toEqual([]);
});

test("connectPinned() believes an authority where it has no pin, and nobody else", async () => {
  const tries = async (host: string, certificate: SampleCertificate): Promise<string> => {
    const { port, heard, over } = await listenTls(certificate, host);
    const trying = connectPinned({ host, port }).then((socket) => socket.destroy());
    const said = await refusalOf(trying);
    await over;
    expect(heard).toEqual([]);
    return said;
  };
  expect(await tries("127.0.0.1", RIGHT)).toMatchInlineSnapshot(`
    "unreachable
    cannot reach the server 127.0.0.1:N: no authority that this host trusts vouches for it (DEPTH_ZERO_SELF_SIGNED_CERT); it was told nothing
    join with a token, or compare its fingerprint with the one that the server prints and give it: --pin sha256:a2JaLEGBKeGQhtQwjpIAly6f_bP9Ylbk17jkYFadNuw"
  `);
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, RIGHT.cert, EXPIRED.cert]);
  try {
    expect(await tries("localhost", RIGHT)).toBe("'no failure'");
    expect(await tries("127.0.0.1", RIGHT)).toBe("'no failure'");
    expect(await tries("127.0.0.1", WRONG)).toContain("no authority that this host trusts");
    expect(await tries("127.0.0.1", EXPIRED)).toContain("its certificate has expired");
    expect(await tries("127.0.0.2", RIGHT)).toContain("its certificate is for other names");
  } finally {
    setDefaultCACertificates(before);
  }
});

test("connectPinned() says what it met, and the way out", async () => {
  const tries = (host: string, port: number, timeoutMs = 20_000): Promise<string> =>
    refusalOf(connectPinned({ host, port, pin: RIGHT.pin, timeoutMs }));
  const closed = await listen(createTcpServer());
  running.pop()?.();
  const plain = await listen(createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad\r\n\r\n")));
  const mute = await listen(createTcpServer());
  const hungUp = await listen(createTcpServer((socket) => socket.destroy()));
  const unknown = await tries("a.invalid", 8443);
  // Where there is no network at all, the resolver has not even said no.
  expect(unknown).toMatch(
    /a\.invalid: (no such name is known|this host's resolver does not answer)/,
  );
  const said = [
    await tries("127.0.0.1", closed),
    await tries("127.0.0.1", plain),
    await tries("127.0.0.1", mute, 200),
    await tries("127.0.0.1", hungUp),
    // Nothing here drops packets for certain: the sentence alone.
    await refusalOf(
      Promise.reject(
        silent({ host: "192.0.2.1", port: 8443 }, { isConnected: false, timeoutMs: 200 }),
      ),
    ),
  ];
  expect(said.join("\n\n")).toMatchInlineSnapshot(`
    "unreachable
    cannot reach the server 127.0.0.1:N: the connection is refused
    look whether warren server runs there and listens on TCP port N

    unreachable
    cannot reach the server 127.0.0.1:N: what answers there does not speak TLS
    look what listens on TCP port N: a server's plain port is for itself alone, name its other one

    unreachable
    cannot reach the server 127.0.0.1:N: it takes connections and then says nothing for 0.2 s
    look whether a warren server listens there and is well; a firewall between that lets only small packets through does this, too

    unreachable
    cannot reach the server 127.0.0.1:N: it hangs up before it has said who it is
    look whether a warren server listens there, and whether a proxy or a firewall stands between

    unreachable
    cannot reach the server 192.0.2.1: no answer within 0.2 s
    open TCP port N on the server and in the firewalls between, and look whether the address is right"
  `);
});

test("pinnedFetch() brings method, headers and JSON there, and status, headers and text back", async () => {
  const port = await listenHttps(RIGHT, (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method, url, headers } = request;
      const body = Buffer.concat(pieces).toString();
      response.writeHead(201, { "x-answer": "yes" });
      response.end(
        JSON.stringify([method, url, headers["x-asked"], headers["content-type"], body]),
      );
    });
  });
  const ask = pinnedFetch({ host: "127.0.0.1", port, pin: RIGHT.pin });
  const put: PinnedRequest = { method: "PUT", headers: { "x-asked": "1" }, body: { ä: [1] } };
  const answer = await ask("/a?b=c", put);
  expect([answer.status, answer.headers["x-answer"]]).toEqual([201, "yes"]);
  expect(answer.text).toBe('["PUT","/a?b=c","1","application/json","{\\"ä\\":[1]}"]');
  expect((await ask("/")).text).toBe('["GET","/",null,null,""]');
});

test("pinnedFetch() gives up answers that are too long, too slow or broken off, and says nothing of what it sent", async () => {
  const port = await listenHttps(RIGHT, ({ url }, response) => {
    if (url === "/long") response.end("x".repeat(100_000));
    if (url === "/endless") response.write("x");
    if (url === "/broken") {
      response.writeHead(200, { "content-length": 10 });
      response.write("x", () => response.destroy());
    }
    if (url === "/dropped") response.destroy();
  });
  const target = { host: "127.0.0.1", port, pin: RIGHT.pin };
  const slow = new Set(["/endless", "/mute"]);
  const asked = { method: "POST", headers: { authorization: "planted" }, body: "planted" };
  const paths = ["/long", "/endless", "/mute", "/broken", "/dropped"];
  const said = await Promise.all(
    paths.map(async (path) => {
      const answerTimeoutMs = slow.has(path) ? 300 : 20_000;
      const trying = pinnedFetch(target, { answerTimeoutMs, limitBytes: 1000 })(path, asked);
      const error: unknown = await trying.catch((failure: unknown) => failure);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain("planted");
      return `${path} ${await refusalOf(trying)}`;
    }),
  );
  expect(said.join("\n\n")).toMatchInlineSnapshot(`
    "/long unreachable
    cannot reach the server 127.0.0.1:N: its answer is longer than 1000 bytes
    look whether the address is that of a warren server, and update Warren on the older of the two

    /endless unreachable
    cannot reach the server 127.0.0.1:N: no whole answer within 0.3 s
    try again; if it stays so, look at what the server writes into its journal

    /mute unreachable
    cannot reach the server 127.0.0.1:N: no whole answer within 0.3 s
    try again; if it stays so, look at what the server writes into its journal

    /broken unreachable
    cannot reach the server 127.0.0.1:N: the connection broke off before the whole answer was there (ECONNRESET)
    try again; if it stays so, look at what the server writes into its journal

    /dropped unreachable
    cannot reach the server 127.0.0.1:N: the connection broke off before the whole answer was there (ECONNRESET)
    try again; if it stays so, look at what the server writes into its journal"
  `);
});
