/** Tests of what is listed of a mesh, and told of one in it. */
import { expect, test } from "vitest";
import { MeshFolder } from "../cli-run.contract.ts";
import { printTable } from "../terminal/table.ts";

const MESH = `network: { name: clouds, addresses: [10.0.0.0/24] }
sites: { s1: { network: 172.16.0.0/24, gateways: [gate] } }
nodes:
  a: { endpoint: a.example, subnets: [192.168.10.0/24, 192.168.11.0/24] }
  gate: { site: s1, lan: 172.16.0.1, endpoint: "[2001:db8::1]:5", relay: true }
  c: { site: s1, lan: 172.16.0.2, tags: [web], hooks: { postUp: ["echo a, b", "true"] } }
clients: { phone: { via: [a, gate] } }
groups: { ops: [phone, "tag:web", 10.0.0.0/30] }
`;

test("show() lists nodes, clients and sites in columns, and writes nothing", async () => {
  const folder = new MeshFolder(MESH);
  const before = folder.listing();
  const { status, out, err } = await folder.run("show");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatchInlineSnapshot(`
    "node  address   endpoint         site  lan         subnets                           relay  gateway  tags
    a     10.0.0.1  a.example                          192.168.10.0/24, 192.168.11.0/24
    c     10.0.0.2                   s1    172.16.0.2                                                    web
    gate  10.0.0.3  [2001:db8::1]:5  s1    172.16.0.1                                    yes    yes

    client  address             via      access
    phone   10.0.0.4, 10.0.0.5  a, gate  nodes, subnets

    site  network        gateways  nodes
    s1    172.16.0.0/24  gate      c, gate

    group  members
    ops    phone, tag:web, 10.0.0.0/30"
  `);
  expect(folder.listing()).toEqual(before);
});

test("show() tells all about one", async () => {
  const folder = new MeshFolder(MESH);
  expect((await folder.run("show", "c")).out).toMatchInlineSnapshot(`
    "node        c
    address     10.0.0.2
    site        s1
    lan         172.16.0.2
    tags        web
    listenPort  51820
    mtu         1420
    keepalive   25
    firewall    nftables
    postUp      echo a, b
                true"
  `);
  await folder.run("render");
  const [node] = JSON.parse((await folder.run("show", "gate", "--json")).out) as unknown[];
  expect(node).toEqual({
    kind: "node",
    name: "gate",
    address: ["10.0.0.3"],
    endpoint: "[2001:db8::1]:5",
    site: "s1",
    lan: "172.16.0.1",
    relay: true,
    gateway: true,
    clients: ["phone"],
    publicKey: folder.lock().nodes["gate"]?.publicKey,
    listenPort: 51820,
    mtu: 1420,
    keepalive: 25,
    firewall: "nftables",
  });
  const all = JSON.parse((await folder.run("show", "--json")).out) as { name: string }[];
  expect(all.map(({ name }) => name)).toEqual(["a", "c", "gate", "phone", "s1", "ops"]);
});

test("printTable() counts what is seen: wide characters twice, marks not at all", () => {
  const rows = [
    ["节点", "x", "none"],
    ["a", "café", ""],
    ["长安", "é", ""],
  ];
  expect(printTable(rows)).toEqual(["节点  x", "a     café", "长安  é"]);
});
