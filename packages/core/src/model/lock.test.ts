/** The lock as text: what is printed is read again as it was, and what people break is named. */
import { expect, test } from "vitest";
import fc from "fast-check";
import { Diagnostics, EMPTY_LOCK, pairName, parseLock, printLock } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import { runs } from "../../../../tools/runs.ts";
import { printDiagnostics, sampleOf, sampleOfDocument } from "../../../../tools/sample.ts";

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

test("printLock() gives clients a block of their own, one line a way in", () => {
  const { lock } = sampleOf(`
    network: { name: n, addresses: [10.0.0.0/24, "fd00::/64"] }
    nodes: { a: { endpoint: a.example }, b: { endpoint: b.example } }
    clients: { phone: { via: a }, laptop: { via: [b, a] } }
  `);
  const text = printLock(lock);
  expect(text).toMatchInlineSnapshot(`
    "{
      "version": 1,
      "nodes": {
        "a": {"addresses":["10.0.0.1","fd00::1"],"publicKey":"yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4="},
        "b": {"addresses":["10.0.0.2","fd00::2"],"publicKey":"ZGFt3gfmn/iy5Q+gxAK3pE1NY0mj8z8eKlkAfsjlD8M="}
      },
      "clients": {
        "laptop a": {"addresses":["10.0.0.3","fd00::3"],"publicKey":"Dwmi4e4tNweAbk21RvDSbx+GTjFJjjQWf5PTWGi3QYo="},
        "laptop b": {"addresses":["10.0.0.4","fd00::4"],"publicKey":"45yclDRH0/T8re+Yo/X2M5yFFS9zllhijHoLrmXwCVE="},
        "phone a": {"addresses":["10.0.0.5","fd00::5"],"publicKey":"g2eGNi2bUUOFwgzzOu85PhhoeZvnGckUWIFSO0lFiFw="}
      },
      "presharedKeyEpochs": {}
    }
    "
  `);
  expect(parseLock(JSON.parse(text), new Diagnostics())).toEqual(lock);
});

test("printLock() says nothing of clients where there are none", () => {
  const { lock } = sampleOf(`
    network: { name: n, addresses: [10.0.0.0/24] }
    nodes: { a: { endpoint: a.example } }
  `);
  const text = printLock(lock);
  expect(text).toMatchInlineSnapshot(`
    "{
      "version": 1,
      "nodes": {
        "a": {"addresses":["10.0.0.1"],"publicKey":"yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4="}
      },
      "presharedKeyEpochs": {}
    }
    "
  `);
  expect(parseLock(JSON.parse(text), new Diagnostics())).toEqual(lock);
});

test("parseLock() knows where a key is, and whether it is due, of keys that are known alone", () => {
  const publicKey = "yX55JknNCN3TmHlmWxwr5ZF12NjeTvIAufmf3nX9uK4=";
  const marks = { keyOnHost: true, keyDue: true };
  const read = (node: object): unknown => {
    const document = { version: 1, nodes: { a: { addresses: [], ...node } } };
    const lock = parseLock(document, new Diagnostics());
    if (lock === undefined) throw new Error("the lock is sound");
    return JSON.parse(printLock(lock)).nodes.a;
  };
  expect(read({ publicKey, ...marks })).toEqual({ addresses: [], publicKey, ...marks });
  expect(read({ publicKey, keyDue: true })).toEqual({ addresses: [], publicKey });
  expect(read(marks)).toEqual({ addresses: [] });
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
  [
    '{ "version": 1, "nodes": { "a": { "addresses": ["10.0.0.1"] } }, "clients": { "p a": { "addresses": ["10.0.0.1"] } } }',
    'address-taken clients."p a".addresses[0]: clients."p a".addresses[0]: 10.0.0.1 is already the address of "a"',
  ],
  ['{ "version": 1, "nodes": {}, "clients": { "p": {} } }', 'cannot parse way in "p"'],
  ['{ "version": 1, "nodes": {}, "clients": { "p a b": {} } }', 'cannot parse way in "p a b"'],
  ['{ "version": 1, "nodes": {}, "clients": { "p ../a": {} } }', 'cannot parse way in "p ../a"'],
  ['{ "version": 1, "nodes": {}, "networkSecret": "x" }', "cannot parse fingerprint"],
])("parseLock() refuses %s", (text, expected) => {
  const diagnostics = new Diagnostics();
  expect(parseLock(JSON.parse(text), diagnostics)).toBeUndefined();
  expect(printDiagnostics(diagnostics)).toContain(expected);
});
