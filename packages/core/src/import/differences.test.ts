/** Round trips: what was rendered is imported as a mesh that does the same, or says where it does not. */
import { expect, test } from "vitest";
import fc from "fast-check";
import type { Device, ForeignDevice, Imported, PublicKey } from "../mod.ts";
import { compilePlan } from "../../../../tools/oracle/plans.contract.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOfDocument } from "../../../../tools/sample.ts";
import { devicesOf, edgesOf, foreignDumps, foreignFolder } from "./round-trip.contract.ts";
import { imported, importedShared, meaningsOf } from "./round-trip.contract.ts";
import { sampleShared, textsOf } from "./round-trip.contract.ts";
import type { Meaning } from "./round-trip.contract.ts";

type Meanings = ReadonlyMap<PublicKey, Meaning>;

function meaningsAround(
  devices: readonly Device[],
  foreign: readonly ForeignDevice[],
): { readonly made: Imported; readonly before: Meanings; readonly after: Meanings } {
  const made = imported(foreign);
  const now = devicesOf(made);
  const edges = edgesOf([...devices, ...now]);
  const before = meaningsOf(devices, edges, sampleShared(devices));
  return { made, before, after: meaningsOf(now, edges, importedShared(made)) };
}

/** The aspects that files of `wg` alone show. */
function wgOnly(meanings: Meanings): readonly unknown[] {
  return [...meanings].map(([key, { routes, peers }]) => ({ key, routes, peers }));
}

test("importMesh() makes of a flat mesh's files a mesh that does the same, and says nothing", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { devices } = sampleOfDocument(document);
      // What lies behind a node that nobody reaches stands in no file.
      const met = devices.filter(({ peers }) => peers.length > 0);
      fc.pre(met.length > 0);
      const { made, before, after } = meaningsAround(met, foreignFolder(met));
      expect(textsOf(made)).toEqual([]);
      expect(after).toEqual(before);
    }),
    runs(40),
  );
});

test("importMesh() makes the same of dumps, as far as they say anything", () => {
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { devices } = sampleOfDocument(document);
      const met = devices.filter(({ peers }) => peers.length > 0);
      fc.pre(met.length > 0);
      const { made, before, after } = meaningsAround(met, foreignDumps(met));
      expect(textsOf(made)).toEqual([]);
      expect(wgOnly(after)).toEqual(wgOnly(before));
    }),
    runs(25),
  );
});

test("importMesh() makes of any topology's files a mesh that does the same, or names each file that changes", () => {
  const counts = { all: 0, equal: 0 };
  fc.assert(
    fc.property(topologyDocuments(7), (document) => {
      const plan = compilePlan(document);
      if (plan === undefined) return;
      const { made, before, after } = meaningsAround(plan.devices, foreignFolder(plan.devices));
      const named = new Set(made.findings.map(({ file }) => file.split("/")[0]));
      counts.all += 1;
      counts.equal += named.size === 0 ? 1 : 0;
      for (const { name, publicKey } of plan.devices) {
        const [old, now] = [before.get(publicKey), after.get(publicKey)];
        for (const aspect of ["addresses", "settings", "routes", "peers"]) {
          if (named.has(name)) continue;
          expect({ name, aspect, is: now?.[aspect] }).toEqual({ name, aspect, is: old?.[aspect] });
        }
      }
    }),
    runs(60),
  );
  // Half of the topologies have a policy, whose rules stand in no file that is read.
  expect(counts.equal).toBeGreaterThan(counts.all / 8);
});
