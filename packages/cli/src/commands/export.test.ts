/** Tests of the mesh in forms of other tools: what is written, for whom, and what is named. */
import { expect, test } from "vitest";
import { MeshFolder, NETWORK, textsOf } from "../cli-run.contract.ts";

const MESH = `${NETWORK}nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }
  b: { endpoint: b.example, hooks: { postUp: "true" } }
`;
const PLAIN = MESH.replace("clouds,", "clouds, presharedKeys: false,").replace(
  /, subnets: .*\]/,
  "",
);

test("exportMeshconf() prints the database, or writes it for its owner alone", async () => {
  const folder = new MeshFolder(PLAIN);
  expect(await folder.run("export", "meshconf")).toEqual({
    status: 2,
    out: "",
    err: "warren: error cannot-read: some nodes have no key yet\n  make the first ones: warren render",
  });
  await folder.run("render");
  const before = folder.listing();
  const printed = await folder.run("export", "meshconf");
  expect(printed).toMatchObject({ status: 0, err: "" });
  expect(printed.out.split("\n").map((line) => line.split(",")[0])).toEqual([
    '"Name"',
    '"a"',
    '"b"',
  ]);
  expect(printed.out).toContain(`"${folder.read("keys/a.key").trim()}"`);
  expect(folder.listing()).toEqual(before);
  const file = folder.at("database.csv");
  expect(await folder.run("export", "meshconf", "-o", file)).toMatchObject({ status: 0, out: "" });
  expect(folder.read("database.csv")).toBe(`${printed.out}\n`);
  expect(folder.listing()["database.csv"]?.slice(0, 3)).toBe("600");
  const again = await folder.run("export", "meshconf", "-o", file);
  expect(again.err).toContain("database.csv: error cannot-write: there is such a file");
});

test("exportMeshconf() writes what can be said, and warns of the rest", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("render");
  const { status, out, err } = await folder.run("export", "meshconf");
  expect(status).toBe(0);
  expect(out.split("\n")).toHaveLength(3);
  expect(err).toMatchInlineSnapshot(`
    "warren.yaml:1:1: warning not-expressed: network.presharedKeys: wg-meshconf cannot express preshared keys
      the tunnels go on without them
    warren.yaml:3:29: warning not-expressed: nodes.a.subnets: wg-meshconf cannot express forwarding and rules for what is behind it
      switch forwarding on there, and load rules, by hooks"
  `);
});

test("exportNetworkd() writes units beside rules, keeps to its own, and names hooks", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("render");
  const rendered = folder.rendered();
  const output = folder.at("units");
  const { status, out, err } = await folder.run("export", "networkd", "-o", output);
  expect({ status, out }).toEqual({ status: 0, out: "units: 8 files written, 1 unchanged" });
  expect(err).toMatchInlineSnapshot(`
    "warren.yaml:4:46: warning not-expressed: nodes.b.hooks.postUp: networkd cannot express a hook
      write a service of your own that runs it
    on each host: its .service, if there is one, into /etc/systemd/system, all else into /etc/systemd/network
    networkd reads them as its own user: chown root:systemd-network, chmod 0640"
  `);
  const files = Object.entries(folder.listing()).filter(([path]) => /^units\/[ab]\/./.test(path));
  expect(files.map(([path, text]) => `${text.slice(0, 3)} ${path}`)).toEqual([
    "600 units/a/warren0-rules.service",
    "600 units/a/warren0.netdev",
    "600 units/a/warren0.network",
    "600 units/a/warren0.nft",
    "600 units/b/warren0.netdev",
    "600 units/b/warren0.network",
  ]);
  expect(folder.rendered()).toEqual(rendered);
  folder.write("warren.yaml", MESH.replace(/, hooks: .*\} \}/, " }").replace("  b:", "  bb:"));
  folder.write("units/b/foreign.network", "not ours\n");
  const again = await folder.run("export", "networkd", "-o", output);
  expect(again).toMatchObject({ status: 0 });
  expect(again.out).toContain("2 removed");
  expect(Object.keys(textsOf(folder.listing(), /^units\/b\/./))).toEqual([
    "units/b/foreign.network",
  ]);
  expect(await folder.run("diff", "--format", "networkd", "-o", output)).toMatchObject({
    out: "no difference",
  });
});
