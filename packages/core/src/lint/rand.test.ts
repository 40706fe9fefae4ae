import { test } from "vitest";
import fc from "fast-check";
import { Printed, renderFiles, printText } from "../mod.ts";
import { meshDocuments } from "../../../../tools/random-mesh.ts";
import * as topo from "../../../../tools/random-topology.ts";

import { sampleOfDocument, sampleSecrets } from "../../../../tools/sample.ts";
import { readWgQuick } from "../read/wg-quick.ts";
import { lint } from "./lint.ts";
test("rand", () => {
  const counts = new Map<string, number>();
  const example = new Map<string, string>();
  let n = 0;
  fc.assert(
    fc.property(topo.topologyDocuments(7), (document) => {
      let s: any;
      try {
        s = sampleOfDocument(document);
      } catch {
        counts.set("REFUSED", (counts.get("REFUSED") ?? 0) + 1);
        return;
      }
      if (s.diagnostics.list.length > 0) {
        for (const d of s.diagnostics.list)
          counts.set("DIAG " + d.code, (counts.get("DIAG " + d.code) ?? 0) + 1);
        if (s.diagnostics.hasErrors) return;
      }
      n++;
      const readings = s.devices.map((device: any) => {
        const text = renderFiles(device, sampleSecrets, new Printed(), "wg-quick")[0]!.text.join(
          "",
        );
        const r = readWgQuick(text, {
          file: device.name + ".conf",
          name: device.name,
          isWorldReadable: false,
        });
        return {
          text,
          findings: r.findings,
          devices: r.devices.map((d) => ({
            ...d,
            publicKey: { value: device.publicKey, place: d.place },
          })),
        };
      });
      const all = {
        devices: readings.flatMap((r: any) => r.devices),
        findings: readings.flatMap((r: any) => r.findings),
      };
      for (const f of [...all.findings, ...lint(all).findings]) {
        counts.set(f.severity + " " + f.code, (counts.get(f.severity + " " + f.code) ?? 0) + 1);
        const t =
          `${f.file}:${f.line} ${printText(f.message)} ${JSON.stringify(f.against)}\n` +
          readings.map((r: any, i: any) => `== ${all.devices[i]!.name}\n${r.text}`).join("\n") +
          JSON.stringify(s.diagnostics.list.map((x: any) => x.code));
        if (f.severity !== "error" || f.code === "node-isolated") continue;
        const was = example.get(f.code);
        if (was === undefined || was.length > t.length) example.set(f.code, t);
      }
    }),
    { numRuns: 1500, seed: 5 },
  );
  console.log(n, counts);
  for (const [c, t] of example) console.log("#####", c, t);
});
