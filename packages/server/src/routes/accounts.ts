/** What the API does with people: signing in, accounts, tokens of their programs. */
import { AppError } from "@warren/api";
import { optional, say } from "@warren/core";
import type { Name } from "@warren/core";
import { addLink, LINK_MS, putAccount, removeAccount, spendLink } from "../auth/accounts.ts";
import { addApiToken, API_TOKEN_PREFIX, removeApiToken } from "../auth/credentials.ts";
import type { Caller, Grant } from "../auth/roles.ts";
import { printCookie } from "../auth/sessions.ts";
import { checkPassword, demandPassword } from "../auth/sign-in.ts";
import type { Call, Handlers, Plane } from "../plane.ts";
import { demandName } from "../request-forms.ts";

type Accounts =
  | "signIn"
  | "whoAmI"
  | "signOut"
  | "createLink"
  | "listAccounts"
  | "setAccount"
  | "removeAccount"
  | "listApiTokens"
  | "createApiToken"
  | "removeApiToken";

const DAY_MS = 24 * 60 * 60 * 1000;
/** What the command line of another machine holds on to. */
const DEVICE_DAYS = 365;
const TOKEN_DAYS = 90;

export const accountHandlers: Handlers<Accounts> = {
  async signIn(plane, { body, remoteAddress, setCookie }) {
    const account = await whoSignsIn(plane, body, remoteAddress);
    const { ledger, vault, clock, sessions } = plane;
    const now = clock.now();
    if (body.device === undefined) {
      const secret = vault.makeSecret();
      sessions.start(vault.hashSecret(secret), account, now);
      setCookie(printCookie(secret));
      return { account };
    }
    const roles = ledger.state.account.get(account)?.roles ?? [];
    const grant = roles.find(({ network }) => network === "*") ?? roles[0];
    if (grant === undefined) {
      throw new AppError("forbidden", say`account ${account} may do nothing yet`, {
        fix: say`have an admin give it a role`,
      });
    }
    const maker: Caller = { kind: "account", name: account, roles };
    const name = freshName(plane, `${account}-${body.device}`);
    return { account, token: await makeApiToken(plane, maker, { name, grant, days: DEVICE_DAYS }) };
  },
  async whoAmI(_plane, { caller }) {
    if (caller.kind !== "account" && caller.kind !== "apiToken") return { name: "", roles: [] };
    return { name: caller.name, roles: caller.roles };
  },
  async signOut({ sessions, vault }, { session, setCookie }) {
    if (session !== undefined) sessions.end(vault.hashSecret(session));
    setCookie(printCookie(""));
    return {};
  },
  async createLink({ ledger, vault, clock }, { by, params }) {
    const account = demandName(params["account"]);
    const secret = vault.makeSecret();
    const link = { hash: vault.hashSecret(secret), account, expiresAt: clock.now() + LINK_MS };
    const deed = { ...by, command: "login", summary: account };
    await ledger.commit(deed, (state) => addLink(state, link));
    return vault.printLinks(secret);
  },
  async listAccounts({ ledger }) {
    return [...ledger.state.account.values()].map(({ name, roles, passwordHash }) => {
      return { name, roles, hasPassword: passwordHash !== undefined };
    });
  },
  async setAccount({ ledger, vault, sessions }, { by, params, body: { roles, password } }) {
    const name = demandName(params["account"]);
    const passwordHash =
      password === undefined ? undefined : await vault.hashPassword(demandPassword(password));
    const deed = { ...by, command: "account set", summary: name };
    const rev = await ledger.commit(deed, (state) => {
      const before = state.account.get(name) ?? { name, roles: [] };
      const grants = roles?.map(({ network, role }): Grant => ({
        network: scopeOf(network),
        role,
      }));
      return putAccount(state, {
        ...before,
        roles: grants ?? before.roles,
        ...optional("passwordHash", passwordHash),
      });
    });
    if (password !== undefined) sessions.endAllOf(name);
    return { rev };
  },
  async removeAccount({ ledger, sessions }, { by, params }) {
    const name = demandName(params["account"]);
    const deed = { ...by, command: "account remove", summary: name };
    const rev = await ledger.commit(deed, (state) => removeAccount(state, name));
    sessions.endAllOf(name);
    return { rev };
  },
  async listApiTokens({ ledger }) {
    return [...ledger.state.apiToken.values()].map(({ hash: _, ...token }) => token);
  },
  async createApiToken(plane, { caller, body: { name, grant, days = TOKEN_DAYS } }) {
    const wanted = { network: scopeOf(grant.network), role: grant.role };
    return { token: await makeApiToken(plane, caller, { name, grant: wanted, days }) };
  },
  async removeApiToken({ ledger }, { by, params }) {
    const name = demandName(params["token"]);
    const deed = { ...by, command: "api-token remove", summary: name };
    return { rev: await ledger.commit(deed, (state) => removeApiToken(state, name)) };
  },
};

async function whoSignsIn(
  plane: Plane,
  { link, name, password }: Call<{ link?: string; name?: string; password?: string }>["body"],
  remoteAddress: string,
): Promise<Name> {
  const { ledger, vault, clock, tries } = plane;
  if (link === undefined) {
    const door = {
      isPassword: vault.isPassword,
      byAddress: tries,
      byAccount: plane.accountTries,
    };
    const attempt = { account: name ?? "", password: password ?? "", remoteAddress };
    return await checkPassword(door, ledger.state.account, attempt, clock.now());
  }
  const hash = vault.hashSecret(link);
  const { account } = spendLink(ledger.state, hash, clock.now());
  const deed = { actor: account, command: "sign in" };
  await ledger.commit(deed, (state) => spendLink(state, hash, clock.now()).state);
  return account;
}

async function makeApiToken(
  { ledger, vault, clock }: Plane,
  maker: Caller,
  { name, grant, days }: { readonly name: Name; readonly grant: Grant; readonly days: number },
): Promise<string> {
  const secret = `${API_TOKEN_PREFIX}${vault.makeSecret()}`;
  const createdAt = clock.now();
  const token = {
    hash: vault.hashSecret(secret),
    name,
    grant,
    createdAt,
    expiresAt: createdAt + days * DAY_MS,
  };
  const actor = maker.kind === "account" ? maker.name : "a token";
  await ledger.commit({ actor, command: "api-token create", summary: name }, (state) =>
    addApiToken(state, maker, token),
  );
  return secret;
}

/** Whoever signs in again from the same machine gets another. */
function freshName({ ledger, vault }: Plane, wish: string): Name {
  const taken = new Set([...ledger.state.apiToken.values()].map(({ name }): string => name));
  const unique = taken.has(wish) ? `${wish}-${vault.makeSecret().slice(0, 6).toLowerCase()}` : wish;
  return demandName(unique.replaceAll(/[^a-z0-9-]/g, "x").slice(0, 60));
}

function scopeOf(network: string): Grant["network"] {
  return network === "*" ? "*" : demandName(network);
}
