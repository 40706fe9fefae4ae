/** What one visit leaves for the next: whatever has cut its host off is not tried again soon. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Name } from "@warren/core";
import { expect, onTestFinished, test } from "vitest";
import { openVisit } from "./visit.ts";

test("openVisit() knows for ten minutes what has cut the host off, whatever the clock does", () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-visit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const network = "mesh" as Name;
  const at = (ms: number): string | undefined =>
    openVisit(folder, network, Date.now() + ms).cutOffBy;
  expect(at(0)).toBeUndefined();
  openVisit(folder, network, Date.now()).noteCutOff("beef");
  expect([0, 590_000, 610_000, -590_000, -610_000].map(at)).toEqual([
    "beef",
    "beef",
    undefined,
    "beef",
    undefined,
  ]);
});
