/** Tests of completion: the words that can stand somewhere. Real shells press Tab in e2e/shells.test.ts. */
import { expect, test } from "vitest";
import { MeshFolder, NETWORK } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes: { aws: {}, azure: {} }\nclients: { phone: { via: aws } }\nsites: { office: {} }\ngroups: { ops: [phone] }\n`;

const COMMANDS =
  "init check render import add set remove show diff trace cidr push probe status server join checkin up down leave doctor network node token login apply pull graph qr keys export completion man help";

test.each([
  ["", COMMANDS],
  ["tr", "trace"],
  ["nothing", ""],
  ["--lang en ", COMMANDS],
  ["--lang en keys ro", "rotate rotate-psk"],
  ["keys rotate-psk -f MESH aws a", "aws azure"],
  ["keys show -f MESH ", "aws azure phone"],
  ["show -f MESH ", "aws azure phone office ops"],
  ["remove -f MESH o", "office ops"],
  ["set -f MESH o", "office"],
  ["add -f MESH ", ""],
  ["trace -f MESH ", "aws azure phone"],
  ["trace aws --file MESH a", "aws azure"],
  ["trace -f MESH aws azure ", ""],
  ["qr -f MESH ", "phone"],
  ["qr -f MESH phone ", ""],
  ["qr -f MESH phone --via ", "aws azure"],
  ["qr --via aws --text -f MESH ", "phone"],
  ["probe -f MESH aws a", "aws azure"],
  ["status --parallel 4 -f MESH ", "aws azure"],
  ["completion ", "bash zsh fish"],
  ["render --format ", "wg-quick setconf networkd"],
  ["render --format=s", "--format=setconf"],
  ["render --f", "--file --format"],
  ["render --lang ", "en zh-CN"],
  ["check --file ", ":files"],
  ["check -f", ""],
  ["diff ", ":files"],
  ["diff old.yaml ", ":files"],
  ["cidr 10.0.0.0/8 ", ""],
])("complete() after %j knows %j", async (line, words) => {
  const folder = new MeshFolder(MESH);
  const typed = line.split(" ").map((word) => (word === "MESH" ? folder.at("warren.yaml") : word));
  const { status, out, err } = await folder.run("complete", ...typed);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out.replaceAll(/\t.*/g, "").split("\n").join(" ")).toBe(words);
});

test("complete() reads names from the mesh that the line names, as far as it can be read", async () => {
  const folder = new MeshFolder();
  const file = folder.at("x.yaml");
  folder.write("x.yaml", "nodes: { other: {}, wrong: 7 }\nunknown: 1\n");
  expect((await folder.run("complete", "trace", "-f", file, "")).out).toBe("other\t\nwrong");
  folder.write("x.yaml", "nodes: { other: {} ");
  expect((await folder.run("complete", "trace", "-f", file, "")).out).toBe("");
  expect((await folder.run("complete", "trace", "-f", folder.at("none"), "")).out).toBe("");
});
