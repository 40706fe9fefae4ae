/** What goes out to an agent that reads, and to one that does not. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { ENDED } from "@warren/api";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Outlet } from "./outlet.ts";

const LONG = "ü€𝄞".repeat(40_000);
test("all arrives whole and in order, however long, and then the end", async () => {
  const { outlet, sent, client } = await connected();
  const heard: string[] = [];
  client.on("message", (data, isBinary) => {
    heard.push(`${isBinary ? "binary " : ""}${(data as Buffer).toString()}`);
  });
  const all = ["a", LONG, "b", LONG, "c"];
  for (const each of all) outlet.send(each);
  expect(outlet.bufferedBytes).toBeGreaterThan(2 * LONG.length);
  outlet.close("revoked");
  outlet.send("after the end");
  const [code, reason] = (await once(client, "close")) as [number, Buffer];
  expect([code, String(reason)]).toEqual([ENDED, "revoked"]);
  expect(heard).toEqual(all);
  expect(Math.max(...sent)).toBe(16_000);
  expect(outlet.bufferedBytes).toBe(0);
});

test("who reads no more is let go some time after the end, whatever has not arrived", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { outlet, client, stream } = await connected();
  client.pause();
  for (let at = 0; at < 40; at += 1) outlet.send(LONG);
  outlet.close("revoked");
  expect(stream.readyState).toBe(WebSocket.OPEN);
  vi.advanceTimersByTime(30_000);
  await once(stream, "close");
});

test("who reads no more has ever more before him, and is let go without it", async () => {
  const { outlet, client, stream } = await connected();
  client.pause();
  while (outlet.bufferedBytes < 8_000_000) outlet.send(LONG);
  outlet.close("overflow");
  expect(stream.readyState).toBe(WebSocket.CLOSING);
  stream.terminate();
  await once(stream, "close");
  expect(outlet.bufferedBytes).toBeGreaterThan(0);
});

async function connected(): Promise<{
  outlet: Outlet;
  sent: number[];
  client: WebSocket;
  stream: WebSocket;
}> {
  const listening = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => {
    for (const each of listening.clients) each.terminate();
    listening.close();
  });
  await once(listening, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  const [[stream]] = (await Promise.all([
    once(listening, "connection"),
    once(client, "open"),
  ])) as unknown as [[WebSocket]];
  const sent: number[] = [];
  const send = stream.send.bind(stream) as (...args: readonly unknown[]) => void;
  stream.send = (data: unknown, ...rest: readonly unknown[]): void => {
    sent.push((data as Buffer).length);
    send(data, ...rest);
  };
  return { outlet: new Outlet(stream), sent, client, stream };
}
