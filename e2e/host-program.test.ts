/** What may go wrong on a host while the program that push sends works there. */
import { expect, test } from "vitest";
import type { Device } from "@warren/core";
import { sampleOf } from "../tools/sample.ts";
import { payload, Target } from "./program-target.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();

/** The first device of a mesh whose first node has these fields. */
function deviceOf(fields = "", network = ""): Device {
  const [device] = sampleOf(`
    network: { name: m, addresses: [10.0.0.0/24], interface: wg0${network} }
    nodes:
      a: { endpoint: 203.0.113.1${fields} }
      b: { endpoint: 203.0.113.2, subnets: [192.168.2.0/24] }
  `).devices;
  if (device === undefined) throw new Error("the mesh has no device");
  return device;
}

test("a full /run changes nothing, and is told", async () => {
  const target = await Target.create(fixture, "full");
  await target.bring(deviceOf());
  const before = await target.sh("cd /etc/wireguard; sha256sum wg0.*");
  const after = payload(deviceOf(", subnets: [192.168.1.0/24]"));
  const told: string[] = [];
  await target.sh("mkdir -p /run/warren; mount -t tmpfs tmpfs /run/warren");
  for (const kib of [4, 80, 240]) {
    await target.sh(`mount -o remount,size=${kib}k /run/warren`);
    const { status, output } = await target.attempt(["wg0", "begin", "test", "1"], after);
    const left = await target.sh("ls /run/warren; cd /etc/wireguard; sha256sum wg0.*");
    told.push(`${status} ${output.split(" ", 2).join(" ")}${left.replace(before, "")}`);
  }
  expect(told).toEqual(["1 fail no-room", "1 fail no-room", "1 fail undone"]);
  await target.sh("mount -o remount,size=4m /run/warren");
  expect(await target.program(["wg0", "begin", "test", "60"], after)).toContain("step rules + nft");
  await target.program(["wg0", "confirm", "test"], after);
});
