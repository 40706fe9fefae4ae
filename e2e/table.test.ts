/** How the lab prints what it measured. */
import { expect, test } from "vitest";
import type { Ping, Station } from "../lab/pings.ts";
import { printSummary, printTable } from "../lab/table.ts";

const aws: Station = { node: "aws", kind: "node", address: "10.0.0.1" };
const gcp: Station = { node: "gcp", kind: "node", address: "10.0.0.3" };
const machine: Station = { node: "gcp", kind: "machine", address: "192.168.30.10" };
const pings: readonly Ping[] = [
  { source: aws, target: gcp, roundTripMs: 0.5 },
  { source: aws, target: machine, roundTripMs: 12.345 },
  { source: gcp, target: aws, roundTripMs: undefined },
  { source: gcp, target: machine, roundTripMs: 0.01 },
  { source: machine, target: gcp, roundTripMs: 0.01 },
];

test("printTable() has one row a source, one column a target", () => {
  expect(printTable(pings, { colour: false })).toMatchInlineSnapshot(`
    "                              aws   gcp      gcp
                                 node  node  machine
    aws  node     10.0.0.1          ·  0.50    12.35
    gcp  node     10.0.0.3          ✗     ·     0.01
    gcp  machine  192.168.30.10     ·  0.01        ·
    "
  `);
});

test("printTable() shows a gap in red on a terminal", () => {
  expect(printTable(pings, { colour: true }).split("\u001B[31m✗\u001B[39m")).toHaveLength(2);
  expect(printTable(pings, { colour: false })).not.toContain("\u001B");
});

test("printSummary() counts the pairs that answered", () => {
  expect(printSummary(pings)).toBe("4 of 5 pairs reached");
});
