/** npm run bench: what was promised and what is measured, side by side, on this machine. */
import { availableParallelism, cpus } from "node:os";
import type { Measurement } from "./measurement.ts";
import { measureMesh } from "./mesh.ts";
import { measurePrefixes } from "./prefixes.ts";
import { bringByAll, judgeBrought, printBrought } from "./push.ts";
import { measureRegions } from "./regions.ts";
import { compareWithMeshconf, judgeComparisons, printComparisons } from "./wg-meshconf.ts";

const comparisons = compareWithMeshconf();
const brought = await bringByAll(100);
const measurements: readonly Measurement[] = [
  ...judgeComparisons(comparisons ?? []),
  ...judgeBrought(brought ?? []),
  ...measureMesh(),
  ...measureRegions(),
  ...measurePrefixes(),
];
print();
if (brought !== undefined) printBrought(brought);
if (comparisons !== undefined) printComparisons(comparisons);
process.exitCode = measurements.every(isKept) ? 0 : 1;

function print(): void {
  const [processor] = cpus();
  console.log(
    `${processor?.model ?? "unknown processor"}, ${availableParallelism()} threads; files in memory\n`,
  );
  const width = Math.max(...measurements.map(({ what }) => what.length));
  console.log(`${"".padEnd(width)}      target    measured`);
  for (const measurement of measurements) {
    const { what, target, measured, unit } = measurement;
    const figures = `${target.toFixed(target < 10 ? 1 : 0)} ${unit}`.padStart(12);
    const result = `${measured.toFixed(measured < 10 ? 2 : 0)} ${unit}`.padStart(12);
    console.log(
      `${what.padEnd(width)}${figures}${result}  ${isKept(measurement) ? "kept" : "MISSED"}`,
    );
  }
}

function isKept({ target, measured, isLeast }: Measurement): boolean {
  return isLeast === true ? measured >= target : measured <= target;
}
