/** Tests of private keys in the place of public ones: every command that reads the mesh refuses them. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example }
  b: { endpoint: b.example }
clients:
  phone: { via: a }
`;

async function renderedFolder(): Promise<MeshFolder> {
  const folder = new MeshFolder(MESH);
  expect(await folder.run("render")).toMatchObject({ status: 0 });
  expect(await folder.run("qr", "phone", "--keep-key")).toMatchObject({ status: 0 });
  return folder;
}

test("checkShownKeys() finds a private key in a field of an edit, and does not say it", async () => {
  const folder = await renderedFolder();
  const key = folder.read("keys/b.key").trim();
  const { status, out, err } = await folder.run("add", "d", `publicKey=${key}`);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).not.toContain(key);
  expect(err).toMatchInlineSnapshot(`
    "warren.yaml:5:19: error private-key-shown: nodes.d.publicKey: this is the private key of "b"
      write the public half of its own key, as wg pubkey prints it; then make "b" a new key, as this one has been shown
    warren.yaml is as it was: these are places in what it would have become"
  `);
  expect(folder.read("warren.yaml")).toBe(MESH);
});

test.each(["check", "render", "keys", "diff"])(
  "checkShownKeys() finds the private keys of nodes and clients for %s",
  async (command) => {
    const folder = await renderedFolder();
    const [node, client] = [folder.read("keys/a.key"), folder.read("keys/phone.a.key")];
    const added = `  c: { publicKey: ${client.trim()} }\nclients:\n  tablet: { via: a, publicKey: ${node.trim()} }\n`;
    folder.write("warren.yaml", MESH.replace("clients:\n", added));
    const { status, out, err } = await folder.run(command);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err.match(/private-key-shown: .*/g)).toEqual([
      'private-key-shown: nodes.c.publicKey: this is the private key of "phone.a"',
      'private-key-shown: clients.tablet.publicKey: this is the private key of "a"',
    ]);
    expect(err).not.toContain(node.trim());
    expect(err).not.toContain(client.trim());
  },
);

test("checkShownKeys() is silent about keys of others, and where it cannot read", async () => {
  const folder = await renderedFolder();
  const mine = "dnd1VOYuysSz5QLT3+1YzlT3NgEwTu+dcbYwSOB1JnY=";
  folder.write("warren.yaml", MESH.replace("clients:", `  c: { publicKey: ${mine} }\nclients:`));
  fs.rmSync(folder.at("keys/a.key"));
  fs.mkdirSync(folder.at("keys/a.key"));
  expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
  fs.rmSync(folder.at("keys"), { recursive: true });
  expect(await folder.run("check")).toMatchObject({ status: 0, err: "" });
});
