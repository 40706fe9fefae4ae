/** Tests of the server's certificate: made, kept, made anew for the same key; and agents' way to a server that has it. */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { AppError } from "@warren/api";
import type { Pin } from "@warren/api";
import { printText } from "@warren/core";
import { pinnedConnection } from "@warren/crypto";
import { WebSocket, WebSocketServer } from "ws";
import { checkExpiry, findAuthority, keepCertificate, readCertificate } from "./certificate.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const DAY = 24 * 60 * 60 * 1000;
const NAMES = ["aws", "aws.example", "192.0.2.1", "2001:db8::1"];

const folder = fs.mkdtempSync(join(tmpdir(), "warren-certificate-"));

afterEach(() => fs.rmSync(folder, { recursive: true }));

function inFolder(name: string): string {
  fs.mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

async function refusalOf(trying: () => unknown): Promise<string> {
  try {
    await trying();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const file = error.file?.replace(folder, "") ?? "";
    return [error.code, file, printText(error.text).replace(folder, ""), printText(error.fix)].join(
      " | ",
    );
  }
  return "no refusal";
}

test("keepCertificate() makes one for the names and addresses of the host, for ten years", async () => {
  const made = await keepCertificate(inFolder("tls.pem"), { names: NAMES, isNew: true, now: NOW });
  const read = new X509Certificate(made.cert);
  expect(NAMES.slice(0, 2).map((name) => read.checkHost(name))).toEqual(NAMES.slice(0, 2));
  expect(NAMES.slice(2).map((name) => read.checkIP(name))).toEqual(NAMES.slice(2));
  expect([read.checkHost("other"), read.checkIP("192.0.2.2")]).toEqual([undefined, undefined]);
  expect([read.ca, read.publicKey.asymmetricKeyDetails?.namedCurve]).toEqual([false, "prime256v1"]);
  expect(
    [read.validFromDate, read.validToDate].map((date) => (date.getTime() - NOW) / DAY),
  ).toEqual([-1, 3650]);
  expect([made.isVouchedFor, made.expiresAt]).toEqual([false, NOW + 3650 * DAY]);
});

test("keepCertificate() keeps it in one file that its owner alone reads, and makes it once", async () => {
  const file = inFolder("tls.pem");
  const first = await keepCertificate(file, { names: NAMES, isNew: true, now: NOW });
  expect(fs.readdirSync(folder)).toEqual(["tls.pem"]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  const before = fs.statSync(file).ino;
  fs.chmodSync(file, 0o644);
  expect(await keepCertificate(file, { names: ["b"], isNew: false, now: NOW + DAY })).toEqual(
    first,
  );
  expect([fs.statSync(file).mode & 0o777, fs.statSync(file).ino]).toEqual([0o600, before]);
});

test("keepCertificate() makes none instead of a lost one that hosts know the server by", async () => {
  const making = { names: NAMES, now: NOW, isNew: false };
  const file = inFolder("tls.pem");
  expect(await refusalOf(() => keepCertificate(file, making))).toMatchInlineSnapshot(
    `"cannot-read | /tls.pem | the server's certificate is missing, and hosts know the server by its key | put the file back from a backup; or have every host join again: warren server --new-certificate"`,
  );
  expect(fs.existsSync(file)).toBe(false);
});

test("keepCertificate() makes another for the same key 30 days before it ends", async () => {
  const file = inFolder("tls.pem");
  const first = await keepCertificate(file, { names: NAMES, isNew: true, now: NOW });
  const kept = await keepCertificate(file, {
    names: NAMES,
    isNew: true,
    now: first.expiresAt - 30 * DAY - 1,
  });
  expect(kept).toEqual(first);
  const now = first.expiresAt - 30 * DAY;
  const renewed = await keepCertificate(file, { names: NAMES, isNew: true, now });
  expect([renewed.pin, renewed.expiresAt]).toEqual([first.pin, now + 3650 * DAY]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("readCertificate() reads its owner's, and says what is wrong with it and nothing of the key", async () => {
  const [one, other] = [inFolder("one.pem"), inFolder("other.pem")];
  const made = await keepCertificate(one, { names: NAMES, isNew: true, now: NOW });
  await keepCertificate(other, { names: NAMES, isNew: true, now: NOW });
  expect(readCertificate({ cert: one, key: one })).toEqual(made);
  fs.writeFileSync(inFolder("text"), "planted");
  fs.writeFileSync(inFolder("key"), made.key.slice(0, made.key.indexOf("-----BEGIN CERT")));
  const said = [
    await refusalOf(() => readCertificate({ cert: inFolder("none"), key: one })),
    await refusalOf(() => readCertificate({ cert: one, key: inFolder("none") })),
    await refusalOf(() => readCertificate({ cert: inFolder("text"), key: one })),
    await refusalOf(() => readCertificate({ cert: inFolder("key"), key: one })),
    await refusalOf(() => readCertificate({ cert: one, key: inFolder("text") })),
    await refusalOf(() => readCertificate({ cert: one, key: other })),
    await refusalOf(async () =>
      keepCertificate(inFolder("text"), { names: NAMES, isNew: true, now: NOW }),
    ),
    await refusalOf(async () =>
      keepCertificate(inFolder("no/tls"), { names: NAMES, isNew: true, now: NOW }),
    ),
  ];
  expect(said.join("\n")).toMatchInlineSnapshot(`
    "cannot-read | /none | cannot read: no such file or folder | check the path
    cannot-read | /none | cannot read: no such file or folder | check the path
    invalid | /text | no certificate in PEM | name the right file, or bring it back from a backup: agents know the server by its key
    invalid | /key | no certificate in PEM | name the right file, or bring it back from a backup: agents know the server by its key
    invalid | /text | no private key in PEM | it must be in PEM and without a password; name the right file, or bring it back from a backup: agents know the server by its key
    invalid | /other.pem | this is not the key of the certificate in /one.pem | name the two that belong together
    invalid | /text | no certificate in PEM | name the right file, or bring it back from a backup: agents know the server by its key
    cannot-write | /no/tls | cannot write: no such file or folder | check the path"
  `);
  expect(said.join("\n")).not.toContain("planted");
  // What could not be read is left as it was.
  expect(fs.readFileSync(inFolder("text"), "utf8")).toBe("planted");
});

test("findAuthority() follows the chain to one that everybody knows, or finds none", async () => {
  const [root = "", other = ""] = rootCertificates;
  const own = await keepCertificate(inFolder("tls.pem"), { names: NAMES, isNew: true, now: NOW });
  const found = [root, own.cert, `${own.cert}\n${root}`, `${root}\n${other}`, ""].map(
    findAuthority,
  );
  expect(found.map((each) => each?.fingerprint256)).toEqual([
    new X509Certificate(root).fingerprint256,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("checkExpiry() tells it 30 days before", async () => {
  const made = await keepCertificate(inFolder("tls.pem"), { names: NAMES, isNew: true, now: NOW });
  const said = [-31, -30, -1, 0].map((days) => {
    const now = made.expiresAt + days * DAY;
    const finding = checkExpiry(made, { file: "server.crt", now });
    return (
      finding && `${finding.severity} ${printText(finding.message)}; ${printText(finding.fix)}`
    );
  });
  expect(said).toMatchInlineSnapshot(`
    [
      undefined,
      "warning the server's certificate expires on 2036-02-27; put a new one there, best with the same key, and start the server again",
      "warning the server's certificate expires on 2036-02-27; put a new one there, best with the same key, and start the server again",
      "error the server's certificate has expired; put a new one there, best with the same key, and start the server again",
    ]
  `);
});

test("a server with it is found by its pin, by WebSockets too, and no other is told anything", async () => {
  const { cert, key, pin } = await keepCertificate(inFolder("tls.pem"), {
    names: [],
    isNew: true,
    now: NOW,
  });
  const other = await keepCertificate(inFolder("other.pem"), { names: [], isNew: true, now: NOW });
  const server = createServer({ cert, key }).listen(0, "127.0.0.1");
  const streams = new WebSocketServer({ server });
  const upgraded: (string | undefined)[] = [];
  streams.on("connection", (socket, request) => {
    upgraded.push(request.headers.authorization);
    socket.send("welcome");
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const open = (wanted: Pin): WebSocket => {
    const createConnection = pinnedConnection({ host: "127.0.0.1", port, pin: wanted });
    const headers = { authorization: "Bearer planted" };
    // Its types know only connections that are there at once.
    const options = { headers, createConnection: createConnection as never };
    return new WebSocket(`wss://127.0.0.1:${port}/stream`, options);
  };
  const [error] = (await once(open(other.pin), "error")) as [Error];
  expect(error).toBeInstanceOf(AppError);
  expect(error.message).toContain(`its key has the fingerprint ${pin}, not ${other.pin}`);
  expect(upgraded).toEqual([]);
  const socket = open(pin);
  const [message] = (await once(socket, "message")) as [Buffer];
  expect([message.toString(), upgraded]).toEqual(["welcome", ["Bearer planted"]]);
  socket.terminate();
  streams.close();
  server.close();
});
