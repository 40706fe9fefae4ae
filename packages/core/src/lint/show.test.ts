import { test } from "vitest";
import { writeFileSync } from "node:fs";
import { lintFolder, printPlaces } from "./folders.contract.ts";
import { MISTAKES, plant } from "./mistakes.contract.ts";
import { printText } from "../phrase.ts";
test("show", () => {
  let out = "";
  for (const m of MISTAKES) {
    const folder = plant(m);
    const f = lintFolder(folder, m.exposed);
    out += `### ${m.what}\n`;
    const before = printPlaces(lintFolder(m.folder));
    if (before.length) out += `TWIN ${before.join("; ")}\n`;
    printPlaces(f).forEach((p, i) => {
      const x = f[i]!;
      const line = folder.get(x.file)?.split("\n")[x.line - 1];
      out += `  ${p}\n      | ${line}\n      ${printText(x.message)}\n      => ${printText(x.fix)}\n`;
    });
  }
  writeFileSync("/tmp/lint-out.txt", out);
  writeFileSync(
    "/tmp/lint-out.json",
    JSON.stringify(MISTAKES.map((m) => printPlaces(lintFolder(plant(m), m.exposed)))),
  );
});
