/** How tokens are made, one instead of the other, and go. */
import { expect, test } from "vitest";
import { check } from "./deeds.contract.ts";

test("createToken() replaces the one of its number, and drops what expired 30 days ago", async () => {
  expect(
    await check(`
      token {"uses": 0, "id": "start"}
      join a A t1
      token {"uses": 0, "id": "start"}
      join b B t1
      join b B t2
      later 720
      token {"hours": 0}
      join d D t2
      later 2
      token {"hours": 0}
      join d D t2
      join d D t3
    `),
  ).toMatchInlineSnapshot(`
    "token {"uses": 0, "id": "start"}
      → t1
    join a A t1
      → is in
    token {"uses": 0, "id": "start"}
      → t2
    join b B t1
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create home
    join b B t2
      → is in
    later 720
      → so it is
    token {"hours": 0}
      → t3
    join d D t2
      → unauthorised: the token has expired; have somebody make another: warren token create home
    later 2
      → so it is
    token {"hours": 0}
      → t4
    join d D t2
      → unauthorised: nobody knows this token: it was revoked, or is of another server or network; have somebody make another: warren token create home
    join d D t3
      → is in"
  `);
});
