/** Owns who may do what: roles, who a caller turned out to be, and whether that is enough. Knows no route and no secret. */
import { AppError } from "@warren/api";
import { parseName, say, shapes } from "@warren/core";
import type { Name, Phrase, Problem } from "@warren/core";

/** Each may what those before it may: look; change and approve nodes, make tokens; change settings, accounts. */
const ROLES = ["viewer", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** A network, or all that there are and will be, and the server itself. */
export type Scope = Name | "*";

/** A role, and where it holds. */
export interface Grant {
  readonly network: Scope;
  readonly role: Role;
}

export type Caller =
  | { readonly kind: "nobody"; readonly why: "nothing" | "unknown" | "expired" | "from-elsewhere" }
  | { readonly kind: "account"; readonly name: Name; readonly roles: readonly Grant[] }
  | {
      readonly kind: "apiToken";
      readonly name: Name;
      /** Who made it; what he may no longer do, it may not either. */
      readonly account: Name;
      readonly roles: readonly Grant[];
    }
  | NodeCaller;

export interface NodeCaller {
  readonly kind: "node";
  readonly network: Name;
  readonly node: Name;
}

/** Whoever is root on the server's host: no row, so that nobody can take it away or be made it. */
export const LOCAL: Caller & { readonly kind: "account" } = {
  kind: "account",
  name: "local" as Name,
  roles: [{ network: "*", role: "admin" }],
};

const roleShape = shapes.choice(...ROLES);
const scopeShape = shapes.text(parseScope);

export const grantShape = shapes.fields({
  network: shapes.required(scopeShape, "Where it holds; * is everywhere."),
  role: shapes.required(roleShape, "Which."),
});

/** With the scope `*` wanted, only a role that holds everywhere is enough. A node may nothing that has a role. */
export function mayDo(caller: Caller, need: Grant): boolean {
  if (caller.kind === "nobody" || caller.kind === "node") return false;
  return caller.roles.some(
    ({ network, role }) =>
      (network === "*" || network === need.network) && rankOf(role) >= rankOf(need.role),
  );
}

/** What a caller is told who may not; undefined for who may. */
export function refusalOf(caller: Caller, need: Grant): AppError | undefined {
  if (mayDo(caller, need)) return undefined;
  if (caller.kind === "nobody") return unauthorised(caller.why);
  const { role, network } = need;
  const text =
    network === "*"
      ? say`this needs the role ${role} everywhere`
      : say`this needs the role ${role} in the network ${network}`;
  return new AppError("forbidden", text, { fix: say`have an admin do it, or give you the role` });
}

/** What both `grants` allow: of each network the lesser role. */
export function narrow(grants: readonly Grant[], limit: Grant): readonly Grant[] {
  return grants.flatMap(({ network, role }) => {
    const both = narrowScope(network, limit.network);
    const lesser = rankOf(role) < rankOf(limit.role) ? role : limit.role;
    return both === undefined ? [] : [{ network: both, role: lesser }];
  });
}

function narrowScope(one: Scope, other: Scope): Scope | undefined {
  if (one === "*") return other;
  return other === "*" || other === one ? one : undefined;
}

function rankOf(role: Role): number {
  return ROLES.indexOf(role);
}

function unauthorised(why: Extract<Caller, { kind: "nobody" }>["why"]): AppError {
  const another = say`get another: warren login for people, warren join on a node`;
  const known: Readonly<Record<typeof why, readonly [why: Phrase, fix: Phrase]>> = {
    nothing: [say`nobody has signed in here`, say`sign in: warren login gives a link`],
    unknown: [say`this credential is not known here, or no longer`, another],
    expired: [say`this credential has expired`, another],
    "from-elsewhere": [
      say`a browser's change has to say that it comes from this server's own page`,
      say`send the header X-Warren: 1 with it, or use an API token`,
    ],
  };
  const [text, fix] = known[why];
  // Who it is was not looked at: to sign in again would not help.
  return new AppError(why === "from-elsewhere" ? "forbidden" : "unauthorised", text, { fix });
}

function parseScope(text: string): Scope | Problem {
  return text === "*" ? text : parseName(text);
}
