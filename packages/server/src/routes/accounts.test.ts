/** Tests of the people and programs that the API lets in. */
import { expect, test } from "vitest";
import { createTestPlane, LOCAL_TOKEN } from "../plane.contract.ts";

const by = LOCAL_TOKEN;

test("what root has made by an API token's rights holds until it is revoked, as the log says", async () => {
  const { ask, plane } = await createTestPlane();
  const grant = { network: "*", role: "admin" };
  const made = await ask("POST /api-tokens", { by, body: { name: "ci", grant } });
  const { token } = JSON.parse(made.text) as { token: string };
  const create = async (name: string): Promise<number> =>
    (await ask("POST /networks", { by: token, body: { name } })).status;
  expect(await create("home")).toBe(200);
  const [last] = await plane.store.revisions({ limit: 1 });
  expect(last?.actor).toBe("local (ci)");
  await ask("DELETE /api-tokens/ci", { by });
  expect(await create("other")).toBe(401);
});

test("the API makes no account by a misspelt name, and none that is called local", async () => {
  const { ask, plane } = await createTestPlane();
  const line = "POST /accounts/admin/link";
  await ask("PUT /accounts/reader", { by, body: { roles: [] } });
  expect((await ask("POST /accounts/raeder/link", { by })).text).toContain("did you mean reader?");
  expect([(await ask(line, { by })).status, (await ask(line, { by })).status]).toEqual([200, 200]);
  expect([...plane.ledger.state.account.values()]).toEqual([
    { name: "reader", roles: [] },
    { name: "admin", roles: [{ network: "*", role: "admin" }] },
  ]);
  await ask("PUT /accounts/b", { by, body: { roles: [{ network: "*", role: "admin" }] } });
  await ask("DELETE /accounts/admin", { by });
  const { status, text } = await ask("PUT /accounts/local", { by, body: { roles: [] } });
  expect([(await ask(line, { by })).status, status, text]).toMatchInlineSnapshot(`
    [
      404,
      409,
      "{"error":{"code":"conflict","message":"local is whoever is root on the server's host","fix":"choose another name"}}",
    ]
  `);
});
