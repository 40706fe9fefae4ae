/** Tests of whose files in an output folder are whose: somebody else's are never overwritten. */
import * as fs from "node:fs";
import { expect, test } from "vitest";
import { lastingOf, MeshFolder, NETWORK } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes: { a: { endpoint: a.example }, b: {} }\n`;

test.each(["wg-quick", "setconf", "networkd"])(
  "render() overwrites nothing in %s that somebody else wrote",
  async (format) => {
    const folder = new MeshFolder(MESH);
    const extension = format === "networkd" ? "netdev" : "conf";
    fs.mkdirSync(folder.at("etc/b"), { recursive: true });
    folder.write("etc/hosts", "127.0.0.1 localhost\n");
    folder.write(`etc/b/warren0.${extension}`, "[Interface]\n");
    const before = lastingOf(folder.listing());
    const words = ["render", "-o", folder.at("etc"), "--format", format];
    expect(await folder.run(...words)).toMatchObject({
      status: 2,
      out: "",
      err: `etc: error cannot-write: not made by Warren, and would be overwritten: b/warren0.${extension}, hosts
  move away what is not Warren's; or choose another folder with -o`,
    });
    // Where commands wait for each other stays.
    const { "keys/": _, "keys/.writing": __, ...after } = lastingOf(folder.listing());
    expect(after).toEqual(before);
    fs.rmSync(folder.at("etc/hosts"));
    fs.rmSync(folder.at(`etc/b/warren0.${extension}`));
    for (let times = 0; times < 2; times += 1) {
      expect(await folder.run(...words)).toMatchObject({ status: 0, err: "" });
    }
  },
);
