/** warren login: on the server's host, how to come in; elsewhere, coming in. */
import { hostname } from "node:os";
import { text as readAll } from "node:stream/consumers";
import { createClient, parseJoinToken, printServerAddress } from "@warren/api";
import { parseName, Problem, say } from "@warren/core";
import type { Name } from "@warren/core";
import { findServer, pinnedFetch } from "@warren/crypto";
import { demand } from "../app-error.ts";
import { tell } from "./control.ts";
import type { Environment } from "../control/places.ts";
import { connectServer, writeLogin } from "../control/server-client.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface LoginOptions {
  readonly account: string;
  readonly json: boolean;
}

export async function login(
  terminal: Terminal,
  code: string | undefined,
  { account, json }: LoginOptions,
  environment: Environment,
): Promise<number> {
  if (code === undefined) {
    const made = await connectServer(environment)("createLink", { params: { account } });
    tell(
      { terminal, json },
      made,
      say`in a browser        ${made.link}\non another machine  warren login ${made.code}`,
    );
    terminal.say(say`either of the two, once, within an hour`);
    return 0;
  }
  // A code that was typed is not for whoever lists processes.
  process.title = "warren login";
  const given = code === "-" ? (await readAll(process.stdin)).trim() : code;
  const { addresses, pin, secret } = demand(parseJoinToken(given));
  const target = await findServer(
    addresses.map((each) => ({ ...each, ...(pin === undefined ? {} : { pin }) })),
  );
  const call = createClient(pinnedFetch(target));
  const answer = await call("signIn", { body: { link: secret, device: nameOfDevice() } });
  const file = writeLogin(environment, {
    address: printServerAddress(target),
    pin,
    token: answer.token ?? "",
  });
  const { account: name } = answer;
  return tell(
    { terminal, json },
    { account: name, file },
    say`signed in as ${name}; kept in ${file}`,
  );
}

/** By which the token is known, to be revoked by. */
function nameOfDevice(): Name {
  const label =
    hostname()
      .split(".")[0]
      ?.toLowerCase()
      .replaceAll(/[^a-z0-9]/g, "") ?? "";
  const name = parseName(label.slice(0, 40));
  return name instanceof Problem ? demand(parseName("device")) : name;
}
