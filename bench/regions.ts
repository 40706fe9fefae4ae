/** A thousand nodes in twenty sites behind gateways: what compiling and proving them takes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./measurement.ts";
import type { Measurement } from "./measurement.ts";

const SITES = 20;
const NODES_PER_SITE = 50;
const RUNS = 5;
const PROVE = fileURLToPath(new URL("prove.ts", import.meta.url));

export function measureRegions(): readonly Measurement[] {
  const folder = mkdtempSync(join(tmpdir(), "warren-bench-"));
  try {
    const file = join(folder, "warren.yaml");
    writeFileSync(file, regions());
    const runs = Array.from({ length: RUNS }, () => prove(file));
    return [
      {
        what: "1,000 nodes in 20 sites, compile and proof",
        target: 1,
        measured: median(runs.map(({ seconds }) => seconds)),
        unit: "s",
      },
      { what: "tunnels of these", target: 24_700, measured: runs[0]?.tunnels ?? NaN, unit: "" },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Only gateways can be dialled from outside; each site has a block of mesh addresses. */
function regions(): string {
  const sites = Array.from({ length: SITES }, (_, at) => {
    return `  s${at}: { network: 172.16.${at}.0/24, addresses: 10.66.${at}.0/24, gateways: [n${at}-0] }\n`;
  });
  const nodes = sites.flatMap((_, at) =>
    Array.from({ length: NODES_PER_SITE }, (_, of) => {
      const endpoint = of === 0 ? `, endpoint: 198.51.100.${at}` : "";
      return `  n${at}-${of}: { site: s${at}, lan: 172.16.${at}.${of + 1}${endpoint} }\n`;
    }),
  );
  const network = "network: { name: regions, addresses: [10.66.0.0/16] }\n";
  return `${network}sites:\n${sites.join("")}nodes:\n${nodes.join("")}`;
}

function prove(file: string): { readonly seconds: number; readonly tunnels: number } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROVE, file], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the proof exited with ${status}\n${stderr}`);
  return JSON.parse(stdout) as { readonly seconds: number; readonly tunnels: number };
}
