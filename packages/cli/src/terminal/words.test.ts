/** Tests of commands that are to be run next: they are for the mesh file that was named. */
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";

/** A mesh file, and what names it to a shell. */
test.each([
  ["d.yaml", "d.yaml"],
  ["it's new.yaml", String.raw`'it'\''s new.yaml'`],
])("commandOn() names %s", async (file, shown) => {
  const folder = new MeshFolder();
  const said: string[] = [];
  for (const words of [
    ["init"],
    ["add", "d", "endpoint=d.example"],
    ["add", "phone", "--client", "via=d"],
    ["qr", "phone"],
    ["set", "d", "relay=true"],
    ["render", "-o", folder.at("out")],
    ["keys", "rotate", "d"],
    ["keys", "rotate-psk", "a", "d"],
    ["remove", "laptop"],
  ]) {
    const { status, out, err } = await folder.run(...words, "-f", `${folder.path}/${file}`);
    expect(status).toBe(0);
    said.push(...`${out}\n${err}`.split("\n"));
  }
  const commands = said.flatMap((line) => /run (warren .*?)(?:[,;] |$)/.exec(line)?.[1] ?? []);
  const words = ["check", "render", "qr phone", ...Array.from({ length: 5 }, () => "render")];
  expect(commands).toEqual(words.map((each) => `warren ${each} -f ${shown}`));
});
