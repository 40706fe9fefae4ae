/** Tests of the commands that edit a mesh file: add, set, remove. What they list is shown by show.test.ts. */
import * as fs from "node:fs";
import { listFields } from "@warren/core";
import type { Section } from "@warren/core";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { lastingOf, MeshFolder, NETWORK } from "./cli-run.contract.ts";

const MESH = `# clouds
${NETWORK}
sites:
  s1: { network: 172.16.0.0/24 }

nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24] }   # the first
  b: { endpoint: b.example }
  c: { site: s1 }
clients:
  phone: { via: a }
groups: { ops: [phone, c] }
`;

function changedLines(folder: MeshFolder, before = MESH): string {
  const [old, now] = [before.split("\n"), folder.read("warren.yaml").split("\n")];
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join(
    "\n",
  );
}

test("add() adds a node, records its address and makes no key", async () => {
  const folder = new MeshFolder(MESH);
  const words = ["endpoint=d.example:99", "subnets=192.168.13.0/24,192.168.14.0/24"];
  expect(await folder.run("add", "d", ...words)).toEqual({
    status: 0,
    out: "d: added, with the address 10.0.0.4; now run warren render",
    err: "",
  });
  expect(changedLines(folder)).toMatchInlineSnapshot(
    `"+   d: { endpoint: d.example:99, subnets: [192.168.13.0/24, 192.168.14.0/24] }"`,
  );
  expect(folder.lock().nodes["d"]).toEqual({ addresses: ["10.0.0.4"] });
  expect(Object.keys(folder.listing())).toEqual([
    "keys/",
    "keys/.gitignore",
    "keys/.writing",
    "warren.lock",
    "warren.yaml",
  ]);
  await folder.run("render");
  const { publicKey } = folder.lock().nodes["d"] ?? {};
  expect(await folder.run("set", "d", "endpoint=e.example")).toMatchObject({ status: 0 });
  expect(folder.lock().nodes["d"]).toEqual({ addresses: ["10.0.0.4"], publicKey });
});

test("add() adds clients and sites", async () => {
  const folder = new MeshFolder(MESH);
  expect((await folder.run("add", "tablet", "--client", "via=a,b", "access=nodes")).out).toBe(
    "tablet: added, with the address 10.0.0.5, 10.0.0.6; now run warren qr tablet",
  );
  expect((await folder.run("add", "s2", "--site", "network=172.17.0.0/24")).out).toBe(
    "s2: added; nodes are in it by site=s2",
  );
  expect(changedLines(folder)).toMatchInlineSnapshot(`
    "+   s2: { network: 172.17.0.0/24 }
    +   tablet: { via: [a, b], access: [nodes] }"
  `);
});

test("set() changes, adds and removes fields, and says so", async () => {
  const folder = new MeshFolder(MESH);
  const said = await folder.run("set", "a", "endpoint=a2.example", "mtu=1380", "subnets=");
  expect(said).toEqual({
    status: 0,
    out: "a: changed (endpoint, mtu, subnets); now run warren render",
    err: "",
  });
  const hooks = ["hooks.postUp=iptables -m multiport --dports 1,2", "hooks.postUp=logger %i"];
  await folder.run("set", "b", ...hooks, "hooks.preUp=true");
  await folder.run("set", "network", "listenPort=51821");
  expect(changedLines(folder)).toMatchInlineSnapshot(`
    "- network: { name: clouds, addresses: [10.0.0.0/24] }
    -   a: { endpoint: a.example, subnets: [192.168.10.0/24] }   # the first
    -   b: { endpoint: b.example }
    + network: { name: clouds, addresses: [10.0.0.0/24], listenPort: 51821 }
    +   a: { endpoint: a2.example, mtu: 1380 }   # the first
    +   b: { endpoint: b.example, hooks: { postUp: ["iptables -m multiport --dports 1,2", logger %i], preUp: "true" } }"
  `);
  const before = folder.read("warren.yaml");
  await folder.run("set", "b", "hooks.preUp=");
  await folder.run("set", "b", "hooks.postUp=");
  expect(changedLines(folder, before)).toContain("+   b: { endpoint: b.example }");
  expect((await folder.run("set", "b", "hooks.postUp=")).out).toBe(
    "b: hooks.postUp as before; nothing to change",
  );
});

