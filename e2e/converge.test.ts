/**
 * The program that push sends to hosts, against the real wg-quick: from any device it comes to any other
 * as if that had been started there, and then there is nothing to do.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Device } from "@warren/core";
import { topologyDocuments } from "../tools/random-topology.ts";
import { runs } from "../tools/runs.ts";
import { sampleOfDocument } from "../tools/sample.ts";
import { Target } from "./program-target.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();

test("a host comes from any device to any other as if that had been started there", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(topologyDocuments(6), topologyDocuments(6), async (one, other) => {
      const [before] = devicesOf(one);
      const [after] = devicesOf(other);
      fc.pre(before !== undefined && after !== undefined);
      count += 1;
      const [changed, fresh] = await Promise.all([
        Target.create(fixture, `changed${count}`),
        Target.create(fixture, `fresh${count}`),
      ]);
      const named = { ...after, interface: before.interface };
      for (const [planned, done, left] of [
        await changed.bring(before),
        await changed.bring(named),
        await fresh.bring(named),
      ]) {
        expect({ done, left }).toEqual({ done: planned, left: "" });
      }
      const live = sorted(await changed.live(named.interface));
      const wanted = sorted(await fresh.live(named.interface));
      // WireGuard cannot be told to forget where a peer was.
      const isKept = (line: string): boolean =>
        line.startsWith("Endpoint") && !wanted.includes(line);
      expect(live.filter((line) => !isKept(line))).toEqual(wanted);
      await changed.takeOff(named.interface);
      expect(await changed.live(named.interface)).toBe(
        await (await Target.create(fixture, `bare${count}`)).live(named.interface),
      );
    }),
    { ...runs(4), endOnFailure: true },
  );
});

function devicesOf(document: unknown): readonly Device[] {
  try {
    return sampleOfDocument(document).devices;
  } catch {
    return [];
  }
}

function sorted(text: string): readonly string[] {
  return text.split("\n").toSorted();
}
