/** Tests of how hosts ask to be nodes, and are let in. */
import { expect, test } from "vitest";
import { createTestPlane, LOCAL_TOKEN } from "../plane.contract.ts";

const by = LOCAL_TOKEN;
const CREDENTIAL = `wrc_${"a".repeat(43)}`;

test("join tells nobody which networks there are", async () => {
  const { ask } = await createTestPlane();
  await ask("POST /networks", { by, body: { name: "home" } });
  const publicKey = Buffer.alloc(32, "a").toString("base64");
  const told = [];
  for (const more of [{}, { secret: "guess" }]) {
    for (const network of ["home", "den"]) {
      const body = { network, name: "a", publicKey, credential: CREDENTIAL, ...more };
      const { status, text } = await ask("POST /join", { body });
      told.push(`${status} ${text.replaceAll(network, "…")}`);
    }
  }
  const [closed, unknown, guess, stray] = told;
  expect([unknown, stray]).toEqual([closed, guess]);
  expect(closed).toMatch(/^401 /);
});

test("a host is approved by the key that was shown, whoever has taken its name meanwhile", async () => {
  const { ask } = await createTestPlane();
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  const keyOf = (letter: string): string => Buffer.alloc(32, letter).toString("base64");
  const join = async (letter: string): Promise<number> => {
    const credential = `wrc_${letter.repeat(43)}`;
    const body = { network: "home", name: "db", publicKey: keyOf(letter), credential };
    return (await ask("POST /join", { body })).status;
  };
  const approve = async (publicKey: string): Promise<string> => {
    const body = { publicKey, tags: ["db"] };
    const { status, text } = await ask("POST /networks/home/nodes/db/approve", { by, body });
    return `${status} ${text}`;
  };
  await join("a");
  const [shown] = JSON.parse((await ask("GET /networks/home/nodes", { by })).text) as object[];
  expect(shown).toMatchObject({ publicKey: keyOf("a"), joinedFrom: "192.0.2.1" });
  await ask("DELETE /join", { by: CREDENTIAL });
  expect(await join("e")).toBe(200);
  expect([await approve(keyOf("a")), await approve(keyOf("a").slice(0, 8))]).toEqual(
    Array(2).fill(
      '412 {"error":{"code":"stale","message":"the host that waits as db has another public key","fix":"see who asks: warren node list home"}}',
    ),
  );
  expect(await approve(keyOf("e").slice(0, 8))).toMatch(/^200 /);
  const { text } = await ask("GET /networks/home/mesh", { by });
  expect(JSON.parse(text)).toMatchObject({ document: { nodes: { db: { tags: ["db"] } } } });
});

test("a hundred hosts may wait without a token, and no more", async () => {
  const { ask } = await createTestPlane();
  await ask("POST /networks", { by, body: { name: "home", isOpen: true } });
  const join = async (at: number, more: object = {}): Promise<number> => {
    const publicKey = Buffer.alloc(32, `key ${at}`).toString("base64");
    const credential = `wrc_${String(at).padStart(43, "0")}`;
    const body = { network: "home", name: `n${at}`, publicKey, credential, ...more };
    return (await ask("POST /join", { body })).status;
  };
  for (let at = 0; at < 100; at += 1) expect(await join(at)).toBe(200);
  expect([await join(100), await join(99)]).toEqual([429, 200]);
  const made = await ask("POST /networks/home/tokens", { by, body: { isApproved: false } });
  const [, secret] = (JSON.parse(made.text) as { token: string }).token.split(":");
  expect(await join(101, { secret })).toBe(200);
});

test("a rack that joins by a token at once makes no tries; who guesses one does", async () => {
  const { ask, plane } = await createTestPlane();
  await ask("POST /networks", { by, body: { name: "home" } });
  const made = await ask("POST /networks/home/tokens", { by, body: { uses: 0 } });
  const [, secret] = (JSON.parse(made.text) as { token: string }).token.split(":");
  const join = async (at: number, more: object): Promise<number> => {
    const publicKey = Buffer.alloc(32, `key ${at}`).toString("base64");
    const credential = `wrc_${String(at).padStart(43, "0")}`;
    const body = { network: "home", name: `n${at}`, publicKey, credential, ...more };
    return (await ask("POST /join", { body })).status;
  };
  const rack = Array.from({ length: 32 }, async (_, at) => await join(at, { secret }));
  expect(new Set(await Promise.all(rack))).toEqual(new Set([200]));
  expect(plane.tries.size).toBe(0);
  expect([await join(32, { secret: "guess" }), plane.tries.size]).toEqual([401, 1]);
});
