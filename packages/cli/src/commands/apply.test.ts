/** What takes nodes out of a server's network is done by nobody who has not said so. */
import { expect, onTestFinished, test } from "vitest";
import { serve } from "@warren/server";
import { clientOf } from "../control/server-client.ts";
import { MeshFolder } from "../cli-run.contract.ts";
import { reportFailure } from "../exit.ts";
import { createTerminal } from "../terminal/terminal.ts";
import { apply } from "./apply.ts";
import { removeNetwork } from "./control.ts";
import type { Asking } from "./control.ts";

const WHOLE = `
network: { name: home, addresses: 10.0.0.0/24 }
nodes: { a: { endpoint: a.example }, b: {}, c: {} }
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
    "64: ~ network/home
    ~ node/home/a
    ~ node/home/b
    ~ node/home/c
    warren: error usage: nobody is here to be asked
      say that it is meant: --yes
    0: ~ network/home
    ~ node/home/a
    ~ node/home/b
    ~ node/home/c
    home: changed
    0: home: as warren.yaml says it; nothing to do
    64: - node/home/b
    - node/home/c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --remove-missing
    0: - node/home/b
    - node/home/c
    warren.yaml does not name b, c
    home: changed
    0: ~ node/home/b
    ~ node/home/c
    home: changed
    64: ~ node/home/a
    - node/home/b
    - node/home/c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --remove-missing
    64: ~ node/home/a
    - node/home/b
    - node/home/c
    warren.yaml does not name b, c
    warren: error usage: nobody is here to be asked
      say that it is meant: --yes
    0: ~ node/home/a
    - node/home/b
    - node/home/c
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

/** A real server that has an empty network, whoever asks it, and what that prints. */
async function createHome(): Promise<{
  readonly folder: MeshFolder;
  readonly asking: Asking;
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
  const stream = { write: (text: string) => (said += text) };
  const terminal = createTerminal(stream, stream, { isColourWanted: false });
  const work = async (command: () => Promise<number>): Promise<string> => {
    said = "";
    const status = await command().catch((error: unknown) => reportFailure(terminal, error));
    return `${status}: ${said.replaceAll(`${folder.path}/`, "").trim()}`;
  };
  return { folder, asking: { terminal, call, json: false }, work };
}
