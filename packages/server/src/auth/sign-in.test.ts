/** Tests of the ways in: links, passwords, cookies, tokens, credentials, each as far as it goes and no farther. */
import { expect, test } from "vitest";
import { AppError } from "@warren/api";
import { printText } from "@warren/core";
import type { Name } from "@warren/core";
import { hashPassword, hashSecret, isPassword, makeSecret } from "@warren/crypto";
import { EMPTY_STATE } from "../state.ts";
import { addLink, LINK_MS, printLink, putAccount, removeAccount, spendLink } from "./accounts.ts";
import type { ApiToken, AuthState } from "./auth-state.ts";
import { authenticate } from "./authenticate.ts";
import type { Known } from "./authenticate.ts";
import { addApiToken, removeApiToken } from "./credentials.ts";
import { ACCOUNT_RATE, ADDRESS_RATE, RateLimit } from "./rate-limit.ts";
import { mayDo } from "./roles.ts";
import type { Caller, Grant } from "./roles.ts";
import { printCookie, readCookie, Sessions } from "./sessions.ts";
import { checkPassword, demandPassword } from "./sign-in.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 60 * 60 * 1000;
const admin = "admin" as Name;
const office = "office" as Name;
const everything: Grant = { network: "*", role: "admin" };

const LINK = "planted-link";
const TOKEN = `wrt_${makeSecret()}`;
const CREDENTIAL = `wrc_${makeSecret()}`;

function firstState(): AuthState {
  const link = { hash: hashSecret(LINK), account: admin, expiresAt: NOW + LINK_MS };
  return addLink(putAccount(EMPTY_STATE, { name: admin, roles: [everything] }), link);
}

function apiToken(grant: Grant): Omit<ApiToken, "account"> {
  return {
    hash: hashSecret(TOKEN),
    name: "ci" as Name,
    grant,
    createdAt: NOW,
    expiresAt: NOW + HOUR,
  };
}

function ask(
  state: AuthState,
  headers: Readonly<Record<string, string>>,
  {
    method = "GET",
    now = NOW,
    sessions = new Sessions(),
    nodes = new Map(),
  }: Partial<Pick<Known, "sessions" | "nodes">> & { method?: string; now?: number } = {},
): Caller {
  const header = (name: string): string | undefined => headers[name];
  return authenticate(
    { state, nodes, sessions, hashSecret, localHash: hashSecret("wrl_local") },
    { method, header },
    now,
  );
}

function refusal(trying: () => unknown): string {
  try {
    trying();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.code}: ${printText(error.text)}; ${printText(error.fix)}`;
  }
  return "no refusal";
}

test("spendLink() signs the first account in, once and within an hour", () => {
  const state = firstState();
  const spent = spendLink(state, hashSecret(LINK), NOW + LINK_MS - 1);
  expect(spent.account).toBe(admin);
  expect(spent.state.account.get(admin)?.roles).toEqual([everything]);
  const said = [
    refusal(() => spendLink(spent.state, hashSecret(LINK), NOW)),
    refusal(() => spendLink(state, hashSecret(LINK), NOW + LINK_MS)),
    refusal(() => spendLink(state, hashSecret("another"), NOW)),
  ];
  expect(new Set(said)).toEqual(
    new Set([
      "unauthorised: this link has been used, or has expired; warren login gives a new one",
    ]),
  );
});

test("spendLink() leaves other links that still hold", () => {
  const hashes = ["a", "b", "c"].map(hashSecret);
  const ends = [NOW + 1, NOW, NOW + 2];
  const state = hashes.reduce(
    (state, hash, at) => addLink(state, { hash, account: admin, expiresAt: ends[at] ?? 0 }),
    firstState(),
  );
  const spent = spendLink(state, hashSecret("a"), NOW).state;
  expect([...spent.link.keys()]).toEqual([hashSecret(LINK), hashSecret("c")]);
});

test("printLink() has the secret where no server sees it", () => {
  const url = new URL(printLink("https://aws.example:8443", LINK));
  expect([url.hash, url.pathname, url.search]).toEqual([`#sign-in=${LINK}`, "/", ""]);
});

