/** What starts an agent, on a machine with the real systemd: with a program that says what an agent says. */
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, sh } from "./push-desk.ts";
import { OPENRC_PACKAGES } from "./system-disk.ts";
import { findPackageReason } from "./system-packages.ts";
import type { System } from "./system.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();
const ROOT = join(import.meta.dirname, "..");
const HOME = "/opt/warren";

/** Its tunnel is a process that it has started itself, as a userspace one is; the next finds it there. */
const AGENT = `
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createNotify } from "${HOME}/packages/agent/src/starter/sd-notify.ts";
import { findInit, forgetStarter } from "${HOME}/packages/agent/src/starter/starter.ts";

const { NOTIFY_SOCKET: socket, PATH: path } = process.env;
const notify = createNotify({ socket, path });
const file = "/run/tunnel.pid";
if (!existsSync(file)) {
  const tunnel = spawn("sleep", ["infinity"], { stdio: "ignore", detached: true });
  tunnel.unref();
  writeFileSync(file, String(tunnel.pid));
}
setInterval(() => undefined, 1000);
// As one that was taken out of its network.
process.on("SIGUSR2", () => {
  forgetStarter(findInit(), "clouds");
  writeFileSync("/run/forgotten", "");
  process.exit(78);
});
process.on("SIGTERM", async () => {
  await notify("STOPPING=1");
  process.exit();
});
writeFileSync("/run/ready", String(process.pid));
await notify("READY=1", "STATUS=at revision 7 of " + process.argv[2]);
`;

const SHOW = `
systemctl is-enabled warren@clouds
systemctl show -p ActiveState,SubState,StatusText,NRestarts --value warren@clouds
kill -0 $(cat /run/tunnel.pid) && echo "the tunnel runs"
`;

test("a service of an agent is ready when it says so, comes back, and leaves its tunnel alone", async () => {
  const hosts = { desk: at("203.0.113.100"), a: at("203.0.113.1", {}) };
  const lab = await createSystems(ground, { hosts });
  const a = lab.machine("a");
  bringProgram(a);
  const before = await readSnapshot(a);

  await starter(a, `installStarter("systemd", { network: "clouds", words: WORDS })`);
  expect(await sh(a, SHOW)).toMatchInlineSnapshot(`
    "enabled
    at revision 7 of 7
    0
    active
    running
    the tunnel runs
    "
  `);
  const tunnel = await sh(a, "cat /run/tunnel.pid");

  // As often as it likes: no limit of systemd's ends it.
  for (const times of [1, 2, 3]) {
    await sh(a, "kill -9 $(systemctl show -p MainPID --value warren@clouds)");
    const ask = "systemctl show -p SubState,NRestarts --value warren@clouds | xargs";
    await expect.poll(() => sh(a, ask), { timeout: 10_000 }).toBe(`${times} running\n`);
  }
  await sh(a, "systemctl restart warren@clouds");
  await starter(a, `installStarter("systemd", { network: "clouds", words: WORDS })`);
  expect(await sh(a, "systemctl is-active warren@clouds; cat /run/tunnel.pid")).toBe(
    `active\n${tunnel}`,
  );
  expect(await sh(a, "systemctl stop warren@clouds; kill -0 $(cat /run/tunnel.pid)")).toBe("");

  await a.reboot();
  expect(await sh(a, "systemctl is-active warren@clouds")).toBe("active\n");
  await starter(a, `removeStarter("systemd", "clouds")`);
  await starter(a, `removeStarter("systemd", "clouds")`);

  // From within, which must not end it half way.
  await starter(a, `installStarter("systemd", { network: "clouds", words: WORDS })`);
  await sh(a, "systemctl kill --kill-whom=main -s USR2 warren@clouds");
  const state = "systemctl show -p ActiveState,NRestarts --value warren@clouds | xargs";
  await expect.poll(() => sh(a, state), { timeout: 5000 }).toBe("0 inactive\n");
  expect(
    await sh(a, "systemctl --failed --quiet; systemctl daemon-reload; ls /run/forgotten"),
  ).toBe("/run/forgotten\n");
  expect(await sh(a, "systemctl show -p LoadState --value warren@clouds")).toBe("not-found\n");
  await sh(a, "rm /run/forgotten /run/ready");
  await sh(a, "kill $(cat /run/tunnel.pid); rm /run/tunnel.pid");
  await expect.poll(() => readSnapshot(a), { timeout: 5000 }).toEqual(before);
});

