/** What takes nodes out of a server's network is done by nobody who has not said so. */
import { expect, onTestFinished, test } from "vitest";
import { serve } from "@warren/server";
import { clientOf } from "../control/server-client.ts";
import { MeshFolder } from "../cli-run.contract.ts";
import { reportFailure } from "../exit.ts";
import { createProgram } from "../program.ts";
import { createTerminal } from "../terminal/terminal.ts";
import { apply, pull } from "./apply.ts";
import { createNetwork, createToken, listNetworks, listNodes, listTokens } from "./control.ts";
import { addNode, removeNetwork, removeNode, revokeToken, setNetwork, setNode } from "./control.ts";
import type { Asking } from "./control.ts";
import { login } from "./login.ts";

const WHOLE = `
network: { name: home, addresses: 10.0.0.0/24 }
nodes: { a: { endpoint: a.example }, b: {}, c: {} }
`;
/** Another order says the same. */
const TURNED = `
nodes: { c: {}, b: {}, a: { endpoint: a.example } }
network: { addresses: 10.0.0.0/24, name: home }
`;
const HALF = WHOLE.replace(", b: {}, c: {}", "");
const HALF_AND_MORE = HALF.replace("a: {", "a: { tags: [db],");

test("apply() has who is not there to be asked say of changes and of what goes that they are meant", async () => {
  const told = [];
  const { folder, work, asking } = await createHome();
  for (const [text, yes, removeMissing] of [
    [WHOLE, false, false],
    [WHOLE, true, false],
    [WHOLE, true, false],
    [TURNED, true, false],
    [HALF, true, false],
    [HALF, false, true],
    [WHOLE, true, true],
    [HALF_AND_MORE, true, false],
    [HALF_AND_MORE, false, true],
    [HALF_AND_MORE, true, true],
  ] as const) {
    folder.write("warren.yaml", text);
    const file = folder.at("warren.yaml");
    told.push(await work(() => apply(asking, undefined, { file, yes, removeMissing })));
  }
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "64: ~ the network's settings: addresses
    + a
    + b
    + c
    warren: error usage: nobody is here to be asked
      say that it is meant: --yes
    0: ~ the network's settings: addresses
    + a
    + b
    + c
    home: changed
    0: home: as warren.yaml says it; nothing to do
    0: home: as warren.yaml says it; nothing to do
    64: - b
    - c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --remove-missing
    0: - b
    - c
    warren.yaml does not name b, c
    home: changed
    0: + b
    + c
    home: changed
    64: ~ a: tags
    - b
    - c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --remove-missing
    64: ~ a: tags
    - b
    - c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --yes
    0: ~ a: tags
    - b
    - c
    warren.yaml does not name b, c
    home: changed"
  `);
});

test("removeNetwork() takes away what somebody is in only where that is meant", async () => {
  const { work, asking } = await createHome();
  const params = { network: "home", node: "a" };
  const told = [
    await work(() => removeNetwork(asking, "nowhere", { yes: false })),
    await work(() => removeNetwork(asking, "home", { yes: false })),
  ];
  await asking.call("createNetwork", { body: { name: "home" as never } });
  await asking.call("setNode", { params, body: {} });
  for (const yes of [false, true]) {
    told.push(await work(() => removeNetwork(asking, "home", { yes })));
  }
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "2: warren: error not-found: there is no network nowhere
      see which there are: warren network list
    0: home: removed; its hosts have left it
    64: warren: error usage: nobody is here to be asked
      say that it is meant: --yes
    0: home: removed; its hosts have left it"
  `);
});

test("a name that is misspelt makes no node, and a word that is no truth opens no network", async () => {
  const { work, asking } = await createHome();
  await asking.call("createNetwork", { body: { name: "other" as never } });
  const add = (node: string) => work(() => addNode(asking, { network: "other", node, words: [] }));
  const set = (node: string) => work(() => setNode(asking, { network: "other", node, words: [] }));
  const told = [
    await add("aws"),
    await add("aws"),
    await set("awz"),
    await set("aws"),
    await work(() => setNetwork(asking, "other", ["open=maybe"])),
  ];
  expect(told.join("\n")).toMatchInlineSnapshot(`
    "0: aws: declared; its host joins by warren join TOKEN --name aws
    2: warren: error conflict: there is a node aws in network other already
      change it: warren node set other aws FIELD=VALUE
    64: warren: error usage: there is no node awz in network other
      did you mean aws?
    0: aws: changed
    64: warren: error usage: open=maybe is neither true nor false
      write open=true or open=false"
  `);
  const nodes = await asking.call("listNodes", { params: { network: "other" } });
  expect(nodes.map(({ name }) => name)).toEqual(["aws"]);
});

