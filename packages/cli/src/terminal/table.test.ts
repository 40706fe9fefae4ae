/** Columns as they are seen, not as they are counted. */
import { expect, test } from "vitest";
import { printMatrix, printRoundTrip, printTable } from "./table.ts";

test("printTable() lines up by what is seen, and leaves out columns that nobody fills", () => {
  const rows = [
    ["对端", "endpoint", "note"],
    ["a", "203.0.113.1:51820", ""],
    ["很长的名字", "", ""],
  ];
  expect(printTable(rows).join("\n")).toMatchInlineSnapshot(`
    "对端        endpoint
    a           203.0.113.1:51820
    很长的名字"
  `);
});

test("printMatrix() has words on the left, and values under their heads", () => {
  const lines = printMatrix({
    sources: [
      ["aws", "主机"],
      ["tencent", "机"],
    ],
    targets: [["aws"], ["腾讯云"]],
    cells: [
      ["·", "12.34"],
      ["\u001B[31m✗\u001B[0m", "·"],
    ],
  });
  expect(lines.join("\n").replaceAll("\u001B", "^")).toMatchInlineSnapshot(`
    "               aws  腾讯云
    aws      主机    ·   12.34
    tencent  机      ^[31m✗^[0m       ·"
  `);
  expect(printMatrix({ sources: [], targets: [], cells: [] })).toEqual([]);
});

test("printRoundTrip() has two digits, or says that there was no answer", () => {
  expect([0, 1.234, 250].map(printRoundTrip)).toEqual(["0.00", "1.23", "250.00"]);
  expect(printRoundTrip(undefined)).toBe("✗");
});
