/** warren apply and pull: from a mesh file to a server, and back. */
import { createInterface } from "node:readline/promises";
import { AppError, refusalOf } from "@warren/api";
import { say } from "@warren/core";
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { printFindings } from "../findings.ts";
import { writeNamed } from "../files/staging.ts";
import { loadWorkspace } from "../workspace.ts";
import { readDocument } from "../yaml/document.ts";
import type { Asking } from "./control.ts";

export interface ApplyOptions {
  readonly file: string;
  readonly yes: boolean;
}

/** Shows what would change, asks, and does it. A second time there is nothing to do. */
export async function apply(
  { terminal, call, json }: Asking,
  wanted: string | undefined,
  { file, yes }: ApplyOptions,
): Promise<number> {
  const { findings, plan } = loadWorkspace(file, { keys: "public", isStrict: false });
  printFindings(terminal, findings, { json });
  if (plan === undefined) return 2;
  const network = wanted ?? plan.mesh.network.name;
  const document = readMesh(file);
  const params = { network };
  const asked = { params, query: { try: "true" }, body: document };
  const { changes, tag } = await call("applyMesh", asked);
  if (changes.length === 0) {
    terminal.print(say`${network}: as ${file} says it; nothing to do`);
    return 0;
  }
  for (const change of changes) terminal.say(say`${change}`);
  if (!yes && !(await isMeant(terminal))) {
    terminal.say(say`nothing was changed`);
    return 2;
  }
  // What was shown is what is done, or nothing.
  await call("applyMesh", { params, body: document, ifMatch: tag });
  terminal.print(say`${network}: changed`);
  return 0;
}

/** The server's mesh as a file; - is standard output. */
export async function pull(
  { terminal, call, json }: Asking,
  network: string,
  output: string,
): Promise<number> {
  const { document } = await call("readMesh", { params: { network } });
  const text = json ? `${JSON.stringify(document, undefined, 2)}\n` : stringify(document);
  if (output === "-") terminal.print(text.trimEnd());
  else writeNamed(output, text, "everybody");
  return 0;
}

function readMesh(file: string): Readonly<Record<string, unknown>> {
  try {
    return readDocument(readFileSync(file, "utf8")).value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw refusalOf("cannot-read", file, cause);
  }
}

/** Of a person; a script says so with --yes. */
async function isMeant(terminal: Asking["terminal"]): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AppError("usage", say`nobody is here to be asked`, {
      fix: say`say that it is meant: --yes`,
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await lines.question(terminal.read(say`do that? type yes: `));
  lines.close();
  return typed.trim() === "yes";
}
