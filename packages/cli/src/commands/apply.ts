/** warren apply and pull: from a mesh file to a server, and back. */
import { listTexts, printSorted, say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { stringify } from "yaml";
import { printFindings } from "../findings.ts";
import { writeNamed } from "../files/staging.ts";
import { isMeant } from "../terminal/question.ts";
import { countOf } from "../terminal/words.ts";
import { loadWorkspace } from "../workspace.ts";
import { readDocument } from "../yaml/document.ts";
import { tell } from "./control.ts";
import type { Asking } from "./control.ts";

export interface ApplyOptions {
  readonly file: string;
  readonly yes: boolean;
  /** Nodes that the file does not name go, and nobody is asked. */
  readonly removeMissing: boolean;
}

/** Shows what would change, asks, and does it. A second time there is nothing to do. */
export async function apply(
  asking: Asking,
  wanted: string | undefined,
  { file, yes, removeMissing }: ApplyOptions,
): Promise<number> {
  const { terminal, call, json } = asking;
  const { findings, text } = loadWorkspace(file, { keys: "public", isStrict: false });
  const wrong = findings.filter(({ code }) => !SEEN_BY_SERVER.has(code));
  const isWrong = wrong.some(({ severity }) => severity === "error");
  // On standard output there is one of the two: what is wrong, or what was done.
  printFindings(terminal, wrong, { json: json && isWrong });
  if (isWrong) return 2;
  const body = readDocument(text).value as Document;
  const network = wanted ?? String(body.network?.["name"]);
  const params = { network };
  const { document: before, tag } = await call("readMesh", { params });
  const { rev, changes } = await call("applyMesh", { params, query: { try: "true" }, body });
  if (changes.length === 0) {
    const done = say`${network}: as ${file} says it; nothing to do`;
    return tell(asking, { rev, changes }, done);
  }
  for (const change of changes) terminal.say(describe(change, network, { before, after: body }));
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
  const done = await call("applyMesh", { params, body, ifMatch: tag });
  return tell(asking, { rev: done.rev, changes }, say`${network}: changed`);
}

type Fields = Readonly<Record<string, unknown>>;

/** A mesh as a file has it, as far as it matters here. */
type Document = Fields & {
  readonly network?: Fields;
  readonly nodes?: Readonly<Record<string, Fields | null>>;
};

/** `change`: a mark, and the key of a row: of the network, or of a node. */
function describe(
  change: string,
  network: string,
  { before, after }: Readonly<Record<"before" | "after", Document>>,
): Phrase {
  if (change === `~ network/${network}`) {
    const [was, is] = [settingsOf(before), settingsOf(after)];
    return say`${"~"} ${say`the network's settings: ${listTexts(differing(was, is))}`}`;
  }
  const node = change.slice(`~ node/${network}/`.length);
  if (change.startsWith("-")) return say`${"-"} ${node}`;
  const was = before.nodes?.[node];
  if (was === undefined) return say`${"+"} ${node}`;
  const fields = differing(was ?? {}, after.nodes?.[node] ?? {});
  return say`${"~"} ${say`${node}: ${listTexts(fields)}`}`;
}

/** All but its nodes, and its name, which is the server's. */
function settingsOf({ nodes: _, network = {}, ...rest }: Document): Fields {
  const { name: __, ...own } = network;
  return { ...own, ...rest };
}

function differing(one: Fields, other: Fields): readonly string[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.filter((name) => printSorted(one[name]) !== printSorted(other[name]));
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
