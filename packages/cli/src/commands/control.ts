/** warren network, node, token: what a server holds and may be asked for, by its API. */
import { AppError, parseJoinToken, printHostPort } from "@warren/api";
import type { Client, NodeView } from "@warren/api";
import { optional, say } from "@warren/core";
import type { Section, Text } from "@warren/core";
import { demand, unknownName } from "../app-error.ts";
import { findUnreached } from "../control/unreached.ts";
import { readAssignments } from "../assignments.ts";
import { isMeant } from "../terminal/question.ts";
import { printTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf, printDuration } from "../terminal/words.ts";
import { printJson } from "./plan.ts";

/** Whom the commands ask, and how they tell what they heard. */
export interface Asking {
  readonly terminal: Terminal;
  readonly call: Client;
  readonly json: boolean;
}

export async function listNetworks({ terminal, call, json }: Asking): Promise<number> {
  const networks = await call("listNetworks");
  if (json) printJson(terminal, networks);
  else {
    const heads = [say`network`, say`ranges`, say`nodes`, say`waiting`, say`joining`];
    const rows = networks.map(({ name, addresses, nodes, waiting, isOpen }) => {
      const how = isOpen ? say`by token, or with approval` : say`by token`;
      return [name, addresses.join(", "), String(nodes), String(waiting), how];
    });
    printRows(terminal, heads, rows);
    for (const { name, error } of networks) {
      if (error !== undefined) terminal.say(say`${terminal.paint("bold", name)}: ${error}`);
    }
  }
  return networks.some(({ error }) => error !== undefined) ? 2 : 0;
}

/** FIELD=VALUE as a mesh file has them in `network`; and open=true, for hosts without a token. */
export async function createNetwork(
  asking: Asking,
  name: string,
  words: readonly string[],
): Promise<number> {
  const body = { name: name as never, ...settingsIn(words) };
  const made = await asking.call("createNetwork", { body });
  const text = say`${name}: created; let hosts in: warren token create ${name}`;
  return tell(asking, { name, ...made }, text);
}

/** What was done or made: in words for people, as the server has answered for scripts. */
export function tell(
  { terminal, json }: Pick<Asking, "terminal" | "json">,
  done: object,
  text: Text,
): number {
  if (json) printJson(terminal, done);
  else terminal.print(text);
  return 0;
}

export async function setNetwork(
  asking: Asking,
  network: string,
  words: readonly string[],
): Promise<number> {
  const wanted = { params: { network }, body: settingsIn(words) };
  return tell(asking, await asking.call("setNetwork", wanted), say`${network}: changed`);
}

export async function removeNetwork(
  asking: Asking,
  network: string,
  { yes }: { readonly yes: boolean },
): Promise<number> {
  const { terminal, call } = asking;
  const known = (await call("listNetworks")).find(({ name }) => name === network);
  const count = known === undefined ? 0 : known.nodes + known.waiting;
  const question = say`${network} has ${countOf(count, "node")}, and all leave it for good: type its name: `;
  const wanted = { answer: network, flag: "--yes" };
  if (!yes && count > 0 && !(await isMeant(terminal, question, wanted))) {
    terminal.say(say`nothing was changed`);
    return 2;
  }
  const done = await call("deleteNetwork", { params: { network } });
  return tell(asking, done, say`${network}: removed; its hosts have left it`);
}

export async function listNodes(
  { terminal, call, json }: Asking,
  network: string,
): Promise<number> {
  const nodes = await call("listNodes", { params: { network } });
  if (json) printJson(terminal, nodes);
  else {
    const heads = [
      say`node`,
      say`state`,
      say`addresses`,
      say`endpoint`,
      say`handshakes`,
      say`subnets`,
    ];
    printRows(
      terminal,
      heads,
      nodes.map((node) => rowOf(terminal, node)),
    );
    for (const { name, error } of nodes) {
      if (error !== undefined) terminal.say(say`${terminal.paint("bold", name)}: ${error}`);
    }
    for (const { pair, cause, fix } of findUnreached(network, nodes)) {
      terminal.print(say`${terminal.paint("bold", pair)}: ${cause}\n  ${fix}`);
    }
  }
  return nodes.some(({ state }) => state === "failed") ? 2 : 0;
}

