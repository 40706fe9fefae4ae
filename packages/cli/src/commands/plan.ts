/** What commands that look share: options, the plan of a mesh that holds, JSON for scripts. */
import { printFindings } from "../findings.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { loadWorkspace } from "../workspace.ts";
import type { LoadOptions, Plan } from "../workspace.ts";

export interface FileOption {
  /** The mesh file. */
  readonly file: string;
}

export interface JsonOption {
  readonly json: boolean;
}

export interface StrictOption extends JsonOption {
  /** Every warning is an error. */
  readonly strict: boolean;
}

/** Undefined where the mesh is wrong: that is said; what else was found, only where `isWordy`. */
export function loadPlan(
  terminal: Terminal,
  { file, json = false, isWordy = false }: FileOption & Partial<JsonOption> & { isWordy?: boolean },
  options: Pick<LoadOptions, "keys" | "judge">,
): Plan | undefined {
  const { findings, plan } = loadWorkspace(file, options);
  if (plan === undefined || isWordy) printFindings(terminal, findings, { json });
  return plan;
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.print(JSON.stringify(value, undefined, 2));
}