test("remove() takes out what nothing names, and frees its address", async () => {
  const folder = new MeshFolder(MESH);
  await folder.run("add", "d");
  expect((await folder.run("remove", "b")).out).toBe("b: removed; now run warren render");
  expect(Object.keys(folder.lock().nodes)).toEqual(["a", "c", "d"]);
  expect((await folder.run("add", "e")).out).toContain("10.0.0.2");
  expect((await folder.run("remove", "ops")).status).toBe(0);
  expect((await folder.run("remove", "phone")).status).toBe(0);
  expect(parse(folder.read("warren.yaml"))).toEqual({
    network: { name: "clouds", addresses: ["10.0.0.0/24"] },
    sites: { s1: { network: "172.16.0.0/24" } },
    nodes: {
      a: { endpoint: "a.example", subnets: ["192.168.10.0/24"] },
      c: { site: "s1" },
      d: {},
      e: {},
    },
  });
});

test("remove() names the places that still name it", async () => {
  const everywhere = `${MESH}
links: [{ between: [c, a] }]
policy:
  - { from: c, to: [a, c] }
tests: [{ from: c, to: phone, expect: deny }]
`.replace("s1: { ", "s1: { gateways: [c], ");
  const folder = new MeshFolder(everywhere);
  const before = folder.listing();
  expect(await folder.run("remove", "c")).toMatchInlineSnapshot(`
    {
      "err": "warren.yaml:5:20: error still-named: sites.s1.gateways[0]: "c" is named here
      take it out here first, or name another
    warren.yaml:13:24: error still-named: groups.ops[1]: "c" is named here
      take it out here first, or name another
    warren.yaml:15:21: error still-named: links[0].between[0]: "c" is named here
      take it out here first, or name another
    warren.yaml:17:13: error still-named: policy[0].from[0]: "c" is named here
      take it out here first, or name another
    warren.yaml:17:24: error still-named: policy[0].to[1]: "c" is named here
      take it out here first, or name another
    warren.yaml:18:17: error still-named: tests[0].from: "c" is named here
      take it out here first, or name another",
      "out": "",
      "status": 2,
    }
  `);
  expect((await folder.run("remove", "s1")).err).toContain(
    '10:14: error still-named: nodes.c.site: "s1"',
  );
  expect((await folder.run("remove", "a")).err).toContain('clients.phone.via[0]: "a"');
  expect((await folder.run("remove", "phone")).err).toContain('tests[0].to: "phone"');
  expect(folder.listing()).toEqual(before);
});

/** Of each field a value that can be set, the nodes and sites being those of MESH. */
const VALUES: Readonly<Record<Section, Readonly<Record<string, readonly [string, unknown]>>>> = {
  network: {
    name: ["other", "other"],
    addresses: ["10.0.0.0/24,fd00::/64", ["10.0.0.0/24", "fd00::/64"]],
    interface: ["wg0", "wg0"],
    listenPort: ["5", 5],
    underlayMtu: ["1460", 1460],
    mtu: ["1300", 1300],
    keepalive: ["15", 15],
    presharedKeys: ["false", false],
    firewall: ["iptables", "iptables"],
    dns: ["mesh.lan", "mesh.lan"],
    defaultCostPerGiB: ["0.5", 0.5],
  },
  nodes: {
    address: ["10.0.0.9", "10.0.0.9"],
    endpoint: ["[2001:db8::1]:5", "[2001:db8::1]:5"],
    site: ["s1", "s1"],
    lan: ["172.16.0.7", "172.16.0.7"],
    subnets: [
      "[{prefix: 192.168.7.0/24, masquerade: false}, 192.168.8.0/24]",
      [{ prefix: "192.168.7.0/24", masquerade: false }, "192.168.8.0/24"],
    ],
    exit: ["b", "b"],
    local: ["172.18.0.0/16", ["172.18.0.0/16"]],
    relay: ["true", true],
    tags: ["web, db", ["web", "db"]],
    publicKey: [`${"A".repeat(42)}E=`, `${"A".repeat(42)}E=`],
    listenPort: ["5", 5],
    underlayMtu: ["1460", 1460],
    mtu: ["1300", 1300],
    keepalive: ["0", 0],
    fwmark: ["0x10", "0x10"],
    table: ["off", "off"],
    firewall: ["off", "off"],
    ssh: ["root@a.example:22", "root@a.example:22"],
    "hooks.preUp": ["true", "true"],
    "hooks.postUp": ["echo a, b = c", "echo a, b = c"],
    "hooks.preDown": ["true", "true"],
    "hooks.postDown": ["[ -e /x ]; true", "[ -e /x ]; true"],
  },
  sites: {
    network: ["172.16.0.0/25", "172.16.0.0/25"],
    addresses: ["10.0.0.128/25", "10.0.0.128/25"],
    gateways: ["c", ["c"]],
    reach: ["172.16.0.0/12", ["172.16.0.0/12"]],
    underlayMtu: ["1460", 1460],
    cloud: ["somebody's", "somebody's"],
  },
  clients: {
    via: ["a,b", ["a", "b"]],
    access: ["nodes,exit", ["nodes", "exit"]],
    exit: ["a", "a"],
    dns: ["true", true],
    address: ["10.0.0.99", "10.0.0.99"],
    tags: ["web", ["web"]],
    publicKey: [`${"A".repeat(42)}E=`, `${"A".repeat(42)}E=`],
  },
};

