/** Tests of roles: who may do what where, as a table; and what is told who may not. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { printText } from "@warren/core";
import type { Name } from "@warren/core";
import { runs } from "../../../../tools/runs.ts";
import { mayDo, narrow, refusalOf } from "./roles.ts";
import type { Caller, Grant, Role, Scope } from "./roles.ts";

const office = "office" as Name;
const lab = "lab" as Name;

function account(...roles: readonly (readonly [Scope, Role])[]): Caller {
  return {
    kind: "account",
    name: "a" as Name,
    roles: roles.map(([network, role]) => ({ network, role })),
  };
}

const callers: Readonly<Record<string, Caller>> = {
  nobody: { kind: "nobody", why: "nothing" },
  node: { kind: "node", network: office, node: "aws" as Name },
  "without roles": account(),
  "viewer of office": account([office, "viewer"]),
  "operator of office": account([office, "operator"]),
  "admin of office": account([office, "admin"]),
  "viewer of all": account(["*", "viewer"]),
  "admin of all": account(["*", "admin"]),
  "both viewers": account([office, "viewer"], [lab, "operator"]),
  "a token": {
    kind: "apiToken",
    name: "ci" as Name,
    account: "a" as Name,
    roles: [{ network: office, role: "operator" }],
  },
};

test("mayDo() allows what one of the roles allows there", () => {
  const needs: readonly Grant[] = [office, lab, "*" as const].flatMap((network) =>
    (["viewer", "operator", "admin"] as const).map((role) => ({ network, role })),
  );
  const rows = Object.entries(callers).map(([name, caller]) => {
    const marks = needs.map((need) => (mayDo(caller, need) ? "x" : "-")).join("");
    return `${name.padEnd(20)} ${marks.match(/.../g)?.join(" ")}`;
  });
  // Of office, lab and all: viewer, operator, admin.
  expect(rows.join("\n")).toMatchInlineSnapshot(`
    "nobody               --- --- ---
    node                 --- --- ---
    without roles        --- --- ---
    viewer of office     x-- --- ---
    operator of office   xx- --- ---
    admin of office      xxx --- ---
    viewer of all        x-- x-- x--
    admin of all         xxx xxx xxx
    both viewers         x-- xx- ---
    a token              xx- --- ---"
  `);
});

test("refusalOf() says what is missing, and nothing where nothing is", () => {
  const need: Grant = { network: office, role: "admin" };
  const nobodies = (["nothing", "unknown", "expired", "from-elsewhere"] as const).map(
    (why): Caller => ({ kind: "nobody", why }),
  );
  const known = [account([office, "operator"]), account(["*", "admin"])];
  const said = [...nobodies, ...known].map((caller) => {
    const error = refusalOf(caller, need);
    return error && `${error.status} ${printText(error.text)}; ${printText(error.fix)}`;
  });
  const everywhere = refusalOf(account([office, "admin"]), { network: "*", role: "viewer" });
  expect([...said, everywhere?.message].join("\n")).toMatchInlineSnapshot(`
    "401 nobody has signed in here; sign in: warren login gives a link
    401 this credential is not known here, or no longer; get another: warren login for people, warren join on a node
    401 this credential has expired; get another: warren login for people, warren join on a node
    403 a browser's change has to say that it comes from this server's own page; send the header X-Warren: 1 with it, or use an API token
    403 this needs the role admin in the network office; have an admin do it, or give you the role

    this needs the role viewer everywhere"
  `);
});

test("narrow() leaves what both allow", () => {
  const scopes = fc.constantFrom<Scope>(office, lab, "*");
  const roles = fc.constantFrom<Role>("viewer", "operator", "admin");
  const grants = fc.record({ network: scopes, role: roles });
  const caller = (list: readonly Grant[]): Caller => {
    return { kind: "account", name: "a" as Name, roles: list };
  };
  fc.assert(
    fc.property(fc.array(grants, { maxLength: 4 }), grants, grants, (own, limit, need) => {
      const both = mayDo(caller(own), need) && mayDo(caller([limit]), need);
      expect(mayDo(caller(narrow(own, limit)), need)).toBe(both);
    }),
    runs(500),
  );
});
