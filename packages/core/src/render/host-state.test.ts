/** What a host is told to have beside its peers, to the letter. */
import { expect, test } from "vitest";
import { renderHostState } from "./host-state.ts";
import { sampleOf } from "../../../../tools/sample.ts";

/** Of each device, without the header. */
function check(mesh: string): string {
  return sampleOf(mesh)
    .devices.map((device) => `${device.name}:\n${renderHostState(device).replace(/^#.*\n/, "")}`)
    .join("");
}

test("renderHostState() names what wg-quick makes beside the peers", () => {
  expect(
    check(`
      network: { name: m, addresses: [10.0.0.0/24, "fd00::/64"] }
      nodes:
        a: { endpoint: 203.0.113.1, subnets: [192.168.1.0/24, "fd01::/64"] }
        b: { endpoint: 203.0.113.2, firewall: iptables, relay: true, underlayMtu: 1460 }
    `),
  ).toMatchInlineSnapshot(`
    "a:
    mtu 1380
    address 10.0.0.1/24
    address fd00::1/64
    rules nft
    forward 4
    forward 6
    b:
    mtu 1380
    address 10.0.0.2/24
    address fd00::2/64
    route 192.168.1.0/24
    route fd01::/64
    rules iptables
    forward 4
    forward 6
    "
  `);
});

test("renderHostState() sets apart what only a new start changes", () => {
  expect(
    check(`
      network: { name: m, addresses: [10.0.0.0/24, 10.1.0.0/24] }
      nodes:
        gate: { endpoint: 203.0.113.1, subnets: [0.0.0.0/0] }
        leaf: { exit: gate, hooks: { postUp: logger up } }
        other: { table: 77, fwmark: 5 }
        none: { table: off }
    `),
  ).toMatchInlineSnapshot(`
    "gate:
    mtu 1420
    address 10.0.0.1/24
    route 10.1.0.0/24
    rules nft
    forward 4
    leaf:
    mtu 1420
    address 10.0.0.2/24
    route 10.1.0.0/24
    restart default 4 10.0.0.2
    restart PostUp logger up
    none:
    mtu 1420
    address 10.0.0.3/24
    restart table off
    other:
    mtu 1420
    address 10.0.0.4/24
    route 10.0.0.1/32 table 77
    route 10.1.0.0/24 table 77
    restart table 77
    "
  `);
});
