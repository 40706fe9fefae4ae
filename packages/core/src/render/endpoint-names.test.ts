/** Endpoints that are names, kept out of what wg reads, and the units that ask for them. */
import { expect, test } from "vitest";
import {
  Printed,
  renderEndpointNames,
  renderEndpointsInit,
  renderEndpointsService,
  renderEndpointsTimer,
  renderFiles,
  withNumericEndpoints,
} from "../mod.ts";
import type { Device } from "../mod.ts";
import { sampleOf, sampleSecrets } from "../../../../tools/sample.ts";

const MESH = `
network: { name: n, addresses: [10.66.0.0/24] }
nodes:
  aws: { endpoint: aws.example }
  b: { endpoint: "b.example:443", listenPort: 443 }
  c: { endpoint: 203.0.113.3 }
  d: { endpoint: "[2001:db8::4]:4500", listenPort: 4500 }
  e: {}
`;

test("renderEndpointNames() lists peers whose endpoint is a name, and no others", () => {
  expect(renderEndpointNames(deviceOf(MESH, "e"))).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # aws
    ycROJxMnrawr5HsVifuj5vIxumr+m4swcvGOUGMxL1o= aws.example 51820
    # b
    ZGFt3gfmn/iy5Q+gxAK3pE1NY0mj8z8eKlkAfsjlD8M= b.example 443
    "
  `);
  expect(renderEndpointNames(deviceOf(MESH, "aws"))).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    # b
    ZGFt3gfmn/iy5Q+gxAK3pE1NY0mj8z8eKlkAfsjlD8M= b.example 443
    "
  `);
});

test("renderEndpointNames() is undefined where every endpoint is an address", () => {
  const numeric = MESH.replace("aws.example", "203.0.113.1").replace("b.example", "203.0.113.2");
  expect(renderEndpointNames(deviceOf(numeric, "e"))).toBeUndefined();
});

test("withNumericEndpoints() takes away names and nothing else", () => {
  const device = deviceOf(MESH, "e");
  const numeric = withNumericEndpoints(device);
  expect(numeric.peers.map(({ name, endpoint }) => [name, endpoint === undefined])).toEqual([
    ["aws", true],
    ["b", true],
    ["c", false],
    ["d", false],
  ]);
  const [before, after] = [device, numeric].map((each) =>
    renderFiles(each, sampleSecrets, new Printed(), "wg-quick").flatMap(({ text }) =>
      text.join("").split("\n"),
    ),
  );
  expect(before?.filter((line) => !/^Endpoint = (aws|b)\.example:\d+$/.test(line))).toEqual(after);
  expect(before?.length).toBe((after?.length ?? 0) + 2);
  // Nothing is there as undefined.
  expect(numeric.peers[0]).not.toHaveProperty("endpoint");
});

test("renderEndpointsService() and its kin have the interface as their instance", () => {
  expect(renderEndpointsService()).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    [Unit]
    Description=Names of WireGuard peers on %i
    After=wg-quick@%i.service

    [Service]
    Type=oneshot
    ExecStart=/bin/sh /etc/wireguard/%i.endpoints.sh %i
    TimeoutStartSec=30
    SyslogLevel=notice
    LogLevelMax=notice
    Nice=10
    NoNewPrivileges=yes
    CapabilityBoundingSet=CAP_NET_ADMIN
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
    RestrictRealtime=yes
    LockPersonality=yes
    MemoryDenyWriteExecute=yes
    "
  `);
  expect(renderEndpointsTimer()).toMatchInlineSnapshot(`
    "# Made by Warren, form 1. Changes here are lost: change the mesh and render again.
    [Unit]
    Description=Names of WireGuard peers on %i, asked again and again
    BindsTo=wg-quick@%i.service
    After=wg-quick@%i.service

    [Timer]
    OnActiveSec=0
    OnUnitActiveSec=15
    AccuracySec=1

    [Install]
    WantedBy=wg-quick@%i.service
    "
  `);
  expect(renderEndpointsInit()).toMatchInlineSnapshot(`
    "#!/sbin/openrc-run
    # Made by Warren, form 1. Changes here are lost: change the mesh and render again.

    interface=\${RC_SVCNAME#*.}
    description="Names of WireGuard peers on $interface"
    command=/bin/sh
    command_args="/etc/wireguard/$interface.endpoints.sh $interface loop"
    command_background=yes
    pidfile=/run/$RC_SVCNAME.pid

    depend() {
    	need "wg-quick.$interface"
    }
    "
  `);
});

function deviceOf(mesh: string, node: string): Device {
  const device = sampleOf(mesh).devices.find(({ name }) => name === node);
  if (device === undefined) throw new Error(`no device of ${node}`);
  return device;
}