test("putAccount() and removeAccount() leave one who may do everything", () => {
  const state = firstState();
  const less = { name: admin, roles: [{ network: office, role: "admin" as const }] };
  const text =
    "conflict: this is the last account that may do everything; give another one the role admin everywhere first";
  expect(refusal(() => putAccount(state, less))).toBe(text);
  expect(refusal(() => removeAccount(state, admin))).toBe(text);
  expect(refusal(() => removeAccount(state, "nobody" as Name))).toContain(
    "there is no account nobody",
  );
  const two = putAccount(state, { name: "b" as Name, roles: [everything] });
  const made = addApiToken(
    two,
    { kind: "account", name: admin, roles: [everything] },
    apiToken(everything),
  );
  const one = removeAccount(made, admin);
  expect([[...one.account.keys()], one.link.size, one.apiToken.size]).toEqual([["b"], 0, 0]);
});

test("checkPassword() takes the right password, and tells nothing else apart", async () => {
  const passwordHash = await hashPassword("right");
  const state = putAccount(firstState(), { name: admin, passwordHash, roles: [everything] });
  const { account: accounts } = putAccount(state, { name: "b" as Name, roles: [] });
  const asked: (string | undefined)[] = [];
  const lengths: number[] = [];
  const door = {
    byAddress: new RateLimit(ADDRESS_RATE),
    byAccount: new RateLimit(ACCOUNT_RATE),
    isPassword: async (password: string, kept: string | undefined) => {
      asked.push(kept);
      lengths.push(password.length);
      return isPassword(password, kept);
    },
  };
  const tries = async (account: string, password: string): Promise<string> => {
    const attempt = { account, password, remoteAddress: "192.0.2.1" };
    return checkPassword(door, accounts, attempt, NOW).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      return printText(error.text);
    });
  };
  expect(await tries("admin", "right")).toBe("admin");
  expect([door.byAddress.size, door.byAccount.size]).toEqual([0, 0]);
  const wrong = [
    await tries("admin", "wrong"),
    await tries("admin", "right".padEnd(2000, "x")),
    await tries("b", ""),
    await tries("nobody", "right"),
    await tries("__proto__", "right"),
  ];
  expect(new Set(wrong)).toEqual(new Set(["name or password is wrong"]));
  expect(Math.max(...lengths)).toBe(5);
  // Each of them took a hash's time.
  expect(asked).toEqual([
    passwordHash,
    passwordHash,
    passwordHash,
    undefined,
    undefined,
    undefined,
  ]);
});

test("demandPassword() takes 12 to 1000 characters, and repeats none of them", () => {
  const taken = [11, 12, 1000, 1001].map((length) =>
    refusal(() => demandPassword("planted".padEnd(length, "é").slice(0, length))),
  );
  const refused =
    "invalid: a password has 12 to 1000 characters; choose another: four words that have nothing to do with each other are easy to remember";
  expect(taken).toEqual([refused, "no refusal", "no refusal", refused]);
});

test("checkPassword() stops guessers, by their address and by the account", async () => {
  const door = (addresses: number, tries: number) => ({
    byAddress: new RateLimit({ burst: addresses, perMinute: 1 }),
    byAccount: new RateLimit({ burst: tries, perMinute: 1 }),
    isPassword: async () => false,
  });
  const codes = async (
    limits: ReturnType<typeof door>,
    attempts: readonly (readonly [account: string, remoteAddress: string])[],
  ): Promise<readonly unknown[]> =>
    Promise.all(
      attempts.map(async ([account, remoteAddress]) =>
        checkPassword(limits, new Map(), { account, password: "x", remoteAddress }, NOW).catch(
          (error: unknown) => (error instanceof AppError ? error.code : error),
        ),
      ),
    );
  const one = "192.0.2.1";
  const byAddress = [
    ["a", one],
    ["b", one],
    ["c", one],
    ["c", "192.0.2.2"],
  ] as const;
  const stopped = ["unauthorised", "unauthorised", "too-many", "unauthorised"];
  expect(await codes(door(2, 9), byAddress)).toEqual(stopped);
  const byAccount = [
    ["a", "192.0.2.1"],
    ["a", "192.0.2.2"],
    ["a", "192.0.2.3"],
    ["b", "192.0.2.3"],
  ] as const;
  expect(await codes(door(9, 2), byAccount)).toEqual(stopped);
});

