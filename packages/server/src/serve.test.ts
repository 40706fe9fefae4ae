/** Tests of a real server in a folder: what it writes holds no secret, and when it stops nothing is lost. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API, AppError, createClient, parseJoinToken } from "@warren/api";
import type { Client, Send } from "@warren/api";
import { parsePublicKey, Problem, say } from "@warren/core";
import type { PublicKey } from "@warren/core";
import { makeSecret, pinnedFetch } from "@warren/crypto";
import type { PinnedAnswer } from "@warren/crypto";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { findServer } from "./folder.ts";
import { serve } from "./serve.ts";
import type { ServeOptions, Serving } from "./serve.ts";
import type { Fields } from "./state.ts";
import { backupStore } from "./store/backup.ts";
import { createMemoryStore } from "./store/memory.ts";
import { readMasterKey } from "./store/master-key.ts";
import { createSeal } from "./store/seal.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What is asked of a server, and every word of it. */
interface Talk {
  readonly folder: string;
  readonly serving: Serving;
  readonly send: Send;
  readonly call: Client;
  readonly urls: string[];
  readonly answers: string[];
}

test("serve() writes no secret down, answers none to whoever may not have it, and has none in a URL", async () => {
  const talk = await startServer();
  const { folder, call, serving, send, urls } = talk;
  const secrets = new Map<string, string>([["the local token", serving.localToken.slice(4)]]);
  const { link, code } = await call("createLink", { params: { account: "admin" } });
  secrets.set("a link", link.split("=")[1] ?? "").set("a code", secretOf(code));
  const first = await send(`${API}/session`, {
    method: "POST",
    headers: {},
    body: { link: secrets.get("a link") },
  });
  expect(first.status).toBe(200);
  const password = "planted password of nobody";
  secrets.set("a password", password);
  await call("setAccount", { params: { account: "admin" }, body: { password } });
  const signedIn = await call("signIn", {
    body: { name: "admin", password, device: "laptop" as never },
  });
  secrets.set("a device's token", (signedIn.token ?? "").slice(4));
  const grant = { network: "*", role: "viewer" } as const;
  // A person makes it: a token makes no other.
  const again = await send(`${API}/session`, {
    method: "POST",
    headers: {},
    body: { name: "admin", password },
  });
  const { headers } = again as PinnedAnswer;
  const [cookie = ""] = String(headers["set-cookie"]).split(";");
  const own = createClient(talk.send, { cookie, "x-warren": "1" });
  const made = await own("createApiToken", { body: { name: "ci" as never, grant } });
  secrets.set("an API token", made.token.slice(4));
  await call("createNetwork", { body: { name: "home" as never } });
  const params = { network: "home" };
  const { token } = await call("createToken", { params, body: { uses: 0 } });
  secrets.set("a join token", secretOf(token));
  const credentials = [];
  for (const name of ["a", "b"]) {
    const credential = `wrc_${makeSecret()}`;
    const body = {
      network: "home",
      name,
      publicKey: keyOf(name),
      credential,
      secret: secretOf(token),
    } as never;
    await call("join", { body });
    secrets.set(`credential of ${name}`, credential.slice(4));
    credentials.push(credential);
  }
  const fields = { tags: ["planted-tag"], endpoint: "203.0.113.1:51820" };
  await call("setNode", { params: { network: "home", node: "a" }, body: fields });
  const { document } = await call("readMesh", { params });
  await call("applyMesh", { params, body: { ...document, policy: [{ from: ["a"], to: ["b"] }] } });
  const told = await hearOnce(serving.port, credentials[0] ?? "");
  const [, psk = ""] = /"psk\/[^"]*":"([^"]*)"/.exec(told) ?? [];
  expect(psk).toHaveLength(44);
  secrets.set("a preshared key", psk);
  secrets.set("the network's secret", await networkSecret(folder));
  // Wrong ones, and right ones in wrong places: nobody is told what he sent.
  talk.answers.length = 0;
  for (const secret of secrets.values()) await sendAstray(send, secret);
  await call("listRevisions");
  await call("listTokens", { params });
  await call("listApiTokens");
  await call("listAccounts");
  const where = [
    ...filesIn(folder),
    ["an answer", Buffer.from(talk.answers.join("\n"))] as const,
    ["a URL", Buffer.from(urls.join("\n"))] as const,
  ];
  expect(findSecrets(secrets, where)).toEqual([]);
  // The search finds what is there, in the file and in its journal.
  const planted = new Map([["a tag", "planted-tag"]]);
  expect(findSecrets(planted, where).join()).toMatch(/a tag in warren\.db/);
  expect(where.map(([name]) => name)).toContain("warren.db-wal");
  for (const file of readdirSync(folder)) {
    expect([file, statSync(join(folder, file)).mode & 0o77]).toEqual([file, 0]);
  }
});

test("serve() tells agents good-bye when it stops, and keeps each change that it has answered", async () => {
  const { folder, call, serving } = await startServer();
  await call("createNetwork", { body: { name: "home" as never, isOpen: true } });
  const credential = `wrc_${makeSecret()}`;
  await call("join", { body: { name: "a" as never, publicKey: keyOf("a"), credential } });
  const stream = await openStream(serving.port, credential);
  const heard: string[] = [];
  stream.on("message", (data: Buffer) => heard.push(data.toString()));
  const closed = new Promise<number>((done) => stream.on("close", done));
  stream.send(JSON.stringify({ kind: "hello", version: "1" }));
  // Half of a request is there when the server is told to stop.
  const late = await beginRequest(serving, "/api/v1/networks");
  const closing = serving.close();
  const answered = late.end('{"name": "other"}');
  await closing;
  await closed;
  expect(heard.map((text) => (JSON.parse(text) as { kind: string }).kind)).toEqual([
    "waiting",
    "bye",
  ]);
  expect(readdirSync(folder)).not.toContain("local.json");
  const store = await openSqliteStore(join(folder, "warren.db"));
  const { rows } = await store.load();
  await store.close();
  expect([await answered, rows.has("network/other")]).toEqual([200, true]);
});

test("serve() stops in time, whoever is connected, and closes a store that cannot be written", async () => {
  const store = createMemoryStore("epoch");
  let isClosed = false;
  const seen = '{"endpoint": "192.0.2.1:51820", "isMapped": false}';
  const full: Store = {
    commit: (commit) => store.commit(commit),
    revisions: (page) => store.revisions(page),
    load: async () => ({ ...(await store.load()), facts: new Map([["seen/home/a", seen]]) }),
    saveFacts: () => Promise.reject(new AppError("cannot-write", say`full`, { fix: say`free` })),
    close: async () => void (isClosed = true),
  };
  const { serving, call } = await startServer({ store: full });
  await call("createNetwork", { body: { name: "home" as never, isOpen: true } });
  const credential = `wrc_${makeSecret()}`;
  await call("join", { body: { name: "a" as never, publicKey: keyOf("a"), credential } });
  // What was seen of it is to be forgotten, which cannot be written.
  await call("removeNode", { params: { network: "home", node: "a" } });
  // It never says a word of TLS.
  const silent = connect(serving.port, "127.0.0.1");
  ends.push(() => void silent.destroy());
  await once(silent, "connect");
  const cutOff = once(silent, "close");
  const began = performance.now();
  await expect(serving.close()).rejects.toThrow("full");
  await cutOff;
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(isClosed).toBe(true);
});

test("serve() has a folder to itself, from before it opens the store until it has closed it", async () => {
  const { folder, call, serving } = await startServer();
  const second = { folder, host: "127.0.0.1", port: 0, addresses: [] };
  const told = readFileSync(join(folder, "local.json"), "utf8");
  const store = createMemoryStore("epoch");
  const untouched = { ...store, load: () => expect.unreachable() };
  const refused = expect.objectContaining({
    code: "busy",
    file: folder,
    message: `a server runs in this folder already: process ${process.pid}`,
  });
  await expect(serve({ ...second, store: untouched })).rejects.toThrow(refused);
  await expect(serve(second)).rejects.toThrow(refused);
  expect(readFileSync(join(folder, "local.json"), "utf8")).toBe(told);
  expect(findServer(folder)).toBe(String(process.pid));
  // Who is refused takes the lock from nobody; another process is not let in either.
  expect(lockElsewhere(folder)).toMatch("database is locked");
  // And a backup needs no lock.
  await call("createNetwork", { body: { name: "home" as never } });
  await backupStore(join(folder, "warren.db"), join(folder, "copy"));
  await serving.close();
  expect(lockElsewhere(folder)).toBe("");
  const { call: again } = await startServer({ folder });
  expect(await again("listNetworks")).toMatchObject([{ name: "home" }]);
});

test("serve() that cannot listen leaves its folder to another", async () => {
  const { serving } = await startServer();
  const folder = makeFolder();
  await expect(startServer({ folder, port: serving.port })).rejects.toThrow("is in use already");
  await startServer({ folder });
});

test("serve() has another certificate than its hosts know only where that is meant", async () => {
  const { folder, call, serving } = await startServer();
  const lose = async (each: Serving): Promise<void> => {
    await each.close();
    rmSync(join(folder, "certificate.pem"));
  };
  await call("createNetwork", { body: { name: "home" as never, isOpen: true } });
  await lose(serving);
  const second = await startServer({ folder });
  expect(second.serving.pin).not.toBe(serving.pin);
  const body = { name: "a" as never, publicKey: keyOf("a"), credential: `wrc_${makeSecret()}` };
  await second.call("join", { body });
  await lose(second.serving);
  await expect(startServer({ folder })).rejects.toThrow("the server's certificate is missing");
  const third = await startServer({ folder, isNewCertificate: true });
  expect(third.serving.pin).not.toBe(second.serving.pin);
});

test("serve() takes away what a killed one has left of its files", async () => {
  const folder = makeFolder();
  const left = ["warren.db.0123456789ab.warren-new", "warren.db.0123456789ab.warren-new-journal"];
  const kept = ["warren.db.abcdef012345.warren-new", "note.warren-new"];
  for (const name of [...left, ...kept]) writeFileSync(join(folder, `.${name}`), "rows");
  for (const name of [...left, "note.warren-new"]) utimesSync(join(folder, `.${name}`), 1, 1);
  await startServer({ folder });
  const found = readdirSync(folder).filter((name) => name.includes("warren-new"));
  expect(found.toSorted()).toEqual(kept.map((name) => `.${name}`).toSorted());
});

test("a server on one address is reached there by its own host, and by all others", async () => {
  const { folder, serving } = await startServer({ host: "127.0.0.2" });
  const { address } = JSON.parse(readFileSync(join(folder, "local.json"), "utf8")) as Fields;
  const there = { host: "127.0.0.2", port: serving.port };
  expect([address, serving.local]).toEqual([`127.0.0.2:${serving.port}`, there]);
  expect(serving.addresses).toEqual([there]);
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "warren-serve-"));
  ends.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function startServer(options: Partial<ServeOptions> = {}): Promise<Talk> {
  const folder = options.folder ?? makeFolder();
  const serving = await serve({ folder, host: "127.0.0.1", port: 0, addresses: [], ...options });
  ends.push(() => serving.close().catch(() => undefined));
  const fetch = pinnedFetch({ host: "127.0.0.1", port: serving.port, pin: serving.pin });
  const urls: string[] = [];
  const answers: string[] = [];
  const send: Send = async (path, asked) => {
    urls.push(path);
    const answer = await fetch(path, asked);
    answers.push(answer.text);
    return answer;
  };
  const call = createClient(send, { authorization: `Bearer ${serving.localToken}` });
  return { folder, serving, send, call, urls, answers };
}

/** What SQLite says in another process. */
function lockElsewhere(folder: string): string {
  const program = `const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(process.argv[1], { timeout: 0 }).exec("BEGIN EXCLUSIVE")`;
  return spawnSync(process.execPath, ["-e", program, join(folder, ".server")], {
    encoding: "utf8",
  }).stderr;
}

/** Each where something else is wanted, so that it is refused. */
async function sendAstray(send: Send, secret: string): Promise<void> {
  const bodies = [
    { link: `${secret}x` },
    // Each takes as long as a right one.
    ...(secret.startsWith("planted") ? [{ name: "admin", password: `${secret}x` }] : []),
    { name: 1.5, password: secret },
    { passwort: secret },
    { network: "home", name: "c", publicKey: keyOf("c"), secret: `${secret}x` },
  ];
  for (const path of ["/session", "/join"]) {
    for (const body of bodies) {
      const { status } = await send(`${API}${path}`, { method: "POST", headers: {}, body });
      expect(status).toBeGreaterThanOrEqual(400);
    }
  }
  const headers = { authorization: `Bearer ${secret}` };
  const { status } = await send(`${API}/networks`, { method: "GET", headers });
  expect(status).toBe(401);
}

/** As texts, and as the bytes that base64 stands for. */
function findSecrets(
  secrets: ReadonlyMap<string, string>,
  where: readonly (readonly [name: string, bytes: Buffer])[],
): readonly string[] {
  return [...secrets].flatMap(([what, secret]) => {
    if (secret.length < 8) throw new Error(`${what}: ${secret}`);
    const forms = [Buffer.from(secret), Buffer.from(secret, "base64url")];
    return where
      .filter(([, bytes]) => forms.some((form) => form.length > 7 && bytes.includes(form)))
      .map(([name]) => `${what} in ${name}`);
  });
}

/** All but those that are there to hold a secret. */
function filesIn(folder: string): readonly (readonly [string, Buffer])[] {
  const own = new Set(["local.json", "master.key", "certificate.pem"]);
  return readdirSync(folder)
    .filter((file) => !own.has(file))
    .map((file) => [file, readFileSync(join(folder, file))] as const);
}

async function networkSecret(folder: string): Promise<string> {
  const store = await openSqliteStore(join(folder, "warren.db"));
  const sealed = (await store.load()).rows.get("secret/network/home") ?? '""';
  await store.close();
  const rows = new Map([["secret/network/home", String(JSON.parse(sealed))]]);
  const seal = createSeal(await readMasterKey({ file: join(folder, "master.key") }, rows));
  return seal.open("secret/network/home", String(JSON.parse(sealed)));
}

/** The first message after a greeting. */
async function hearOnce(port: number, credential: string): Promise<string> {
  const stream = await openStream(port, credential);
  const heard = new Promise<string>((done) => {
    stream.once("message", (data: Buffer) => done(data.toString()));
  });
  stream.send(JSON.stringify({ kind: "hello", version: "1" }));
  const text = await heard;
  stream.terminate();
  return text;
}

async function openStream(port: number, credential: string): Promise<WebSocket> {
  const stream = new WebSocket(`wss://127.0.0.1:${port}${API}/stream`, {
    headers: { Authorization: `Bearer ${credential}` },
    rejectUnauthorized: false,
  });
  ends.push(() => stream.terminate());
  await new Promise((done, failed) => stream.once("open", done).once("error", failed));
  return stream;
}

/** Ends when the server has read its head, and waits for the rest. */
async function beginRequest(
  { port, localToken }: Serving,
  path: string,
): Promise<{ readonly end: (text: string) => Promise<number | undefined> }> {
  const asked = request({
    port,
    path,
    method: "POST",
    rejectUnauthorized: false,
    headers: { Authorization: `Bearer ${localToken}`, Expect: "100-continue" },
  });
  const answer = once(asked, "response");
  const going = once(asked, "continue");
  asked.flushHeaders();
  await going;
  return {
    end: async (text) => {
      asked.end(text);
      const [response] = (await answer) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    },
  };
}

function secretOf(token: string): string {
  const parsed = parseJoinToken(token);
  return parsed instanceof Problem ? "" : parsed.secret;
}

function keyOf(letter: string): PublicKey {
  const key = parsePublicKey(Buffer.alloc(32, letter).toString("base64"));
  if (key instanceof Problem) throw new Error(String(key));
  return key;
}