export async function approveNode(
  asking: Asking,
  { network, node, words }: NodeWords,
): Promise<number> {
  const wanted = { params: { network, node }, body: fieldsIn("nodes", words) };
  return tell(asking, await asking.call("approveNode", wanted), say`${node}: approved`);
}

export interface NodeWords {
  readonly network: string;
  readonly node: string;
  /** FIELD=VALUE as a mesh file has them. */
  readonly words: readonly string[];
}

/** The API takes a name that nobody has for a new node; a person may have misspelt one. */
export async function setNode(asking: Asking, wish: NodeWords): Promise<number> {
  const { network, node, words } = wish;
  const known = await namesIn(asking, network);
  if (!known.includes(node)) {
    throw unknownName(say`there is no node ${node} in network ${network}`, node, known);
  }
  const wanted = { params: { network, node }, body: fieldsIn("nodes", words) };
  return tell(asking, await asking.call("setNode", wanted), say`${node}: changed`);
}

/** Before its host joins: as that node, by a token that needs no approval. */
export async function addNode(asking: Asking, wish: NodeWords): Promise<number> {
  const { network, node, words } = wish;
  if ((await namesIn(asking, network)).includes(node)) {
    throw new AppError("conflict", say`there is a node ${node} in network ${network} already`, {
      fix: say`change it: warren node set ${network} ${node} FIELD=VALUE`,
    });
  }
  const wanted = { params: { network, node }, body: fieldsIn("nodes", words) };
  const said = say`${node}: declared; its host joins by warren join TOKEN --name ${node}`;
  return tell(asking, await asking.call("setNode", wanted), said);
}

async function namesIn({ call }: Asking, network: string): Promise<readonly string[]> {
  return (await call("listNodes", { params: { network } })).map(({ name }) => name);
}

export async function removeNode(asking: Asking, network: string, node: string): Promise<number> {
  const done = await asking.call("removeNode", { params: { network, node } });
  return tell(asking, done, say`${node}: removed; its host is out of the mesh`);
}

export async function listTokens(
  { terminal, call, json }: Asking,
  network: string,
): Promise<number> {
  const tokens = await call("listTokens", { params: { network } });
  if (json) printJson(terminal, tokens);
  else {
    const heads = [say`token`, say`made by`, say`holds`, say`uses left`, say`approval`];
    const rows = tokens.map(
      ({ id, createdBy, expiresAt, usesLeft, isApproved }): readonly Text[] => [
        id,
        createdBy,
        holds(expiresAt),
        usesLeft === undefined ? say`any` : String(usesLeft),
        isApproved ? say`not needed` : say`needed`,
      ],
    );
    printRows(terminal, heads, rows);
  }
  return 0;
}

export interface TokenWishes {
  readonly uses: number;
  readonly hours: number;
  readonly ask: boolean;
  /** It prints what makes a small router join by it. */
  readonly router: boolean;
  readonly tag: readonly string[];
  readonly site?: string;
}

/** The token alone on standard output, for scripts. */
export async function createToken(
  asking: Asking,
  network: string,
  { uses, hours, ask, router, tag: tags, site }: TokenWishes,
): Promise<number> {
  const fields = { ...(tags.length === 0 ? {} : { tags }), ...optional("site", site) };
  const body = { uses, hours, isApproved: !ask, fields };
  const made = await asking.call("createToken", { params: { network }, body });
  return tell(asking, made, router ? routerCommand(made.token) : made.token);
}

/** The script is taken from the very server: nobody else has that key. The shell itself echoes: no process is told the token. */
function routerCommand(token: string): string {
  const { addresses, pin } = demand(parseJoinToken(token));
  const [first] = addresses;
  if (first === undefined) throw new Error("a token without an address");
  const hash = pin?.replace("sha256:", "").replaceAll("-", "+").replaceAll("_", "/");
  const known = hash === undefined ? "" : `-k --pinnedpubkey 'sha256//${hash}=' `;
  const url = `https://${printHostPort(first)}/thin.sh`;
  return `curl -fsS ${known}-o warren-thin ${url} && echo ${token} | sh warren-thin join -`;
}

