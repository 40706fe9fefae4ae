/** The forms of a device's entries, by their kinds: what an agent reads of its server, through the parsers of the core. */
import * as core from "@warren/core";
import { shapes } from "@warren/core";

const { choice, fields, flag, list, number, optional, record, required, text } = shapes;

const prefix = text(core.parsePrefix);
const prefixes = list(prefix);
const port = number({ min: 1, max: 65_535 });
/** WireGuard's and Linux's fields have 32 bits. */
const word = number({ min: 0, max: 0xffff_ffff });
const present = flag();
const table = text(parseOwnTable);

const device = fields({
  name: required(text(core.parseName), "The node's."),
  interface: required(text(core.parseInterfaceName), "Of the tunnel."),
  publicKey: required(text(core.parsePublicKey), "The node's own."),
  listenPort: optional(port, "UDP."),
  mtu: required(number({ min: 576, max: 65_535 }), "Of the tunnel, in bytes."),
  fwmark: optional(word, "Of encrypted packets."),
  table: optional(table, "Of its routes."),
  firewall: required(choice("nftables", "iptables", "off"), "What loads its rules."),
});

const filter = fields({
  carries: required(flag(), "It passes on what is for others."),
  clients: required(prefixes, "It passes on what is for them and from them."),
  exitUsers: required(prefixes, "Who may leave through its exit."),
  denied: required(prefixes, "From whom it takes nothing."),
  confined: required(
    list(fields({ from: required(prefixes, "Whoever."), to: required(prefixes, "May go there.") })),
    "Who may reach less than all.",
  ),
  permits: optional(
    list(
      fields({
        rule: required(word, "Its place in the policy."),
        from: required(prefixes, "Who may start."),
        to: required(prefixes, "Towards what."),
        ports: required(list(text(core.parsePortRange)), "None: all."),
      }),
    ),
    "The only ones that may start anything.",
  ),
});

const peer = fields({
  name: required(text(core.parseName), "The peer's node, or client."),
  allowedIps: required(prefixes, "Sent to it, and taken from it."),
  endpoint: optional(text(core.parseEndpoint), "Where it is dialled."),
  keepaliveSeconds: optional(port, "Between keepalives."),
  epoch: optional(word, "How often their preshared key was rotated; absent: they have none."),
  generation: optional(word, "How often its clock went back; absent: never."),
});

const subnet = fields({
  masquerade: required(flag(), "Packets get the host's own address there."),
  interface: optional(text(core.parseInterfaceName), "Towards it."),
});

const peers = {
  peer: optional(record(core.parsePublicKey, peer), "Its peers."),
  psk: optional(
    record(core.parsePublicKey, text(core.parsePresharedKey)),
    "Shared with one peer each.",
  ),
};

/** Some of a device's peers, and nothing else. */
export const peersShape = fields(peers);

export const bundleShape = fields({
  device: required(device, "What the host is."),
  filter: required(filter, "What may come out of its tunnel."),
  address: optional(record(core.parseInterfaceAddress, present), "The tunnel's own."),
  range: optional(record(core.parsePrefix, present), "Ranges of the mesh that no address has."),
  subnet: optional(record(core.parsePrefix, subnet), "What lies behind the host itself."),
  ...peers,
});

export type BundleValues = shapes.Read<typeof bundleShape>;

/** The main one goes without saying. */
function parseOwnTable(written: string): number | "off" | core.Problem {
  const table = core.parseTable(written);
  if (table !== "auto") return table;
  return new core.Problem(core.say`the main table has no name here`, core.say`leave it out`);
}
