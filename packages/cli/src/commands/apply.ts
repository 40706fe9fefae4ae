/** warren apply and pull: from a mesh file to a server, and back. */
import { refusalOf } from "@warren/api";
import { listTexts, say } from "@warren/core";
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { printFindings } from "../findings.ts";
import { writeNamed } from "../files/staging.ts";
import { isMeant } from "../terminal/question.ts";
import { countOf } from "../terminal/words.ts";
import { loadWorkspace } from "../workspace.ts";
import { readDocument } from "../yaml/document.ts";
import type { Asking } from "./control.ts";

export interface ApplyOptions {
  readonly file: string;
  readonly yes: boolean;
  /** Nodes that the file does not name go, and nobody is asked. */
  readonly removeMissing: boolean;
}

/** Shows what would change, asks, and does it. A second time there is nothing to do. */
export async function apply(
  { terminal, call, json }: Asking,
  wanted: string | undefined,
  { file, yes, removeMissing }: ApplyOptions,
): Promise<number> {
  const { findings } = loadWorkspace(file, { keys: "public", isStrict: false });
  const wrong = findings.filter(({ code }) => !SEEN_BY_SERVER.has(code));
  printFindings(terminal, wrong, { json });
  if (wrong.some(({ severity }) => severity === "error")) return 2;
  const document = readMesh(file);
  const network = wanted ?? document.network.name;
  const params = { network };
  const asked = { params, query: { try: "true" }, body: document };
  const { changes, tag } = await call("applyMesh", asked);
  if (changes.length === 0) {
    terminal.print(say`${network}: as ${file} says it; nothing to do`);
    return 0;
  }
  for (const change of changes) terminal.say(say`${change}`);
  const start = `- node/${network}/`;
  const gone = changes.flatMap((each) =>
    each.startsWith(start) ? [each.slice(start.length)] : [],
  );
  if (gone.length > 0) terminal.say(say`${file} does not name ${listTexts(gone)}`);
  const answer = "yes";
  const question = say`take ${countOf(gone.length, "node")} out of the mesh? type yes: `;
  // Half a file is no reason to lose a mesh: who wants what it says need not want what it leaves out.
  const isAgreed =
    (yes ||
      gone.length === changes.length ||
      (await isMeant(terminal, say`do that? type yes: `, { answer, flag: "--yes" }))) &&
    (removeMissing ||
      gone.length === 0 ||
      (await isMeant(terminal, question, { answer, flag: "--remove-missing" })));
  if (!isAgreed) {
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

/** What only who does not see where hosts come from takes for an error: the server judges it. */
const SEEN_BY_SERVER = new Set(["node-isolated", "nobody-dials"]);

/** Of a file that has been judged. */
function readMesh(file: string): { readonly network: { readonly name: string } } {
  try {
    return readDocument(readFileSync(file, "utf8")).value as ReturnType<typeof readMesh>;
  } catch (cause) {
    throw refusalOf("cannot-read", file, cause);
  }
}
