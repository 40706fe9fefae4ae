/** Tests of the first mesh file. */
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";

test("init() writes a mesh that holds as it stands, and never overwrites one", async () => {
  const folder = new MeshFolder();
  expect(await folder.run("init")).toEqual({
    status: 0,
    out: "warren.yaml: written; edit it, then run warren check",
    err: "",
  });
  const before = folder.listing();
  expect(await folder.run("init")).toEqual({
    status: 2,
    out: "",
    err: "warren.yaml: error cannot-write: there is a file already\n  choose another with -f, or edit this one",
  });
  expect(folder.listing()).toEqual(before);
  expect(await folder.run("check", "--strict")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("render")).toMatchObject({ status: 0, err: "" });
  expect(await folder.run("trace", "laptop", "192.168.10.7")).toMatchObject({ status: 0, err: "" });
});

test("init() makes the folder that it is told to write into", async () => {
  const folder = new MeshFolder();
  expect(await folder.run("init", "-f", folder.at("new/mesh.yaml"))).toMatchObject({ status: 0 });
  expect(Object.keys(folder.listing())).toEqual(["new/", "new/mesh.yaml"]);
});
