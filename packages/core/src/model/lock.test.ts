/** The lock as text: what is printed is read again as it was, and what people break is named. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { Diagnostics, EMPTY_LOCK, pairName, parseLock, printLock } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { printDiagnostics, sampleOfDocument } from "../../../../tools/sample.ts";

test("parseLock() reads what printLock() wrote", () => {
  fc.assert(
    fc.property(meshDocuments(6), fc.nat(), (document, epoch) => {
      const { lock, mesh } = sampleOfDocument(document);
      const names = mesh.nodes.map(({ name }) => name);
      const [first] = names;
      const pairs = names.flatMap((name) =>
        first === undefined || name === first ? [] : [[pairName(first, name), epoch + 1] as const],
      );
      const full = { ...lock, presharedKeyEpochs: new Map(pairs) };
      const text = printLock(full);
      expect(parseLock(JSON.parse(text), new Diagnostics())).toEqual(full);
      const nodeLines = text.split("\n").filter((line) => line.includes('"addresses"'));
      expect(nodeLines.length).toBe(names.length);
    }),
    runs(100),
  );
});

test("parseLock() reads an empty lock", () => {
  expect(parseLock(JSON.parse(printLock(EMPTY_LOCK)), new Diagnostics())).toEqual(EMPTY_LOCK);
});

test.each([
  ['{ "version": 2, "nodes": {} }', "out-of-range version"],
  ['{ "version": 1 }', "missing-field"],
  [
    '{ "version": 1, "nodes": { "a": { "addresses": ["10.0.0.1"] }, "b": { "addresses": ["10.0.0.1"] } } }',
    "address-taken",
  ],
  ['{ "version": 1, "nodes": { "a": { "addresses": ["10.0.0"] } } }', "nodes.a.addresses[0]"],
  [
    '{ "version": 1, "nodes": { "a": { "addresses": [], "publicKey": "x" } } }',
    "nodes.a.publicKey",
  ],
  ['{ "version": 1, "nodes": {}, "presharedKeyEpochs": { "b a": 1 } }', 'cannot parse pair "b a"'],
  ['{ "version": 1, "nodes": {}, "presharedKeyEpochs": { "a b": 0 } }', "out-of-range"],
  ['{ "version": 1, "nodes": {}, "networkSecret": "x" }', "cannot parse fingerprint"],
])("parseLock() refuses %s", (text, expected) => {
  const diagnostics = new Diagnostics();
  expect(parseLock(JSON.parse(text), diagnostics)).toBeUndefined();
  expect(printDiagnostics(diagnostics)).toContain(expected);
});
