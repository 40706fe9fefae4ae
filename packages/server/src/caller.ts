/** Who asks, and what he may. Pure. */
import { ROLES } from "@warren/api";
import type { Need, Role } from "@warren/api";

export type Caller =
  | { readonly kind: "nobody" }
  /** Somebody who signed in, or a program with his token. */
  | { readonly kind: "person"; readonly name: string; readonly grants: readonly Grant[] }
  | { readonly kind: "node"; readonly network: string; readonly node: string };

/** `network`: one, or `*` for all and the server itself. */
export interface Grant {
  readonly network: string;
  readonly role: Role;
}

export function mayDo(caller: Caller, need: Need, network?: string): boolean {
  if (need === "nobody") return true;
  if (need === "node") return caller.kind === "node";
  if (caller.kind !== "person") return false;
  if (need === "person") return true;
  const wanted = need.in === "server" ? "*" : network;
  return caller.grants.some(
    (grant) =>
      (grant.network === "*" || grant.network === wanted) &&
      ROLES.indexOf(grant.role) >= ROLES.indexOf(need.role),
  );
}

/** The networks that he may see. */
export function maySee(caller: Caller, network: string): boolean {
  return mayDo(caller, { role: "viewer", in: "network" }, network);
}
