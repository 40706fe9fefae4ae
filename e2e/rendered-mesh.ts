/** A mesh in file mode, on hosts of the lab: rendered, and brought up by wg-quick. */
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Cloud } from "../lab/clouds.ts";
import { loadPlan, runWarren } from "../lab/plan.ts";
import type { CloudPlan } from "../lab/plan.ts";

/** Where wg-quick looks. */
export const WIREGUARD = "/etc/wireguard";
const DEVICE = "warren0";

/**
 * Proves and renders a mesh by the very commands a user types; its folders are written into `folder`,
 * and a copy of the mesh with its lock and keys beside it.
 */
export async function renderPlan(mesh: string, folder: string): Promise<CloudPlan> {
  const copy = join(dirname(folder), "warren.yaml");
  await copyFile(mesh, copy);
  const plan = await loadPlan(copy, folder);
  await runWarren("render", "-f", copy, "-o", folder);
  return plan;
}

export async function bringUp({ host, plan }: Cloud): Promise<void> {
  const wayOut = `the file is ${join(plan.folder, `${DEVICE}.conf`)}`;
  await host.run({ words: ["wg-quick", "up", DEVICE], wayOut });
}

export async function bringDown({ host, plan }: Cloud): Promise<void> {
  const wayOut = `the file is ${join(plan.folder, `${DEVICE}.conf`)}`;
  await host.run({ words: ["wg-quick", "down", DEVICE], wayOut });
}
