/** What a change touches, against a full compile. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { affected, recompile } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import type { MeshDocument } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { indexOfDocument, sampleOfDocument } from "../../../../tools/sample.ts";
import type { Sample } from "../../../../tools/sample.ts";

test("affected() and pair() give the devices of a full compile, over random edits", () => {
  const edit = fc.tuple(meshDocuments(8), meshDocuments(8), fc.nat(5));
  fc.assert(
    fc.property(edit, ([document, other, kind]) => {
      const before = sampleOfDocument(document);
      const after = sampleOfDocument(edited(document, other, kind), before.lock);
      expect(byPatch(before, after)).toEqual(after.devices);
    }),
    runs(300),
  );
});

test("affected() sees a rotated preshared key", () => {
  const before = sampleOfDocument(meshOf(5));
  const [one, other] = before.mesh.nodes;
  const pair = `${one?.name} ${other?.name}` as never;
  const lock = { ...before.lock, presharedKeyEpochs: new Map([[pair, 1]]) };
  const after = sampleOfDocument(meshOf(5), lock);
  expect(after.devices).not.toEqual(before.devices);
  expect(byPatch(before, after)).toEqual(after.devices);
});

test("affected() asks at most 2N pairs when one of 1,000 endpoints changes", () => {
  const before = indexOfDocument(meshOf(1000));
  const document = meshOf(1000);
  const nodes = { ...document.nodes, n500: { endpoint: "203.0.113.77" } };
  const after = indexOfDocument({ ...document, nodes }, before.lock);
  const touched = affected(before.index, after.index);
  expect(touched.pairs.length).toBeGreaterThan(0);
  expect(touched.pairs.length).toBeLessThanOrEqual(2 * 1000);
});

test("recompile() knows clients that come, go and change, and their nodes' side of them", () => {
  const phone = { via: ["n1", "n2"] };
  const steps = [
    {},
    { phone },
    { laptop: { via: ["n1"], access: ["nodes"], dns: true }, phone },
    { phone: { via: ["n2"] } },
    {},
  ];
  let before = sampleOfDocument(meshOf(4));
  for (const clients of steps) {
    const after = sampleOfDocument({ ...meshOf(4), clients }, before.lock);
    expect(byPatch(before, after)).toEqual(after.devices);
    before = after;
  }
  const narrow = meshOf(4);
  const nodes = { ...narrow.nodes, n1: { ...narrow.nodes["n1"], underlayMtu: 1400 } };
  const clients = { phone };
  const wide = sampleOfDocument({ ...narrow, clients });
  const after = sampleOfDocument({ ...narrow, nodes, clients }, wide.lock);
  expect(after.devices.map(({ mtu }) => mtu)).toEqual([1320, 1320, 1320, 1320, 1320, 1320]);
  expect(byPatch(wide, after)).toEqual(after.devices);
});

test("affected() asks nothing when nothing changed", () => {
  const before = sampleOfDocument(meshOf(20));
  expect(affected(before.index, sampleOfDocument(meshOf(20)).index).pairs).toEqual([]);
});

function byPatch(before: Sample, after: Sample): unknown[] {
  const devices = new Map(before.devices.map((device) => [device.name, device]));
  const touched = affected(before.index, after.index);
  return [...recompile(devices, after.index, touched).values()];
}

function meshOf(count: number): MeshDocument {
  const nodes = Array.from({ length: count }, (_, at) => {
    return [`n${at}`, { endpoint: `198.51.${at >> 8}.${at & 255}` }];
  });
  const network = { name: "large", addresses: ["10.66.0.0/16"] };
  return { network, nodes: Object.fromEntries(nodes) };
}

/** One of the edits that people make: a field, a node more, a node less, the network, all of it. */
function edited(document: MeshDocument, other: MeshDocument, kind: number): MeshDocument {
  const names = Object.keys(document.nodes);
  const [first = "", second = ""] = names;
  const {
    site: _site,
    lan: _lan,
    subnets: _subnets,
    ...fields
  } = Object.values(other.nodes)[0] ?? {};
  switch (kind) {
    case 0:
      return { ...document, nodes: { ...document.nodes, [first]: fields } };
    case 1:
      return { ...document, nodes: { ...document.nodes, "a-newcomer": fields } };
    case 2: {
      const { [second]: _gone, ...nodes } = document.nodes;
      return { ...document, nodes };
    }
    case 3:
      return {
        ...document,
        network: { ...other.network, addresses: document.network["addresses"] },
      };
    case 4:
      return { ...other, network: document.network };
    default:
      return document;
  }
}
