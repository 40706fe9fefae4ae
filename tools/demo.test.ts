/** What `npm run dev` serves: each state that a node can be in, for whoever works on a page. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startDemo } from "./demo.ts";

test("startDemo() has hosts join by token, lets one wait and one fail, and signs in by its link", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-demo-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { link, call, close } = await startDemo(folder, 0);
  onTestFinished(close);
  const params = { network: "demo" };
  const look = async (): Promise<readonly string[]> =>
    (await call("listNodes", { params })).map(({ name, state, error }) =>
      [name, state, ...(error === undefined ? [] : [error])].join(": "),
    );
  const standing = ["f1: current", "f2: current"];
  const others = [
    "s1: current",
    "s2: current",
    "s3: failed: interface warren0 is somebody else's: a bridge",
  ];
  await expect.poll(look).toEqual([...standing, "f3: waiting", ...others]);
  await call("approveNode", { params: { ...params, node: "f3" }, body: {} });
  await expect.poll(look).toEqual([...standing, "f3: current", ...others]);
  const [, secret = ""] = /^https:\/\/127\.0\.0\.1:\d+\/#sign-in=(.+)$/.exec(link) ?? [];
  expect(await call("signIn", { body: { link: secret } })).toMatchObject({ account: "admin" });
});
