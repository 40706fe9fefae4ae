/** Round trips: what was rendered is imported as a mesh that does the same, or says where it does not. */
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import fc from "fast-check";
import type { Device, ForeignDevice, Imported, PublicKey } from "../mod.ts";
import { compilePlan } from "../../../../tools/oracle/plans.contract.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import type { MeshDocument } from "../../../../tools/random-mesh.ts";
import { topologyDocuments } from "../../../../tools/random-topology.ts";
import { runs } from "../../../../tools/runs.ts";
import { sampleOfDocument } from "../../../../tools/sample.ts";
import {
  devicesOf,
  edgesOf,
  foreignDumps,
  foreignFolder,
  foreignTable,
} from "./round-trip.contract.ts";
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
      const said = textsOf(made).filter(
        (text) => !text.includes("seen from the running interface"),
      );
      expect(said).toEqual([]);
      expect(wgOnly(after)).toEqual(wgOnly(before));
    }),
    runs(25),
  );
});

/** A flat mesh as a table can say it: one port to dial and to listen on, no preshared keys. */
function asTable({ network, nodes }: MeshDocument): MeshDocument {
  const flat = Object.entries(nodes).map(([name, { site: _site, lan: _lan, ...node }]) => {
    const { endpoint } = node;
    const port = typeof endpoint === "string" ? /(?<=[^:\]]|\]):\d+$/.exec(endpoint) : null;
    const isBare =
      typeof endpoint === "string" && !endpoint.startsWith("[") && /:.*:/.test(endpoint);
    if (typeof endpoint !== "string" || port === null || isBare) return [name, node] as const;
    const host = endpoint.slice(0, port.index).replaceAll(/[[\]]/g, "");
    return [name, { ...node, endpoint: host }] as const;
  });
  return { network: { ...network, presharedKeys: false }, nodes: Object.fromEntries(flat) };
}

test("importMesh() makes the same of wg-meshconf's table, or names whom it changes", () => {
  const counts = { all: 0, equal: 0 };
  fc.assert(
    fc.property(meshDocuments(8), (document) => {
      const { devices, index } = sampleOfDocument(asTable(document));
      const { made, before, after } = meaningsAround(devices, foreignTable(index));
      // A pair stands in the row of one of the two.
      const named = new Set(textsOf(made).flatMap((text) => text.match(/[\w-]+/g) ?? []));
      const lines = new Set(made.findings.map(({ line }) => line));
      for (const [at, { name, publicKey }] of devices.entries()) {
        const isEqual = (aspect: "routes" | "peers"): boolean => {
          return isDeepStrictEqual(
            dialled(after, publicKey, aspect),
            dialled(before, publicKey, aspect),
          );
        };
        const isSame = isEqual("routes") && isEqual("peers");
        counts.all += 1;
        counts.equal += isSame ? 1 : 0;
        // The heads are line 1.
        expect({ name, isSame: isSame || lines.has(at + 2) || named.has(name) }).toEqual({
          name,
          isSame: true,
        });
      }
    }),
    runs(50),
  );
  expect(counts.equal).toBeGreaterThan(counts.all / 2);
});

/** Who has what, and where each is dialled: a keepalive is another row's. */
function dialled(meanings: Meanings, key: PublicKey, aspect: "routes" | "peers"): unknown {
  const value = meanings.get(key)?.[aspect];
  if (aspect === "routes") return value;
  const peers = value as Readonly<Record<string, { readonly dialled: string }>>;
  return Object.entries(peers).map(([peer, { dialled: at }]) => [peer, at]);
}

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
