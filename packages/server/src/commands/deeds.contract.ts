/** Lines that say what somebody does to a network, and what each comes to. */
import { createTestPlane, LOCAL_TOKEN } from "../plane.contract.ts";
import type { TestPlane } from "../plane.contract.ts";

const by = LOCAL_TOKEN;
const HOUR_MS = 3_600_000;

/** Each line with what it came to; what is refused has changed nothing. */
export async function check(text: string): Promise<string> {
  const plane = await createTestPlane();
  await plane.ask("POST /networks", { by, body: { name: "home" } });
  const tokens = new Map([["none", "nobody-knows-it"]]);
  const told: string[] = [];
  for (const line of text
    .trim()
    .split("\n")
    .map((each) => each.trim())) {
    const state = plane.plane.ledger.state;
    const [status, answer] = await perform(plane, line, tokens);
    if (status !== 200 && plane.plane.ledger.state !== state) throw new Error(`${line} half done`);
    const short = line.length > 60 ? `${line.slice(0, 59)}…` : line;
    told.push(`${short}\n  → ${answer}`);
  }
  return told.join("\n");
}

async function perform(
  { ask, plane, time }: TestPlane,
  line: string,
  tokens: Map<string, string>,
): Promise<readonly [status: number, answer: string]> {
  const [verb = "", name = "", key = "", token = "", network = "home"] = line.split(" ");
  const rest = JSON.parse(line.match(/ (\{.*\}|true|false)$/)?.[1] ?? "{}") as object;
  const home = "/networks/home";
  const publicKey = keyOf(key);
  const secret = token === "" ? {} : { secret: tokens.get(token) };
  const rev = plane.ledger.rev;
  const asked = { network, name, publicKey, ...secret };
  const credential = `wrc_${String(tokens.size).padStart(43, "0")}`;
  const verbs: Readonly<Record<string, () => ReturnType<typeof ask>>> = {
    // With the credential that whoever has this key has come with.
    again: () => ask("POST /join", { body: { ...asked, credential: tokens.get(key) } }),
    join: () => ask("POST /join", { body: { ...asked, credential } }),
    network: () => ask("POST /networks", { by, body: { name, ...rest } }),
    open: () => ask(`PATCH ${home}`, { by, body: { isOpen: rest } }),
    token: () => ask(`POST ${home}/tokens`, { by, body: rest }),
    revoke: () => ask(`DELETE ${home}/tokens/${idOf(plane, tokens.get(name) ?? "")}`, { by }),
    approve: () => ask(`POST ${home}/nodes/${name}/approve`, { by, body: rest }),
    set: () => ask(`PATCH ${home}/nodes/${name}`, { by, body: rest }),
    remove: () => ask(`DELETE ${home}/nodes/${name}`, { by }),
    apply: () => ask(`PUT ${home}/mesh`, { by, body: rest }),
    nodes: () => ask(`GET ${home}/nodes`, { by }),
  };
  if (verb === "later") {
    time.now += Number(name) * HOUR_MS;
    return [200, "so it is"];
  }
  const { status, text } = await (verbs[verb]?.() ?? Promise.reject(new Error(line)));
  const answer = JSON.parse(text) as Record<string, never> & Refused;
  if (status !== 200) {
    const { code, message, fix, details = [] } = answer.error;
    const paths = details.map(({ path }) => path).join(", ");
    return [status, `${code}${paths === "" ? "" : ` (${paths})`}: ${message}; ${fix}`];
  }
  switch (verb) {
    case "join":
      tokens.set(key, credential).set(credential, "");
      return [status, answer["isApproved"] ? "is in" : "waits"];
    case "again":
      return [status, answer["isApproved"] ? "is in" : "waits"];
    case "token":
      tokens.set(`t${countTokens(tokens) + 1}`, String(answer["token"]).split(":")[1] ?? "");
      return [status, `t${countTokens(tokens)}`];
    case "nodes":
      return [status, (answer as unknown as readonly Listed[]).map(printNode).join("\n    ")];
    default:
      return [status, plane.ledger.rev === rev ? "nothing to do" : "done"];
  }
}

export function keyOf(letter: string): string {
  return Buffer.alloc(32, letter).toString("base64");
}

function countTokens(tokens: ReadonlyMap<string, string>): number {
  return [...tokens.keys()].filter((each) => /^t\d+$/.test(each)).length;
}

interface Refused {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly fix: string;
    readonly details?: readonly { readonly path: string }[];
  };
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly addresses: readonly string[];
  readonly fields: object;
}

function printNode({ name, state, addresses, fields }: Listed): string {
  return `${name} ${state} ${addresses.join(",")} ${JSON.stringify(fields)}`;
}

function idOf({ ledger, vault }: TestPlane["plane"], secret: string): string {
  const hash = vault.hashSecret(secret);
  const [key = ""] = [...ledger.state.token].find(([, row]) => row.hash === hash) ?? [];
  return key.split("/")[1] ?? "";
}