test("OpenRC's supervisor brings an agent back, and leaves its tunnel alone", async (ctx) => {
  const reason = await findPackageReason(OPENRC_PACKAGES);
  if (reason !== undefined) ctx.skip(reason);
  const hosts = { desk: at("203.0.113.100"), a: at("203.0.113.1", { init: "openrc" }) };
  const a = (await createSystems(ground, { hosts })).machine("a");
  bringProgram(a);
  const before = await readSnapshot(a);
  await starter(a, `installStarter("openrc", { network: "clouds", words: WORDS })`);
  const ask = "pgrep -f '^/opt/warren/node .*agent.ts' | xargs; cat /run/tunnel.pid";
  const isOne = /^\d+\n\d+$/;
  await expect.poll(() => sh(a, ask), { timeout: 5000 }).toMatch(isOne);
  const [first, tunnel] = (await sh(a, ask)).split("\n");
  await sh(a, `kill -9 ${first}`);
  await expect.poll(() => sh(a, ask), { timeout: 10_000 }).toMatch(isOne);
  expect((await sh(a, ask)).split("\n")).toEqual([expect.not.stringMatching(first ?? ""), tunnel]);
  expect(await sh(a, `rc-service warren.clouds stop >&2; kill -0 ${tunnel}`)).toBe("");
  await a.reboot();
  await expect.poll(() => sh(a, ask), { timeout: 5000 }).toMatch(isOne);
  await starter(a, `removeStarter("openrc", "clouds")`);
  await sh(a, "rm /run/ready");
  await starter(a, `installStarter("openrc", { network: "clouds", words: WORDS })`);
  await expect.poll(() => sh(a, "cat /run/ready; true"), { timeout: 5000 }).not.toBe("");
  await sh(a, "kill -USR2 $(cat /run/ready)");
  const left = "ls /run/forgotten; pgrep -f '[s]upervise-daemon warren.clouds'; true";
  await expect.poll(() => sh(a, left), { timeout: 10_000 }).toBe("/run/forgotten\n");
  await sh(a, "rm /run/forgotten /run/ready");
  await sh(a, "kill $(cat /run/tunnel.pid); rm /run/tunnel.pid");
  await expect.poll(() => readSnapshot(a), { timeout: 5000 }).toEqual(before);
});

/** The machine's /tmp is its own, and the checkout may lie there: it is given what it needs of it. */
function bringProgram(machine: System): void {
  const home = `/proc/${machine.pid}/root${HOME}`;
  mkdirSync(join(home, "node_modules"), { recursive: true });
  for (const name of ["core", "api", "crypto", "agent"]) {
    cpSync(join(ROOT, "packages", name), join(home, "packages", name), { recursive: true });
  }
  const scope = "node_modules/@warren";
  cpSync(join(ROOT, scope), join(home, scope), { recursive: true, verbatimSymlinks: true });
  cpSync(process.execPath, join(home, "node"));
  chmodSync(join(home, "node"), 0o755);
  writeFileSync(join(home, "agent.ts"), AGENT);
}

async function starter(machine: System, call: string): Promise<void> {
  const words = `["${HOME}/node", "${HOME}/agent.ts", "7"]`;
  const path = `${HOME}/packages/agent/src/starter/starter.ts`;
  const script = `import("${path}").then((all) => all.${call.replace("WORDS", words)})`;
  await machine.run({ words: [`${HOME}/node`, "-e", script], wayOut: "look at the starter" });
}
