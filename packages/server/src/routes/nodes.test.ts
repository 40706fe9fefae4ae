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
