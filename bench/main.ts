/** npm run bench: what was promised and what is measured, side by side, on this machine. */
import { availableParallelism, cpus } from "node:os";
import { measureControl } from "./control/measure.ts";
import type { Measurement } from "./measurement.ts";
import { measureMesh } from "./mesh.ts";
import { measurePrefixes } from "./prefixes.ts";
import { bringByAll, judgeBrought, printBrought } from "./push.ts";
import { measureRegions } from "./regions.ts";
import { compareWithMeshconf, judgeComparisons, printComparisons } from "./wg-meshconf.ts";

const usage = `npm run bench -- [PART …]
  mesh     compiling and rendering, beside wg-meshconf
  push     bringing a mesh to a hundred hosts, beside loops and Ansible
  control  a control plane of a hundred, three hundred and a thousand agents (of the
           thousand a hundred keep devices; the others speak as these do)
  growth   one of five thousand, for a quarter of an hour: only where it is named`;

/** How many agents, in planes one after the other. */
const PLANES = [100, 300, 1000];
const GROWN = 5000;
const PARTS = ["mesh", "push", "control", "growth"];

const parts = new Set(process.argv.length > 2 ? process.argv.slice(2) : PARTS.slice(0, -1));
if ([...parts].every((part) => PARTS.includes(part))) await main();
else {
  console.error(usage);
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const comparisons = parts.has("mesh") ? compareWithMeshconf() : undefined;
  const brought = parts.has("push") ? await bringByAll(100) : undefined;
  const measurements = [
    ...judgeComparisons(comparisons ?? []),
    ...judgeBrought(brought ?? []),
    ...(parts.has("mesh") ? [...measureMesh(), ...measureRegions(), ...measurePrefixes()] : []),
    ...(parts.has("control") ? await measurePlanes() : []),
    ...(parts.has("growth") ? await measureControl(GROWN, { isLargest: false }) : []),
  ];
  print(measurements);
  if (brought !== undefined) printBrought(brought);
  if (comparisons !== undefined) printComparisons(comparisons);
  process.exitCode = measurements.every(isKept) ? 0 : 1;
}

/** It takes minutes: on the way it says where it is. */
async function measurePlanes(): Promise<readonly Measurement[]> {
  const all: Measurement[] = [];
  for (const agents of PLANES) {
    console.error(`a control plane of ${agents} agents`);
    all.push(...(await measureControl(agents, { isLargest: agents === PLANES.at(-1) })));
  }
  return all;
}

function print(measurements: readonly Measurement[]): void {
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