const SUBJECTS = { network: "network", nodes: "c", sites: "s1", clients: "phone" } as const;

/** What other fields a field needs, to be set before. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  "nodes lan": ["set", "c", "site=s1"],
  "nodes exit": ["set", "b", "subnets=0.0.0.0/0"],
  "clients exit": ["set", "a", "subnets=0.0.0.0/0"],
  "clients access": ["set", "a", "subnets=0.0.0.0/0"],
  "sites gateways": ["set", "c", "lan=172.16.0.3", "endpoint=c.example"],
  "sites reach": ["set", "s1", "gateways=c"],
};

const FIELDS = (["network", "nodes", "sites", "clients"] as const).flatMap((section) =>
  listFields(section).map((field) => ({ section, field })),
);

test.each(FIELDS)("set() sets $section $field", async ({ section, field }) => {
  const [word, value] = VALUES[section][field] ?? ["no sample for this field", undefined];
  const folder = new MeshFolder(MESH.replace("groups: { ops: [phone, c] }\n", ""));
  const need = NEEDS[`${section} ${field}`];
  if (need !== undefined) await folder.run(...need);
  const name = SUBJECTS[section];
  const said = await folder.run("set", name, `${field}=${word}`);
  expect(said).toMatchObject({ status: 0 });
  const document = parse(folder.read("warren.yaml")) as Record<string, unknown>;
  const path = [...(section === "network" ? [section] : [section, name]), ...field.split(".")];
  expect(
    path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document),
  ).toEqual(value);
  expect(await folder.run("check")).toMatchObject({ status: 0 });
});

test.each<[string, string, number, string]>([
  ["a name that is there", "add a", 64, 'there is a node "a" already'],
  ["a name of another kind", "add s1 --client via=a", 64, 'there is a site "s1" already'],
  ["a name that leads elsewhere", "add ../evil", 64, 'cannot parse name "../evil"'],
  ["a name too long", `add ${"n".repeat(64)}`, 64, "cannot parse name"],
  ["an unknown name in set", "set x mtu=1300", 64, 'there is no node, client or site "x"'],
  ["an unknown name in remove", "remove phne", 64, 'group "phne"\n  did you mean phone?'],
  ["an unknown name in show", "show x", 64, 'there is no node, client, site or group "x"'],
  ["an address twice", "add d address=10.0.0.2", 2, "10.0.0.2 is already the address"],
  ["no address", "add d address=not-an-ip", 2, 'cannot parse address "not-an-ip"'],
  ["a port too high", "add d listenPort=99999999", 2, "99999999 is out of range"],
  ["an endpoint's port too high", "add d endpoint=d:99999999", 2, "not a number from 1 to 65535"],
  ["an endpoint with two ports", "set a endpoint=c.example:1234:99", 2, "cannot parse endpoint"],
  ["a bad key", "add d publicKey=AAAA", 2, "nodes.d.publicKey: "],
  ["a private key", "add d privateKey=AAAA", 2, 'nodes.d has no field "privateKey"'],
  ["a port that is none", "set a listenPort=abc", 2, 'must be a number, not "abc"'],
  ["an empty port", "add d listenPort=", 2, 'must be a number, not ""'],
  ["an unknown field", "set a endpont=x", 2, "did you mean endpoint?"],
  ["an unknown field in a field", "set a hooks.postup=x", 2, "did you mean postUp?"],
  ["two endpoints", "set a endpoint=x endpoint=y", 2, "must be text, not a list"],
  ["no field", "set a endpoint", 64, '"endpoint" is not FIELD=VALUE'],
  ["fields of a group", "set ops tags=x", 64, '"ops" is a group'],
  ["a broken list", "set a subnets=[{]", 64, 'cannot read "[{]": '],
  ["a client without a way in", "add tablet --client", 2, 'lacks the field "via"'],
  ["two kinds", "add x --client --site", 64, "nothing is a client and a site"],
  ["the last name of the network", "set network name=", 2, 'network lacks the field "name"'],
  ["a node that reaches nobody", "set b endpoint= site=s2", 2, 'there is no site "s2"'],
])("edit commands refuse %s, and leave all as it was", async (_, command, status, message) => {
  const fixed = "{ endpoint: b.example, address: 10.0.0.2 }";
  const folder = new MeshFolder(MESH.replace("{ endpoint: b.example }", fixed));
  for (const isFresh of [true, false]) {
    if (!isFresh) await folder.run("render");
    const before = folder.listing();
    const said = await folder.run(...command.split(" "));
    expect(said).toMatchObject({ status, out: "" });
    expect(said.err).toContain(message);
    expect(lastingOf(folder.listing())).toEqual(lastingOf(before));
  }
});

test("edit commands say of a file that is wrong what is wrong with it, and mend it", async () => {
  const folder = new MeshFolder(MESH.replace("b.example", "b.example:99999"));
  const before = folder.listing();
  const said = await folder.run("add", "d");
  expect(said).toMatchObject({ status: 2, out: "" });
  expect(said.err).toContain("warren.yaml:9:18: error bad-value: nodes.b.endpoint");
  expect(said.err).toContain(
    "warren.yaml is as it was: these are places in what it would have become",
  );
  expect(folder.listing()).toEqual(before);
  expect(await folder.run("set", "b", "endpoint=b.example")).toMatchObject({ status: 0 });
  folder.write("warren.yaml", "nodes: {\n");
  expect((await folder.run("add", "d")).err).toContain("error syntax");
  const none = await folder.run("add", "d", "-f", folder.at("none.yaml"));
  expect(none.err).toContain("name a mesh file with -f, or write a first one: warren init");
});

test("edit commands say of an empty file what a mesh needs", async () => {
  const folder = new MeshFolder("# nothing yet\n");
  const { status, err } = await folder.run("add", "a", "endpoint=a.example");
  expect(status).toBe(2);
  expect(err).toMatchInlineSnapshot(`
    "warren.yaml:1:1: error missing-field: the document lacks the field "network"
      add network: …
    warren.yaml:1:1: error missing-field: the document lacks the field "nodes"
      add nodes: …"
  `);
});

test("edit commands write through a link, and keep the mode of the file", async () => {
  const folder = new MeshFolder();
  fs.mkdirSync(folder.at("real"));
  folder.write("real/mesh.yaml", MESH);
  fs.chmodSync(folder.at("real/mesh.yaml"), 0o664);
  fs.symlinkSync("real/mesh.yaml", folder.at("warren.yaml"));
  expect(await folder.run("add", "d")).toMatchObject({ status: 0 });
  expect(fs.readlinkSync(folder.at("warren.yaml"))).toBe("real/mesh.yaml");
  expect(folder.read("real/mesh.yaml")).toBe(MESH.replace("clients:", "  d: {}\nclients:"));
  expect(fs.statSync(folder.at("real/mesh.yaml")).mode & 0o777).toBe(0o664);
  // Beside the link, where it is named; and one folder by two names is one.
  expect(fs.existsSync(folder.at("warren.lock"))).toBe(true);
  fs.symlinkSync("mesh.yaml", folder.at("real/warren.yaml"));
  const words = ["add", "e", "-f", folder.at("real/warren.yaml")];
  expect(await folder.run(...words)).toMatchObject({ status: 0 });
});

test("edit commands leave a write-protected file alone", async () => {
  const folder = new MeshFolder(MESH);
  fs.chmodSync(folder.at("warren.yaml"), 0o444);
  const before = folder.listing();
  expect(await folder.run("add", "d")).toEqual({
    status: 2,
    out: "",
    err: "warren.yaml: error cannot-write: the file is write-protected\n  allow it first: chmod u+w",
  });
  expect(folder.listing()).toEqual(before);
});

test("edit commands refuse to change what an anchor shares", async () => {
  const folder = new MeshFolder(
    MESH.replace("{ endpoint: b.example }", "&b {}").replace("{ site: s1 }", "*b"),
  );
  const before = folder.listing();
  const said = await folder.run("set", "b", "endpoint=x.example");
  expect(said).toMatchObject({ status: 2, out: "" });
  expect(said.err).toContain("cannot change nodes.b.endpoint in this layout");
  expect(folder.listing()).toEqual(before);
});

test("add() knows that the first word was meant for what is added", async () => {
  const folder = new MeshFolder(MESH);
  const before = folder.listing();
  for (const [kind, option] of [
    ["client", " --client"],
    ["site", " --site"],
    ["node", ""],
  ] as const) {
    expect(await folder.run("add", kind, "tablet", "via=a")).toEqual({
      status: 64,
      out: "",
      err: `warren: error usage: "tablet" is not FIELD=VALUE\n  to add a ${kind}: warren add tablet${option}`,
    });
  }
  expect(folder.listing()).toEqual(before);
  expect(await folder.run("add", "client", "endpoint=d.example")).toMatchObject({ status: 0 });
});
