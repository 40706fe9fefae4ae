/** What becomes of folders that people published with mistakes: nobody is lost, and pairs work. */
import { expect, test } from "vitest";
import { readFolder } from "../lint/folders.contract.ts";
import { GATEWAYS, REGIONS } from "../lint/folders.contract.ts";
import type { Folder } from "../lint/folders.contract.ts";
import { plant } from "../lint/planting.contract.ts";
import { imported, textsOf } from "./round-trip.contract.ts";

function nodesOf(folder: Folder): readonly string[] {
  const made = imported(readFolder(folder).devices);
  const nodes = Object.entries(made.document.nodes).map(([name, { hooks: _, ...fields }]) => {
    return `${name} ${JSON.stringify(fields).replaceAll('"', "")}`;
  });
  return [...nodes, ...textsOf(made), `keys: ${[...made.privateKeys.keys()].join()}`];
}

test("importMesh() finds regions whose gateway sends the own block away", () => {
  const folder = new Map([...REGIONS].filter(([file]) => file !== "s2.conf"));
  const edits = [["s1.conf", "10.66.0.0/24", "10.66.128.0/24"]] as const;
  const what = nodesOf(plant({ what: "", folder, edits }));
  expect(what.join("\n")).toMatchInlineSnapshot(`
    "n1 {address:10.66.0.1,site:site-1,lan:172.16.0.1,endpoint:203.0.113.10}
    n2 {address:10.66.0.2,site:site-1,lan:172.16.0.2}
    n3 {address:10.66.0.3,site:site-1,lan:172.16.0.3}
    s1 {address:10.66.128.1,site:site-2,endpoint:203.0.113.20,subnets:[172.16.128.0/24]}
    s2 {address:10.66.128.2,site:site-2,lan:172.16.128.2,publicKey:4J78ILZG9pMKzuQ640dLXysL1jVTiCQl3HFxexuHAC8=}
    s1.conf:10 warning allowed-ips-differ: s1 sends n1 also what is for 10.66.0.1/32, 10.66.0.2/31, and no more what is for 10.66.128.0/31, 10.66.128.3/32, 10.66.128.4/30, 10.66.128.8/29, 10.66.128.16/28 and 3 more (n2.conf:9)
    keys: n1,n2,n3,s1"
  `);
});

test("importMesh() gives a range to tunnels that have the addresses of the network below", () => {
  const near = `
[Peer]
PublicKey = public n2
AllowedIPs = 172.16.0.2/32
Endpoint = 172.16.0.2:51820
`;
  const n2 = `[Interface]
PrivateKey = private n2
Address = 172.16.0.2/32
ListenPort = 51820

[Peer]
PublicKey = public n1
AllowedIPs = 172.16.128.0/17
Endpoint = 172.16.0.1:51820
`;
  const folder = new Map([...GATEWAYS, ["n2.conf", n2]]);
  folder.set("n1.conf", `${folder.get("n1.conf") ?? ""}${near}`);
  expect(nodesOf(folder).join("\n")).toMatchInlineSnapshot(`
    "n1 {endpoint:203.0.113.10,relay:true}
    n2 {endpoint:172.16.0.2}
    s1 {endpoint:203.0.113.20}
    n1.conf:1 error range-replaced: network.addresses is another, 10.66.0.0/16, and so is everybody's address: the endpoint 172.16.0.2 of "n2" lies inside 172.16.0.0/16, which goes into the tunnel: it would swallow itself
    n1.conf:3 warning addresses-differ: n1 has the addresses 172.16.0.1/32, and gets 10.66.0.1/16
    n2.conf:3 warning addresses-differ: n2 has the addresses 172.16.0.2/32, and gets 10.66.0.2/16
    s1.conf:3 warning addresses-differ: s1 has the addresses 172.16.128.1/32, and gets 10.66.0.3/16
    n1.conf:9 warning allowed-ips-differ: n1 sends s1 also what is for 10.66.0.3/32, and no more what is for 172.16.128.0/24
    n1.conf:14 warning allowed-ips-differ: n1 sends n2 also what is for 10.66.0.2/32, and no more what is for 172.16.0.2/32
    n2.conf:9 warning endpoint-differs: n2 dials n1 at 172.16.0.1:51820, and will at 203.0.113.10:51820 (s1.conf:10)
    n2.conf:8 warning allowed-ips-differ: n2 sends n1 also what is for 10.66.0.1/32, 10.66.0.3/32, and no more what is for 172.16.128.0/17
    s1.conf:9 warning allowed-ips-differ: s1 sends n1 also what is for 10.66.0.1/32, 10.66.0.2/32, and no more what is for 172.16.0.0/24
    keys: n1,n2,s1"
  `);
});
