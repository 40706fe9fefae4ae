/** Where a node is looked for. */
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";
import { loadWorkspace } from "../workspace.ts";
import { splitTarget, sshTargetOf } from "./ssh.ts";

test.each([
  ["host", { host: "host" }],
  ["root@host", { user: "root", host: "host" }],
  ["root@host:2222", { user: "root", host: "host", port: "2222" }],
  ["[2001:db8::1]:22", { host: "2001:db8::1", port: "22" }],
])("splitTarget() reads %s", (text, target) => {
  expect(splitTarget(text)).toEqual(target);
});

test("sshTargetOf() takes what the node says, else where it is dialled, else its name", () => {
  const folder = new MeshFolder(`${NETWORK}nodes:
  a: { endpoint: a.example, ssh: admin@login.example:2222 }
  b: { endpoint: "[2001:db8::b]:443" }
  c: {}
`);
  const { plan } = loadWorkspace(folder.at("warren.yaml"), { keys: "public" });
  expect(plan?.mesh.nodes.map(sshTargetOf)).toEqual([
    { user: "admin", host: "login.example", port: "2222" },
    { host: "2001:db8::b" },
    { host: "c" },
  ]);
});