test("authenticate() knows a session by its cookie, for changes with the page's own header only", () => {
  const sessions = new Sessions();
  const secret = makeSecret();
  sessions.start(hashSecret(secret), admin, NOW);
  const cookie = `other=1; ${printCookie(secret).split(";")[0]}`;
  const state = firstState();
  const who = { kind: "account", name: admin, roles: [everything] };
  expect(ask(state, { cookie }, { sessions })).toEqual(who);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post"]) {
    const elsewhere = ask(state, { cookie }, { sessions, method });
    expect(elsewhere).toEqual({ kind: "nobody", why: "from-elsewhere" });
    expect(ask(state, { cookie, "x-warren": "1" }, { sessions, method })).toEqual(who);
  }
  expect(ask(EMPTY_STATE, { cookie }, { sessions })).toEqual({ kind: "nobody", why: "unknown" });
  expect(ask(state, { cookie: `${cookie}x` }, { sessions })).toEqual({
    kind: "nobody",
    why: "unknown",
  });
  expect(ask(state, { cookie: "other=1" }, { sessions })).toEqual({
    kind: "nobody",
    why: "nothing",
  });
  sessions.end(hashSecret(secret));
  expect(ask(state, { cookie }, { sessions })).toEqual({ kind: "nobody", why: "unknown" });
});

test("Sessions end after 12 idle hours, after 7 days, and the oldest for the 21st of an account", () => {
  const sessions = new Sessions();
  sessions.start("a", admin, NOW);
  expect(sessions.find("a", NOW + 12 * HOUR - 1)).toBe(admin);
  expect(sessions.find("a", NOW + 24 * HOUR - 2)).toBe(admin);
  expect(sessions.find("a", NOW + 36 * HOUR)).toBe("expired");
  expect(sessions.find("a", NOW)).toBe(undefined);
  sessions.start("b", admin, NOW);
  const uses = Array.from({ length: 21 }, (_, at) => sessions.find("b", NOW + at * 8 * HOUR));
  expect(uses).toEqual(Array.from({ length: 21 }, () => admin));
  expect(sessions.find("b", NOW + 7 * 24 * HOUR)).toBe("expired");
  for (let at = 0; at <= 20; at += 1) sessions.start(`c${at}`, admin, NOW);
  sessions.start("d", office, NOW);
  expect(["c0", "c1", "c20"].map((hash) => sessions.find(hash, NOW))).toEqual([
    undefined,
    admin,
    admin,
  ]);
  sessions.endAllOf(admin);
  expect(["c1", "c20", "d"].map((hash) => sessions.find(hash, NOW))).toEqual([
    undefined,
    undefined,
    office,
  ]);
});

test("printCookie() shows the session to this server alone, and to no script", () => {
  expect(printCookie("abc")).toMatchInlineSnapshot(
    `"__Host-warren=abc; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict"`,
  );
  expect(printCookie("")).toContain("Max-Age=0;");
  expect(readCookie(`a=b;${printCookie("abc")}`)).toBe("abc");
});

