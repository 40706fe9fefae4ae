/** Names what formats of other tools cannot say of a mesh, each with what is to be done by hand. */
import type { Diagnostics } from "../diagnostics.ts";
import { notExpressed } from "../messages/exports.ts";
import type { Mesh, Node } from "../model/mesh.ts";
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import type { Path } from "../wording.ts";

/** Units run no commands of the user's. */
export function checkNetworkd({ nodes }: Mesh, diagnostics: Diagnostics): void {
  for (const { name, hooks } of nodes) {
    for (const [hook, lines] of Object.entries(hooks)) {
      if (lines.length === 0) continue;
      const fix = say`write a service of your own that runs it`;
      diagnostics.add(notExpressed(["nodes", name, "hooks", hook], "networkd", say`a hook`, fix));
    }
  }
}

/** The longest name of an interface on Linux, and so of a file that wg-quick takes. */
const LONGEST_INTERFACE = 15;

/** A full mesh of hosts that all dial each other at one address, with nothing in between. */
export function checkMeshconf(mesh: Mesh, diagnostics: Diagnostics): void {
  const { network, nodes, clients, links, sites } = mesh;
  const cannot = (path: Path, what: Phrase, fix: Phrase): undefined =>
    diagnostics.add(notExpressed(path, "wg-meshconf", what, fix));
  const byHand = say`see to it by hand, in the files that wg-meshconf makes`;
  if (network.presharedKeys) {
    cannot(["network", "presharedKeys"], say`preshared keys`, say`the tunnels go on without them`);
  }
  if (mesh.policy !== undefined) {
    cannot(["policy"], say`a policy: there, all may talk to all`, say`filter on the hosts`);
  }
  for (const at of links.keys()) cannot(["links", at], say`links: there, all dial all`, byHand);
  for (const { name, gateways } of sites) {
    if (gateways.length > 0) cannot(["sites", name, "gateways"], say`gateways`, byHand);
  }
  for (const { name } of clients) {
    cannot(["clients", name], say`clients`, say`bring the client in by hand, through one node`);
  }
  for (const node of nodes) checkNode(node, cannot);
}

type Cannot = (path: Path, what: Phrase, fix: Phrase) => undefined;

function checkNode(node: Node, cannot: Cannot): void {
  const { name, endpoint, listenPort, lan, subnets, relay, exit, publicKey } = node;
  const path = ["nodes", name];
  if (name.length > LONGEST_INTERFACE) {
    const fix = say`give it a name of at most ${LONGEST_INTERFACE} letters before`;
    cannot(path, say`this name, which is the interface's there: wg-quick refuses the file`, fix);
  }
  if (endpoint?.port !== undefined && endpoint.port !== listenPort) {
    const fix = say`let it listen on port ${endpoint.port} itself`;
    cannot([...path, "endpoint"], say`a port that is not the one it listens on`, fix);
  }
  if (lan !== undefined) {
    const fix = say`its neighbours dial its endpoint, if it has one`;
    cannot([...path, "lan"], say`an address for neighbours alone`, fix);
  }
  if (subnets.length > 0) {
    const fix = say`switch forwarding on there, and load rules, by hooks`;
    cannot([...path, "subnets"], say`forwarding and rules for what is behind it`, fix);
  }
  if (relay) cannot([...path, "relay"], say`relays`, say`give an endpoint to who needs it`);
  if (exit !== undefined) {
    cannot([...path, "exit"], say`an exit that one node uses`, say`add the /0 to its file by hand`);
  }
  if (publicKey !== undefined) {
    const fix = say`put its private key into the row before wg-meshconf reads it`;
    cannot([...path, "publicKey"], say`a node without its private key`, fix);
  }
}
