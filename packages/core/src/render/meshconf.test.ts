/** The database of wg-meshconf: a small mesh to the letter, and what it cannot say by name. */
import { expect, test } from "vitest";
import { Diagnostics } from "../diagnostics.ts";
import { printDiagnostics, sampleOf, sampleSecrets } from "../../../../tools/sample.ts";
import { checkMeshconf, checkNetworkd } from "./limits.ts";
import { renderMeshconf } from "./meshconf.ts";

const PLAIN = `
network: { name: m, addresses: [10.0.0.0/24, "fd00::/64"], presharedKeys: false }
nodes:
  a: { endpoint: "a.example:51820" }
  b: { endpoint: "[2001:db8::1]:77", listenPort: 77, fwmark: 16, table: off }
  c: { keepalive: 20, hooks: { postUp: ['echo "x, y"', "true"] } }
`;

test("renderMeshconf() writes a row a node, and quotes every cell", () => {
  const { index, mesh } = sampleOf(PLAIN);
  expect(renderMeshconf(index, sampleSecrets)).toMatchInlineSnapshot(`
    ""Name","Address","Endpoint","AllowedIPs","ListenPort","PersistentKeepalive","FwMark","PrivateKey","DNS","MTU","Table","PreUp","PostUp","PreDown","PostDown","SaveConfig"
    "a","10.0.0.1/32,fd00::1/128","a.example","","51820","20","","UfIVRn8Ls6RR0VPk8bjzWCzTMeX/MHkSHos+BHnGq+M=","","1420","","","","","",""
    "b","10.0.0.2/32,fd00::2/128","[2001:db8::1]","","77","20","0x10","TeUzKiuUSmLvcxD0aF//8FfvCBCJOXyjBiBbzh7nFNE=","","1420","off","","","","",""
    "c","10.0.0.3/32,fd00::3/128","","","51820","","","QJ0zyOtI+jtWtI/jgt+/6wgdislLKi1TcyhycOkH/80=","","1420","","","echo ""x, y""; true","","",""
    "
  `);
  const diagnostics = new Diagnostics();
  checkMeshconf(mesh, diagnostics);
  expect(diagnostics.list).toEqual([]);
});

test("checkMeshconf() names what is lost, and checkNetworkd() hooks", () => {
  const { mesh } = sampleOf(`
network: { name: m, addresses: [10.0.0.0/24] }
sites: { s: { network: 172.16.0.0/24, gateways: [gate] } }
nodes:
  gate: { site: s, lan: 172.16.0.1, endpoint: "gate.example:443", relay: true, subnets: [192.168.1.0/24, 0.0.0.0/0] }
  a-name-that-is-too-long: { exit: gate, publicKey: "${"A".repeat(42)}E=", hooks: { preUp: "true", postDown: "true" } }
clients: { phone: { via: gate } }
links: [{ between: [s, a-name-that-is-too-long], costPerGiB: 2 }]
policy: [{ from: phone, to: gate }, { from: a-name-that-is-too-long, to: gate }]
`);
  const meshconf = new Diagnostics();
  checkMeshconf(mesh, meshconf);
  expect(printDiagnostics(meshconf)).toMatchInlineSnapshot(`
    "warning not-expressed network.presharedKeys: network.presharedKeys: wg-meshconf cannot express preshared keys
    warning not-expressed policy: policy: wg-meshconf cannot express a policy: there, all may talk to all
    warning not-expressed links[0]: links[0]: wg-meshconf cannot express links: there, all dial all
    warning not-expressed sites.s.gateways: sites.s.gateways: wg-meshconf cannot express gateways
    warning not-expressed clients.phone: clients.phone: wg-meshconf cannot express clients
    warning not-expressed nodes.a-name-that-is-too-long: nodes.a-name-that-is-too-long: wg-meshconf cannot express this name, which is the interface's there: wg-quick refuses the file
    warning not-expressed nodes.a-name-that-is-too-long.exit: nodes.a-name-that-is-too-long.exit: wg-meshconf cannot express an exit that one node uses
    warning not-expressed nodes.a-name-that-is-too-long.publicKey: nodes.a-name-that-is-too-long.publicKey: wg-meshconf cannot express a node without its private key
    warning not-expressed nodes.gate.endpoint: nodes.gate.endpoint: wg-meshconf cannot express a port that is not the one it listens on
    warning not-expressed nodes.gate.lan: nodes.gate.lan: wg-meshconf cannot express an address for neighbours alone
    warning not-expressed nodes.gate.subnets: nodes.gate.subnets: wg-meshconf cannot express forwarding and rules for what is behind it
    warning not-expressed nodes.gate.relay: nodes.gate.relay: wg-meshconf cannot express relays"
  `);
  const networkd = new Diagnostics();
  checkNetworkd(mesh, networkd);
  expect(printDiagnostics(networkd)).toMatchInlineSnapshot(`
    "warning not-expressed nodes.a-name-that-is-too-long.hooks.preUp: nodes.a-name-that-is-too-long.hooks.preUp: networkd cannot express a hook
    warning not-expressed nodes.a-name-that-is-too-long.hooks.postDown: nodes.a-name-that-is-too-long.hooks.postDown: networkd cannot express a hook"
  `);
});
