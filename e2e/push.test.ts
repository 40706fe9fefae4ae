/** warren push on real machines: real ssh, real systemd, real WireGuard. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSystems, type DrawnSystem, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const WARREN = join(import.meta.dirname, "../warren");

function at(address: string, system?: DrawnSystem["system"]): DrawnSystem {
  const port = { ports: { net: { addresses: [address] } } };
  return system === undefined ? port : { ...port, system };
}

const hosts = {
  desk: at("203.0.113.100/24"),
  a: at("203.0.113.1/24", {}),
  b: at("203.0.113.2/24", { user: "op" }),
  c: at("203.0.113.3/24", {}),
};

const MESH = `
network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a, subnets: [192.168.10.0/24] }
  b: { endpoint: 203.0.113.2, ssh: b }
  c: { endpoint: 203.0.113.3, ssh: c }
`;

function prepare(mesh: string): string {
  const folder = join(ground.folder.path, "mesh");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "warren.yaml"), mesh);
  return folder;
}

async function warren(lab: Systems, folder: string, ...words: readonly string[]) {
  return await lab.desk.attempt({
    words: ["env", "HOME=/root", "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, WARREN, ...words],
    wayOut: "",
  });
}

test("push brings a mesh to bare hosts, and the second time there is nothing to do", async () => {
  const lab = await createSystems(ground, { hosts });
  const folder = prepare(MESH);
  const first = await warren(lab, folder, "push", "--dry-run");
  console.log(first.output, first.errors);
  const second = await warren(lab, folder, "push");
  console.log(second.output, second.errors);
  console.log((await lab.machine("a").attempt({ words: ["sh", "-c", "ls -la /etc/wireguard; wg show; ip route; cat /etc/wireguard/*.before; ls -R /run/warren"], wayOut: "" })).output);
  const third = await warren(lab, folder, "push");
  console.log(third.output, third.errors);
  expect(third.status).toBe(0);
});