export async function revokeToken(asking: Asking, network: string, token: string): Promise<number> {
  const done = await asking.call("revokeToken", { params: { network, token } });
  return tell(asking, done, say`${token}: revoked; who has joined by it stays`);
}

function rowOf(
  terminal: Terminal,
  { name, state, addresses, tunnels, peers, fields, visitedAt, ...node }: NodeView,
): readonly Text[] {
  const fresh = peers.filter(({ handshakeSeconds }) => handshakeSeconds !== undefined).length;
  const subnets = fields["subnets"];
  const colour = state === "current" ? "green" : state === "failed" ? "red" : "yellow";
  return [
    name,
    visitedAt === undefined
      ? terminal.paint(colour, STATES[state]())
      : say`${terminal.paint(colour, STATES[state]())}, ${secondsSince(visitedAt)} ago`,
    addresses.join(", "),
    state === "waiting" ? asks(node) : whereIs(node),
    tunnels === 0 ? "" : say`${fresh} of ${tunnels}`,
    Array.isArray(subnets) ? subnets.map(subnetText).join(", ") : "",
  ];
}

/** Of a router that comes from time to time. */
function secondsSince(visitedAt: number): Text {
  return printDuration(Math.max(0, (Date.now() - visitedAt) / 1000));
}

function whereIs({ endpoint = "", isMapped }: Partial<NodeView>): Text {
  return isMapped === true ? say`${endpoint} (NAT)` : endpoint;
}

/** By the same letters warren join names the key on the host. */
function asks({ publicKey, joinedFrom = "" }: Partial<NodeView>): Text {
  return say`key ${publicKey?.slice(0, KEY_LETTERS) ?? ""}, from ${joinedFrom}`;
}

/** Of a key, for somebody to compare. */
const KEY_LETTERS = 8;

function subnetText(subnet: unknown): string {
  return typeof subnet === "string" ? subnet : String((subnet as { prefix?: unknown }).prefix);
}

const STATES = {
  waiting: () => say`waits for approval`,
  declared: () => say`no host yet`,
  offline: () => say`not connected`,
  behind: () => say`being changed`,
  failed: () => say`failed`,
  current: () => say`current`,
} as const satisfies Readonly<Record<NodeView["state"], () => Text>>;

function holds(expiresAt: number | undefined): Text {
  if (expiresAt === undefined) return say`for ever`;
  const seconds = Math.round((expiresAt - Date.now()) / 1000);
  return seconds <= 0 ? say`no more` : say`for ${printDuration(seconds)}`;
}

function settingsIn(words: readonly string[]): {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly isOpen?: boolean;
  readonly isConfirmed?: boolean;
} {
  const flagOf = (start: string): boolean | undefined => {
    const word = words.findLast((each) => each.startsWith(start));
    if (word === undefined || /=(true|false)$/.test(word)) return word?.endsWith("true");
    throw new AppError("usage", say`${word} is neither true nor false`, {
      fix: say`write ${start}true or ${start}false`,
    });
  };
  const fields = words.filter((word) => !word.startsWith(OPEN) && !word.startsWith(CONFIRM));
  return {
    settings: fieldsIn("network", fields),
    ...optional("isOpen", flagOf(OPEN)),
    ...optional("isConfirmed", flagOf(CONFIRM)),
  };
}

/** No fields of a mesh: whether hosts may ask without a token, and whether they may lose most of their peers. */
const OPEN = "open=";
const CONFIRM = "confirm=";

/** Nothing behind the equals sign takes the field away. */
function fieldsIn(section: Section, words: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    readAssignments(section, words).map(({ field, value, isEmpty }) => [
      field[0] ?? "",
      isEmpty ? null : value,
    ]),
  );
}

function printRows(
  terminal: Terminal,
  heads: readonly Text[],
  rows: readonly (readonly Text[])[],
): void {
  if (rows.length === 0) return terminal.say(say`there is none yet`);
  const [first = "", ...lines] = printTable([heads, ...rows].map((row) => row.map(terminal.read)));
  terminal.print(terminal.paint("bold", first));
  for (const line of lines) terminal.print(line);
}
