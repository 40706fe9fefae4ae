/**
 * Nothing that lets somebody in, and no key, is where others can read it: not in what processes are called
 * with, logs, the store, nor any file but those that are its home, which are for root alone.
 */
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseJoinToken } from "@warren/api";
import { Problem } from "@warren/core";
import { readMasterKey } from "../packages/server/src/store/master-key.ts";
import { createSeal } from "../packages/server/src/store/seal.ts";
import { openSqliteStore } from "../packages/server/src/store/sqlite.ts";
import { createControl, serveOn, type, untilServing, machinesOf } from "./control-machines.ts";
import { readProcesses, watchProcesses } from "./system-search.ts";
import type { System } from "./system.ts";
import type { Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const PASSWORD = "four words of chance";
const SERVER = "/var/lib/warren-server";
const AGENT = "/var/lib/warren/mesh";
const BACKUP = "/root/warren.db";
const LOGIN = "/root/.config/warren/login.json";

/** Every secret of a run, by what it is. */
type Secrets = Map<string, string>;

test("no secret of a server or of its hosts is where others read", async () => {
  const lab = await createControl(ground, ["srv", "a", "b"]);
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  const secrets: Secrets = new Map();
  const seen = watchProcesses();
  await serveOn(srv);
  await letIn(secrets, srv, [a, b]);
  const planted = await plant(srv, a);
  await signIn(secrets, srv, a);
  await keepHosts(secrets, [a, b]);
  await keepServer(secrets, srv, "before");
  const homes = async () => await listHomes(lab, [...secrets.values()]);
  expect(await homes()).toMatchInlineSnapshot(`
    [
      "600 root a:/root/.config/warren/login.json",
      "600 root a:/var/lib/warren/mesh/credential.json",
      "600 root a:/var/lib/warren/mesh/device.json",
      "600 root a:/var/lib/warren/mesh/key",
      "600 root b:/var/lib/warren/mesh/credential.json",
      "600 root b:/var/lib/warren/mesh/device.json",
      "600 root b:/var/lib/warren/mesh/key",
      "600 root srv:/var/lib/warren-server/certificate.pem",
      "600 root srv:/var/lib/warren-server/local.json",
      "600 root srv:/var/lib/warren-server/master.key",
    ]
  `);
  const said = [
    await type(srv, "warren token list mesh; warren node list mesh --json; warren pull mesh"),
    await type(a, "warren status"),
    await restore(srv),
    await type(a, "warren leave"),
    await type(srv, "warren node remove mesh b"),
    await type(b, `timeout 10 sh -c 'while [ -e ${AGENT}/key ]; do sleep 0.05; done'`),
  ];
  await keepServer(secrets, srv, "after");
  const told = [...said, ...seen.stop(), ...readProcesses()].join("\n");
  expect(await homes()).toMatchInlineSnapshot(`
    [
      "600 root a:/root/.config/warren/login.json",
      "600 root srv:/var/lib/warren-server/certificate.pem",
      "600 root srv:/var/lib/warren-server/local.json",
      "600 root srv:/var/lib/warren-server/master.key",
    ]
  `);
  for (const [what, secret] of secrets) {
    expect({ what, isOne: secret.length > 15 }).toEqual({ what, isOne: true });
    // An argument is read by whoever is there before the program is.
    const isTold = told.includes(secret) && !what.includes("typed");
    expect({ what, isTold }).toEqual({ what, isTold: false });
  }

  // The search finds what is there.
  const known = [
    "srv:/var/lib/warren-server/warren.db.before-restore",
    "a:/tmp/planted",
    "a:journal",
  ];
  expect(await lab.findText(planted.everywhere)).toEqual(expect.arrayContaining(known));
  expect(told).toContain(planted.called);
});

/** The places of secrets, with who may read them. */
async function listHomes(lab: Systems, secrets: readonly string[]): Promise<readonly string[]> {
  const places = await lab.findText(...secrets);
  const listed = places.map(async (place) => {
    const [, name, path] = /^(srv|a|b):(\/.*)$/.exec(place) ?? [];
    if (name === undefined) return place;
    return `${await type(lab.machine(name), `stat -c '%a %U' ${path}`)} ${place}`.replace("\n", "");
  });
  return (await Promise.all(listed)).toSorted();
}

/** By a token as an argument, in a file, and on standard input. */
async function letIn(secrets: Secrets, srv: System, [a, b]: readonly [System, System]) {
  const create = async (what: string, options = ""): Promise<string> => {
    const token = (await type(srv, `warren token create mesh ${options}`)).trim();
    const parsed = parseJoinToken(token);
    if (parsed instanceof Problem) throw new Error(`no token: ${token}`);
    secrets.set(`${what} token`, token).set(`secret of the ${what} token`, parsed.secret);
    return token;
  };
  const typed = await create("typed", "--ask");
  const joining = give(a, 'warren join "$(cat)"', typed);
  const list = () => type(srv, "warren node list mesh");
  await expect.poll(list, { timeout: 10_000, interval: 100 }).toContain("waits for approval");
  // It waits, and is not called by it any more.
  expect(readProcesses().filter((line) => line.includes(typed))).toEqual([]);
  await type(srv, "warren node approve mesh a");
  expect(await joining).not.toContain(typed);
  const cut = await give(a, "if warren join -; then exit 1; fi", typed.slice(0, -5));
  expect(cut).not.toContain(typed.slice(10, 30));
  const file = await create("filed");
  await give(b, "umask 077; cat >/root/token; warren join /root/token; rm /root/token", file);
  await type(b, "warren leave");
  await give(b, "warren join -", await create("piped"));
}

/** By a link in a browser, name and password, a code on another machine; and what a program is given. */
async function signIn(secrets: Secrets, srv: System, a: System): Promise<void> {
  const login = async (): Promise<{ link: string; code: string }> => {
    const printed = await type(srv, "warren login");
    const [, link = ""] = /sign-in=(\S+)/.exec(printed) ?? [];
    const [, code = ""] = /warren login (wrn_\S+)/.exec(printed) ?? [];
    return { link, code };
  };
  const [used, unused] = [await login(), await login()];
  secrets.set("a link", used.link).set("an unused link", unused.link);
  await give(a, "warren login -", unused.code);
  secrets.set("a code", unused.code);
  const localToken = await read(srv, `${SERVER}/local.json`, "token");
  const local = { authorization: `Bearer ${localToken}` };
  const roles = [{ network: "mesh", role: "viewer" }];
  await ask(srv, "PUT /accounts/reader", local, { password: PASSWORD, roles });
  secrets.set("a password", PASSWORD);
  const wrong = { name: "reader", password: `${PASSWORD}, but wrong` };
  expect((await ask(srv, "POST /session", {}, wrong)).status).toBe(401);
  for (const [what, body] of [
    ["a link's", { link: used.link }],
    ["a password's", { name: "reader", password: PASSWORD }],
  ] as const) {
    const { cookie } = await ask(srv, "POST /session", {}, body);
    secrets.set(`${what} session`, /__Host-warren=([^;]+)/.exec(cookie)?.[1] ?? "");
  }
  const grant = { network: "mesh", role: "viewer" };
  const made = await ask(srv, "POST /api-tokens", local, { name: "ci", grant });
  const { token } = JSON.parse(made.text) as { readonly token: string };
  secrets.set("an API token", token);
  const own = { authorization: `Bearer ${token}` };
  expect((await ask(srv, "GET /networks/mesh/nodes", own)).status).toBe(200);
  secrets.set("the API token of a login", await read(a, LOGIN, "token"));
}

async function keepHosts(secrets: Secrets, hosts: readonly System[]): Promise<void> {
  for (const host of hosts) {
    const { name } = host;
    secrets.set(
      `credential of ${name}`,
      await read(host, `${AGENT}/credential.json`, "credential"),
    );
    secrets.set(`private key of ${name}`, (await type(host, "wg show warren0 private-key")).trim());
  }
  const preshared = await type(hosts[0] as System, "wg show warren0 preshared-keys");
  secrets.set("preshared key", preshared.trim().split("\t")[1] ?? "");
}

async function keepServer(secrets: Secrets, srv: System, when: string): Promise<void> {
  const token = await read(srv, `${SERVER}/local.json`, "token");
  const pem = await type(srv, `sed -n '/BEGIN.* PRIVATE/,$p' ${SERVER}/certificate.pem`);
  secrets.set("key of the certificate", pem.split("\n")[1] ?? "");
  secrets.set(`token of the server's host ${when} the restore`, token);
  secrets.set("master key", (await type(srv, `cat ${SERVER}/master.key`)).trim());
  await type(srv, `warren server backup ${BACKUP}`);
  // Of a copy: to open a store is to write to it.
  const [copy, key] = ["warren.db", "master.key"].map((file) => join(ground.folder.path, file));
  copyFileSync(`/proc/${srv.pid}/root${BACKUP}`, copy ?? "");
  copyFileSync(`/proc/${srv.pid}/root${SERVER}/master.key`, key ?? "");
  const store = await openSqliteStore(copy ?? "");
  const { rows } = await store.load();
  await store.close();
  const seal = createSeal(await readMasterKey({ file: key ?? "" }, new Map()));
  const row = "secret/network/mesh";
  secrets.set("network secret", seal.open(row, String(JSON.parse(rows.get(row) ?? ""))));
  for (const file of readdirSync(ground.folder.path)) {
    if (/^(warren\.db|master\.key)/.test(file)) rmSync(join(ground.folder.path, file));
  }
}

/** The server goes back to its backup; its hosts do not notice. */
async function restore(srv: System): Promise<string> {
  const said = await type(
    srv,
    `systemctl stop warren-server; warren server restore ${BACKUP}; systemctl start warren-server`,
  );
  await untilServing(srv);
  await expect
    .poll(() => type(srv, "warren node list mesh"), { timeout: 20_000, interval: 200 })
    .not.toContain("not connected");
  return said;
}

/** What is no secret, where secrets must not be: in the store, in a log, in a file, in a call. */
async function plant(srv: System, a: System): Promise<{ everywhere: string; called: string }> {
  const planted = { everywhere: "planted-everywhere", called: "planted-in-a-call" };
  await type(srv, `warren node set mesh a tags=${planted.everywhere}`);
  await give(a, "cat >/tmp/planted; systemd-cat cat /tmp/planted", planted.everywhere);
  await give(a, 'sh -c "sleep 0.2; :" "$(cat)"', planted.called);
  return planted;
}

/** Runs a script that finds a secret on its standard input. */
async function give(machine: System, script: string, secret: string): Promise<string> {
  const words = ["sh", "-ec", `exec 2>&1\n${script}`];
  return await machine.run({ words, input: secret, wayOut: "look at the command" });
}

/** A field of a file in JSON. */
async function read(machine: System, file: string, field: string): Promise<string> {
  return String((JSON.parse(await type(machine, `cat ${file}`)) as Record<string, unknown>)[field]);
}

/** Asks the API on the server's host, by nothing that is seen from outside. */
async function ask(
  srv: System,
  route: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
): Promise<{ readonly status: number; readonly cookie: string; readonly text: string }> {
  const [method, path] = route.split(" ");
  const words = ["/opt/warren/node_modules/.bin/node", "-e", ASK];
  const input = JSON.stringify({ method, path, headers, body });
  return JSON.parse(await srv.run({ words, input, wayOut: "look at the API" })) as never;
}

const ASK = `
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
process.removeAllListeners("warning");
const { method, path, headers, body } = JSON.parse(require("fs").readFileSync(0, "utf8"));
fetch("https://127.0.0.1:8443/api/v1" + path, {
  method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body),
}).then(async (answer) => console.log(JSON.stringify({
  status: answer.status, cookie: answer.headers.get("set-cookie") ?? "", text: await answer.text(),
})));
`;