test("each command of a control plane prints JSON for a script, and nothing else", async () => {
  const { folder, asking: forPeople, read } = await createHome();
  const asking = { ...forPeople, json: true };
  const file = folder.at("warren.yaml");
  folder.write("warren.yaml", WHOLE);
  const node = { network: "other", node: "a", words: [] };
  const wishes = { uses: 1, hours: 1, ask: false, router: false, tag: [] };
  const applied = () => apply(asking, undefined, { file, yes: true, removeMissing: false });
  const { code } = await asking.call("createLink", { params: { account: "admin" } });
  const known = { account: "admin", json: true };
  const told = [
    await read(() => listNetworks(asking)),
    await read(() => createNetwork(asking, "other", ["open=true"])),
    await read(() => setNetwork(asking, "other", ["mtu=1400"])),
    await read(() => addNode(asking, node)),
    await read(() => setNode(asking, node)),
    await read(() => listNodes(asking, "other")),
    await read(() => removeNode(asking, "other", "a")),
    await read(() => createToken(asking, "other", wishes)),
    await read(() => listTokens(asking, "other")),
    await read(async () => {
      const [token] = await asking.call("listTokens", { params: { network: "other" } });
      return await revokeToken(asking, "other", token?.id ?? "");
    }),
    await read(() => removeNetwork(asking, "other", { yes: true })),
    await read(applied),
    await read(applied),
    await read(() => pull(asking, "home", "-")),
    await read(() => login(asking.terminal, code, known, { HOME: folder.path })),
  ].map((made) => (Array.isArray(made) ? [Object.keys(made[0] ?? {})] : Object.keys(made)));
  expect(told.map((each) => JSON.stringify(each)).join("\n")).toMatchInlineSnapshot(`
    "[["name","addresses","isOpen","nodes","waiting","createdAt"]]
    ["name","rev"]
    ["rev"]
    ["rev"]
    ["rev"]
    [["name","state","addresses","fields","tunnels","peers"]]
    ["rev"]
    ["id","token"]
    [["id","createdAt","createdBy","expiresAt","usesLeft","isApproved","fields"]]
    ["rev"]
    ["rev"]
    ["rev","changes"]
    ["rev","changes"]
    ["network","nodes"]
    ["account","file"]"
  `);

  const around = { environment: {}, words: [], version: "0" };
  const program = createProgram(asking.terminal, around, () => undefined);
  const asked = new Set(["network", "node", "token", "login", "apply", "pull"]);
  const commands = program.commands
    .filter((each) => asked.has(each.name()))
    .flatMap((each) => (each.commands.length > 0 ? each.commands : [each]));
  expect(commands).toHaveLength(15);
  const silent = commands.filter(({ options }) => options.every(({ long }) => long !== "--json"));
  expect(silent.map((each) => each.name())).toEqual([]);
});

/** A real server that has an empty network, whoever asks it, and what that prints. */
async function createHome(): Promise<{
  readonly folder: MeshFolder;
  readonly asking: Asking;
  /** What a command that succeeds prints on standard output, which is JSON. */
  readonly read: (command: () => Promise<number>) => Promise<object>;
  readonly work: (command: () => Promise<number>) => Promise<string>;
}> {
  const folder = new MeshFolder();
  const place = { folder: folder.at("server"), host: "127.0.0.1", port: 0, addresses: [] };
  const serving = await serve(place);
  onTestFinished(() => serving.close());
  const { port, pin, localToken: token } = serving;
  const call = clientOf({ address: { host: "127.0.0.1", port }, pin, token });
  await call("createNetwork", { body: { name: "home" as never } });
  let said = "";
  let out = "";
  const errors = { write: (text: string) => (said += text) };
  const output = { write: (text: string) => ((said += text), (out += text)) };
  const terminal = createTerminal(output, errors, { isColourWanted: false });
  const work = async (command: () => Promise<number>): Promise<string> => {
    said = "";
    const status = await command().catch((error: unknown) => reportFailure(terminal, error));
    return `${status}: ${said.replaceAll(`${folder.path}/`, "").trim()}`;
  };
  const read = async (command: () => Promise<number>): Promise<object> => {
    out = "";
    expect(await command()).toBe(0);
    return JSON.parse(out);
  };
  return { folder, asking: { terminal, call, json: false }, work, read };
}
