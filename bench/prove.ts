/** A process of its own for each measurement: compiles and proves the mesh of a file, and says how long that took. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import * as core from "@warren/core";
import { indexOfDocument } from "../tools/sample.ts";

const document: unknown = parse(readFileSync(process.argv[2] ?? "", "utf8"));
// Reading the document and giving addresses are not what is measured, but done on the way.
const { mesh, lock } = indexOfDocument(document);
const diagnostics = new core.Diagnostics();
const startedAt = performance.now();
const { tunnels } = core.verify(mesh, lock, core.compile(core.index(mesh, lock)), diagnostics);
const seconds = (performance.now() - startedAt) / 1000;
if (diagnostics.list.length > 0) throw new Error(diagnostics.list[0]?.code);
console.log(JSON.stringify({ seconds, tunnels }));
