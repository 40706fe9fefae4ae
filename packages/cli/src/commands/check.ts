/** warren check: reads, compiles and proves a mesh, and writes nothing. */
import { entrancesOf, listTexts, printCount, say } from "@warren/core";
import { hasErrors, printFindings } from "../findings.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { loadWorkspace } from "../workspace.ts";
import { countOf } from "../terminal/words.ts";
import type { FileOption, StrictOption } from "./plan.ts";

export function check(
  terminal: Terminal,
  { file, json, strict }: FileOption & StrictOption,
): number {
  const { findings, plan } = loadWorkspace(file, { keys: "public", isStrict: strict });
  printFindings(terminal, findings, { json });
  if (hasErrors(findings) || plan === undefined) return 2;
  if (json) return 0;
  const { nodes, clients, tunnels, paths, promised, apart } = plan.proof;
  const counts = [
    countOf(nodes, "node"),
    ...(clients === 0 ? [] : [countOf(clients, "client")]),
    countOf(tunnels, "tunnel"),
    say`${countOf(paths, "path")} of ${printCount(promised)} hold both ways`,
    ...(apart === 0 ? [] : [say`${printCount(apart)} kept apart`]),
  ];
  terminal.print(say`${terminal.paint("green", say`proven`)}: ${listTexts(counts)}`);
  const keyless = entrancesOf(plan.mesh).filter(({ id }) => !plan.keys.entryKeys.has(id));
  if (keyless.length > 0) {
    const names = listTexts(keyless.map(({ name }) => name));
    terminal.say(
      say`without a key and so not in the mesh yet: ${names}; warren qr makes and shows one`,
    );
  }
  return 0;
}
