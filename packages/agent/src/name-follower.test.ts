/** Names are asked for at the start, all at once, and what becomes of them reaches the kernel. */
import { expect, onTestFinished, test, vi } from "vitest";
import { sampleKey } from "../../../tools/sample.ts";
import type { PeerCounters } from "./endpoints.ts";
import { NameFollower } from "./name-follower.ts";

test("NameFollower dials all names in one go, and waits neither for a dead one nor for what fails", async () => {
  const names = Array.from({ length: 200 }, (_, at) => `n${at}`);
  const kernel = new Map(names.map((name) => [sampleKey(name), ""]));
  const batches: number[] = [];
  const asked: string[] = [];
  const failures: unknown[] = [];
  const follower = new NameFollower({
    nowMs: () => performance.now(),
    readPeers: async () => {
      if (batches.length === 0 && failures.length === 0) throw new Error("no such interface");
      return [...kernel].map(([publicKey, endpoint]): PeerCounters => {
        const counters = { publicKey, received: 0, sent: 0 };
        return endpoint === "" ? counters : { ...counters, endpoint };
      });
    },
    setEndpoints: async (set) => {
      batches.push(set.length);
      for (const [key, endpoint] of set) kernel.set(key, endpoint);
    },
    resolveNames: async (hosts, answered) => {
      asked.push(...hosts);
      for (const host of hosts) {
        if (host !== "n7.example") answered(host, ["2001:db8::1", "192.0.2.1"]);
      }
    },
    findUnrouted: async (all) => new Set(all.filter((each) => each.includes(":"))),
    failed: (cause) => {
      failures.push(cause);
      follower.follow(followed);
    },
  });
  onTestFinished(() => follower.close());
  const followed = names.map((name) => {
    return { publicKey: sampleKey(name), host: `${name}.example`, port: 51_820 };
  });
  follower.follow(followed);
  await vi.waitUntil(() => batches.length > 0);
  expect([batches, asked.length, failures.length]).toEqual([[199], 200, 1]);
  const others = names.filter((name) => kernel.get(sampleKey(name)) !== "192.0.2.1:51820");
  expect(others).toEqual(["n7"]);
});
