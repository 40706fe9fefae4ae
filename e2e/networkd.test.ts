/** Whether the real systemd-networkd reads our units without a word, in a network and a mount of its own. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Printed, renderFiles } from "@warren/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleOf, sampleSecrets } from "../tools/sample.ts";
import { TemporaryFolder } from "./lab-run.ts";

const NETWORKD = "/lib/systemd/systemd-networkd";
const EXAMPLES = join(import.meta.dirname, "..", "examples");

/** It becomes the user systemd-network, says all that it has read, and goes on for ever. */
const SCRIPT = `
  mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/systemd/network &&
  cp "$0"/* /etc/systemd/network && chgrp systemd-network /etc/systemd/network/* &&
  chmod 0640 /etc/systemd/network/* && exec ${NETWORKD}
`;

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

function lack(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root, for a namespace";
  if (!existsSync(NETWORKD)) return "needs systemd-networkd";
  const { status } = spawnSync("unshare", ["-n", "-m", "true"]);
  return status === 0 ? undefined : "needs namespaces of its own";
}

/** What networkd says of the files in the folder. */
async function complaints(): Promise<readonly string[]> {
  const list = ["-n", "-m", "sh", "-c", SCRIPT, folder.path];
  const child = spawn("unshare", list, { stdio: ["ignore", "ignore", "pipe"] });
  const closed = new Promise((resolve) => child.on("close", resolve));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    // Files are read before links are.
    if (said.includes("Enumeration completed")) child.kill();
  });
  await closed;
  expect(said).toContain("Enumeration completed");
  return said.split("\n").filter((line) => line.includes("/etc/systemd/network/"));
}

const EXIT = `
network: { name: m, addresses: [10.0.0.0/24, "fd00::/64"] }
nodes:
  gate: { endpoint: gate.example, subnets: [0.0.0.0/0, "::/0"] }
  leaf: { exit: gate }
  other: { table: 77, fwmark: 5 }
clients: { phone: { via: gate, dns: true } }
`;

/** Each with an interface of its own: of devices that are called alike, networkd looks at the first. */
function writeUnits(mesh: string, at: number): void {
  for (const [place, device] of sampleOf(mesh).devices.entries()) {
    for (const { name, text } of renderFiles(device, sampleSecrets, new Printed(), "networkd")) {
      const own = `w${at}-${place}`;
      const unit = text.join("").replaceAll(`Name = ${device.interface}`, `Name = ${own}`);
      if (/\.(netdev|network)$/.test(name))
        writeFileSync(join(folder.path, `${own}-${name}`), unit);
    }
  }
}

test("networkd reads the units of all examples without a word", async (context) => {
  const why = lack();
  if (why !== undefined) context.skip(why);
  const meshes = readdirSync(EXAMPLES)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => readFileSync(join(EXAMPLES, file), "utf8"));
  for (const [at, mesh] of [EXIT, ...meshes].entries()) writeUnits(mesh, at);
  expect(readdirSync(folder.path).length).toBeGreaterThan(40);
  expect(await complaints()).toEqual([]);
  writeFileSync(join(folder.path, "odd.network"), "[Match]\nName = q\n[Network]\nOdd = 1\n");
  expect((await complaints()).join("\n")).toContain("odd.network:4: Unknown key 'Odd'");
});
