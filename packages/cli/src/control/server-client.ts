/** To which server the commands go, and as whom: by `warren login`, or on the server's own host by its files. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AppError,
  createClient,
  parsePin,
  parseServerAddress,
  refusalOf,
  systemCode,
} from "@warren/api";
import type { AnswerOf, BodyOf, Client, Pin, Routes } from "@warren/api";
import type { Credential } from "@warren/agent";
import { optional as optionalField, parseJson, Problem, readSent, say, shapes } from "@warren/core";
import { pinnedFetch } from "@warren/crypto";
import { LOCAL_FILE, STORE_FILE } from "@warren/server";
import { demand } from "../app-error.ts";
import { staged } from "../files/staging.ts";
import { loginFile, SERVER_FOLDER } from "./places.ts";
import type { Environment } from "./places.ts";

const { fields, optional, required, text } = shapes;

/** The server's address, its pin, and by what it knows us. */
const loginShape = fields({
  address: required(text(parseServerAddress), "Where the server listens."),
  pin: optional(text(parsePin), "Of its key."),
  token: required(
    text((written) => written),
    "By which it knows whoever asks.",
  ),
});
export type Login = shapes.Read<typeof loginShape>;

/** `folder`: of the server on this host. */
export function connectServer(environment: Environment, folder = SERVER_FOLDER): Client {
  const login = readLocalLogin(folder) ?? readLogin(loginFile(environment));
  if (login === undefined && existsSync(join(folder, STORE_FILE))) {
    throw new AppError("unreachable", say`the server of this host does not run`, {
      fix: say`start it: systemctl start warren-server; or warren server`,
    });
  }
  if (login === undefined) {
    throw new AppError("not-found", say`no server is known here`, {
      fix: say`to have this host join: warren join TOKEN; to run a network: be root on the server's host, or sign in: warren login CODE, which warren login prints there`,
    });
  }
  return clientOf(login);
}

/** Of the server that runs on this host. */
export function readLocalLogin(folder: string): Login | undefined {
  return readLogin(join(folder, LOCAL_FILE));
}

export function clientOf({ address, pin, token }: Login): Client {
  const target = { ...address, ...(pin === undefined ? {} : { pin }) };
  return createClient(pinnedFetch(target), { authorization: `Bearer ${token}` });
}

/** As this host, whichever of its server's addresses answers first. */
export async function callAsNode<K extends keyof Routes>(
  { servers, pin, credential: token }: Credential,
  route: K,
  body?: BodyOf<Routes[K]>,
): Promise<AnswerOf<Routes[K]>> {
  const known = optionalField("pin", pin === undefined ? undefined : demand(parsePin(pin)));
  let refused: AppError | undefined;
  for (const server of servers) {
    const address = demand(parseServerAddress(server));
    try {
      return await clientOf({ address, token, ...known })(route, optionalField("body", body));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "unreachable") throw error;
      refused = error;
    }
  }
  throw refused ?? new Error("a host that has joined knows no server");
}

export function writeLogin(
  environment: Environment,
  {
    address,
    pin,
    token,
  }: { readonly address: string; readonly pin: Pin | undefined; readonly token: string },
): string {
  const file = loginFile(environment);
  const text = `${JSON.stringify({ address, pin, token })}\n`;
  staged((staging) => staging.put(file, text, "owner"));
  return file;
}

/** Undefined where there is none, or where it is not for this user to read. */
function readLogin(file: string): Login | undefined {
  let written: string;
  try {
    written = readFileSync(file, "utf8");
  } catch (cause) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes(systemCode(cause))) return undefined;
    throw refusalOf("cannot-read", file, cause);
  }
  const login = readSent(loginShape, parseJson(written));
  if (!(login instanceof Problem)) return login;
  throw new AppError("cannot-read", say`it is not as warren login writes it`, {
    fix: say`sign in again: warren login CODE`,
    file,
  });
}