test("authenticate() knows an API token until it ends, never for more than who made it", () => {
  const maker: Caller = { kind: "account", name: admin, roles: [everything] };
  const state = addApiToken(firstState(), maker, apiToken({ network: office, role: "operator" }));
  const authorization = `Bearer ${TOKEN}`;
  const roles = [{ network: office, role: "operator" }];
  const who = { kind: "apiToken", name: "ci", account: admin, roles };
  expect(ask(state, { authorization }, { method: "POST" })).toEqual(who);
  expect(ask(state, { authorization }, { now: NOW + HOUR })).toEqual({
    kind: "nobody",
    why: "expired",
  });
  // The one who made it is a viewer by now.
  const other = putAccount(state, { name: "b" as Name, roles: [everything] });
  const viewer = putAccount(other, { name: admin, roles: [{ network: "*", role: "viewer" }] });
  expect(mayDo(ask(viewer, { authorization }), { network: office, role: "operator" })).toBe(false);
  expect(mayDo(ask(viewer, { authorization }), { network: office, role: "viewer" })).toBe(true);
  const without = removeApiToken(state, "ci" as Name);
  expect(ask(without, { authorization })).toEqual({ kind: "nobody", why: "unknown" });
  const said = [
    refusal(() => addApiToken(state, maker, apiToken(everything))),
    refusal(() =>
      addApiToken(without, { kind: "account", name: admin, roles: [] }, apiToken(everything)),
    ),
    refusal(() => removeApiToken(state, "cj" as Name)),
  ];
  expect(said.join("\n")).toMatchInlineSnapshot(`
    "conflict: there is an API token ci already; choose another name, or revoke that one first
    forbidden: a token cannot do more than who makes it; choose a role and a network that you have yourself
    not-found: there is no API token cj; did you mean ci?"
  `);
});

test("authenticate() knows a node by its credential, and as no person", () => {
  const node = { kind: "node", network: office, node: "aws" as Name } as const;
  const nodes = new Map([[hashSecret(CREDENTIAL), node]]);
  const by = (secret: string): Caller =>
    ask(firstState(), { authorization: `Bearer ${secret}` }, { nodes });
  expect(by(CREDENTIAL)).toEqual(node);
  expect(by("wrc_old")).toEqual({ kind: "nobody", why: "unknown" });
  expect(mayDo(by(CREDENTIAL), { network: office, role: "viewer" })).toBe(false);
});

test("authenticate() takes a secret for what it begins with only, and nothing else for one", () => {
  const maker: Caller = { kind: "account", name: admin, roles: [everything] };
  const state = addApiToken(firstState(), maker, apiToken(everything));
  const node = { kind: "node", network: office, node: "aws" as Name } as const;
  const nodes = new Map([[hashSecret(CREDENTIAL), node]]);
  const swapped = [TOKEN.replace("wrt_", "wrc_"), CREDENTIAL.replace("wrc_", "wrt_")];
  const written = ["", "Bearer", "Bearer ", `Basic ${TOKEN}`, `Bearer ${hashSecret(TOKEN)}`, TOKEN];
  for (const each of [...written, ...swapped.map((secret) => `Bearer ${secret}`)]) {
    const caller = ask(state, { authorization: each }, { nodes });
    expect(caller).toEqual({ kind: "nobody", why: "unknown" });
  }
  // A wrong one is not made good by a cookie.
  const sessions = new Sessions();
  sessions.start(hashSecret("s"), admin, NOW);
  const cookie = printCookie("s");
  expect(ask(state, { authorization: "Bearer wrt_x", cookie }, { sessions }).kind).toBe("nobody");
});

test("what is kept has no secret in it", async () => {
  const maker: Caller = { kind: "account", name: admin, roles: [everything] };
  const passwordHash = await hashPassword("planted-password");
  const person = putAccount(firstState(), { name: admin, passwordHash, roles: [everything] });
  const state = addApiToken(person, maker, apiToken({ network: office, role: "viewer" }));
  const kept = JSON.stringify([state.account, state.apiToken, state.link].map((rows) => [...rows]));
  expect(kept).toContain(hashSecret(TOKEN));
  for (const secret of [LINK, "planted", TOKEN.slice(4)]) expect(kept).not.toContain(secret);
});
