/** What the proof finds in a device that the mesh knows nothing of, or not so. */
import { expect, test } from "vitest";
import { Diagnostics, parsePrefix, Problem, verify } from "../mod.ts";
import type { Device } from "../mod.ts";
import { printDiagnostics, sampleOf } from "../../../../tools/sample.ts";

const CLOUDS = `
  network: { name: clouds, addresses: [10.0.0.0/24] }
  nodes:
    a: { endpoint: 203.0.113.1, subnets: [192.168.1.0/24] }
    b: { endpoint: 203.0.113.2 }
`;

/** What the proof says when there is one device more, or the first one is another. */
function said(change: (devices: readonly Device[]) => readonly Device[]): string {
  const { mesh, lock, devices } = sampleOf(CLOUDS);
  const diagnostics = new Diagnostics();
  verify(mesh, lock, change(devices), diagnostics);
  return printDiagnostics(diagnostics);
}

function changed(fields: (device: Device) => Partial<Device>): string {
  return said(([first, ...rest]) =>
    first === undefined ? [] : [{ ...first, ...fields(first) }, ...rest],
  );
}

test("verify() finds a peer that the mesh does not know", () => {
  const added = changed(({ peers }) => ({
    peers: [...peers, ...peers.map((peer) => ({ ...peer, name: "zz" as never, allowedIps: [] }))],
  }));
  expect(added).toBe(
    'error peer-unknown nodes.a: a lists "zz" as a peer, whom the mesh does not know',
  );
});

test("verify() finds a device of nobody, and one twice", () => {
  expect(said((devices) => [...devices, ...devices.slice(0, 1)])).toBe(
    "error device-unwanted nodes: there are two devices for a",
  );
  const stranger = said((devices) => [
    ...devices,
    ...devices.slice(0, 1).map((device) => ({ ...device, name: "zz" as never })),
  ]);
  expect(stranger).toBe(
    "error device-unwanted nodes: there is a device for zz, whom the mesh does not know",
  );
});

test("verify() finds a subnet too many, another mark, and a key elsewhere", () => {
  const prefix = parsePrefix("172.30.0.0/16");
  if (prefix instanceof Problem) throw new Error(String(prefix));
  expect(changed(({ subnets }) => ({ subnets: [...subnets, { prefix, masquerade: true }] }))).toBe(
    "error device-differs nodes.a: the device of a has another set of subnets, 172.30.0.0/16 among them, than the mesh says",
  );
  expect(changed(() => ({ fwmark: 7 }))).toContain("has another mark than");
  expect(changed(() => ({ isKeyElsewhere: true }))).toContain("has another place of its key than");
});
