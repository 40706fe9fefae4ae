/** Who comes with a credential that holds no more is told so where it held once, and is nobody elsewhere. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API, createClient } from "@warren/api";
import type { PublicKey } from "@warren/core";
import { makeSecret, pinnedFetch } from "@warren/crypto";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { serve } from "./serve.ts";

test("an agent that was taken out while it was away is let in to hear that, and no stranger", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-sockets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const serving = await serve({ folder, host: "127.0.0.1", port: 0, addresses: [] });
  onTestFinished(() => serving.close());
  const { port, pin, localToken } = serving;
  const send = pinnedFetch({ host: "127.0.0.1", port, pin });
  const call = createClient(send, { authorization: `Bearer ${localToken}` });
  const open = async (credential: string): Promise<WebSocket> => {
    const stream = new WebSocket(`wss://127.0.0.1:${port}${API}/stream`, {
      headers: { Authorization: `Bearer ${credential}` },
      rejectUnauthorized: false,
    });
    onTestFinished(() => stream.terminate());
    await once(stream, "open");
    return stream;
  };
  await call("createNetwork", { body: { name: "home" as never, isOpen: true } });
  const credential = `wrc_${makeSecret()}`;
  const publicKey = Buffer.alloc(32, "a").toString("base64") as PublicKey;
  await call("join", { body: { name: "a" as never, publicKey, credential } });
  await call("removeNode", { params: { network: "home", node: "a" } });
  const stream = await open(credential);
  const closed = once(stream, "close");
  // What would end a stream that stands ends nothing here.
  stream.send(Buffer.from("garbage"));
  const [told] = (await once(stream, "message")) as [Buffer];
  const [code, reason] = (await closed) as [number, Buffer];
  expect(`${String(told)} ${code} ${String(reason)}`).toBe('{"kind":"revoked"} 4000 revoked');
  await expect(open(`wrc_${makeSecret()}`)).rejects.toThrow("401");
});
