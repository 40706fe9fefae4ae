/** Tests of folders: whose they are, and that none is left over. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { listFolder, makeFolder, removeIfEmpty } from "./folders.ts";

test("makeFolder() makes what is not there, the outermost first, or nothing at all", () => {
  const folder = new MeshFolder();
  fs.mkdirSync(folder.at("one"));
  const made = makeFolder(folder.at("one/two/three"));
  expect(made).toEqual([folder.at("one/two"), folder.at("one/two/three")]);
  expect(made.map((path) => fs.statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  expect(makeFolder(folder.at("one/two"))).toEqual([]);
  const before = Object.keys(folder.listing());
  expect(() => makeFolder(folder.at("four/five", "x".repeat(300), "six"))).toThrow("ENAMETOOLONG");
  expect(Object.keys(folder.listing())).toEqual(before);
});

test("listFolder() lists in order of name, and nothing where there is nothing", () => {
  const folder = new MeshFolder("nodes: {}\n");
  folder.write("b", "");
  fs.mkdirSync(folder.at("a"));
  expect(listFolder(folder.path).map(({ name }) => name)).toEqual(["a", "b", "warren.yaml"]);
  expect(listFolder(folder.at("none"))).toEqual([]);
  expect(() => listFolder(folder.at("b"))).toThrow(
    "cannot read: a file stands where a folder is needed",
  );
});

test("removeIfEmpty() removes an empty folder, and nothing else", () => {
  const folder = new MeshFolder();
  for (const name of ["empty", "full", "linked"]) fs.mkdirSync(folder.at(name));
  folder.write("full/file", "");
  fs.symlinkSync("linked", folder.at("link"));
  for (const name of ["empty", "full", "full/file", "link", "none"]) removeIfEmpty(folder.at(name));
  expect(Object.keys(folder.listing())).toEqual(["full/", "full/file", "link", "linked/"]);
});
