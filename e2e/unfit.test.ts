/** Each way in which a machine can be unfit: what somebody sees of it who comes by ssh. */
import { expect, test } from "vitest";
import type { DiskContent } from "./system-disk.ts";
import { PASSWORD } from "./system-disk.ts";
import { findPackageReason } from "./system-packages.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";
import * as unfit from "./unfit.ts";

const ground = useGround();

/** Machines a, b, c …, each as it is told. */
async function stand(...systems: readonly DiskContent[]): Promise<Systems> {
  const at = (host: number) => ({ ports: { net: { addresses: [`203.0.113.${host}/24`] } } });
  const machines = systems.map(
    (system, index) => ["abc".charAt(index), { ...at(index + 1), system }] as const,
  );
  return await createSystems(ground, {
    hosts: { desk: at(100), ...Object.fromEntries(machines) },
  });
}

/** What the desk sees: the status and both streams, line by line. */
async function see(
  lab: Systems,
  script: string,
  name = "a",
): Promise<readonly (number | string)[]> {
  const words = ["ssh", "-o", "ConnectTimeout=1", "-o", "BatchMode=yes", name, script];
  const { status, output, errors } = await lab.desk.attempt({ words, wayOut: "" });
  return [status, ...`${output}${errors}`.split(/\r?\n/).filter((line) => line !== "")];
}

test("WITHOUT_TOOLS: apt-get installs them without a network", async (ctx) => {
  const reason = await findPackageReason(unfit.WITHOUT_TOOLS.packages ?? []);
  if (reason !== undefined) ctx.skip(reason);
  const lab = await stand(unfit.WITHOUT_TOOLS);
  expect(await see(lab, "wg show")).toEqual([
    127,
    expect.stringContaining("wg: command not found"),
  ]);
  const install = "DEBIAN_FRONTEND=noninteractive apt-get install -q -y wireguard-tools";
  expect(await see(lab, `${install} >/dev/null 2>&1`)).toEqual([100]);
  expect(await see(lab, `(apt-get update && ${install}) >/dev/null 2>&1; wg show`)).toEqual([0]);
});

test("WITHOUT_NFT: the snapshot sees what the machine itself cannot", async () => {
  const lab = await stand(unfit.WITHOUT_NFT);
  expect(await see(lab, "nft list ruleset")).toEqual([127, expect.any(String)]);
  await unfit.raiseFirewall(lab.machine("a"), "iptables");
  expect((await readSnapshot(lab.machine("a")))["firewall"]).toContain(":INPUT DROP ");
});

test("withWrongClock() is off for who asks", async () => {
  const lab = await stand(unfit.withWrongClock("-2 days"));
  const [, seconds] = await see(lab, "date +%s");
  expect(Date.now() / 1000 - Number(seconds)).toBeCloseTo(2 * 24 * 3600, -2);
});

test("a user is without sudo, or asked for a password, or free", async () => {
  const lab = await stand(
    { user: "op", sudo: "none" },
    { user: "op", sudo: "password" },
    { user: "op" },
  );
  const type = `echo ${PASSWORD} | sudo -S -p ""`;
  const refused = expect.stringContaining("op is not in the sudoers file");
  expect(await see(lab, `${type} id -un`, "a")).toEqual([1, refused]);
  expect(await see(lab, "sudo -n id -un", "b")).toEqual([1, "sudo: a password is required"]);
  expect(await see(lab, `${type} id -un`, "b")).toEqual([0, "root"]);
  expect(await see(lab, "sudo -n id -un", "c")).toEqual([0, "root"]);
});

test("fillUp() and makeReadOnly() let nobody write, until the next boot", async () => {
  const lab = await stand({});
  const a = lab.machine("a");
  await unfit.fillUp(a, "/etc/wireguard");
  expect(await see(lab, "echo x >/etc/wireguard/x")).toEqual([
    1,
    expect.stringContaining("No space"),
  ]);
  await a.reboot();
  await unfit.makeReadOnly(a, "/etc");
  expect(await see(lab, "echo x >/etc/x")).toEqual([1, expect.stringContaining("Read-only")]);
  await a.reboot();
  expect(await see(lab, "echo x >/etc/wireguard/x")).toEqual([0]);
});

test("takePort() and addInterface() are there first", async () => {
  const lab = await stand({});
  const a = lab.machine("a");
  await unfit.takePort(a, 51820);
  expect(await see(lab, "ss -Hlun sport = :51820")).toEqual([0, expect.stringContaining("51820")]);
  await unfit.addInterface(a, "wg0", "bridge");
  await unfit.addInterface(a, "wg1", "wireguard");
  expect(await see(lab, "wg show interfaces; ip -br link show type bridge")).toEqual([
    0,
    "wg1",
    expect.stringContaining("wg0"),
  ]);
});

test("raiseFirewall() lets ssh in, and drops what it does not know", async () => {
  const lab = await stand({}, {});
  for (const [name, kind] of [
    ["a", "nft"],
    ["b", "iptables"],
  ] as const) {
    const address = name === "a" ? "203.0.113.1" : "203.0.113.2";
    const words = ["timeout", "0.5", "bash", "-c", `echo >/dev/tcp/${address}/4444`];
    expect((await lab.desk.attempt({ words, wayOut: "" })).errors).toContain("refused");
    await unfit.raiseFirewall(lab.machine(name), kind);
    expect((await lab.desk.attempt({ words, wayOut: "" })).status).toBe(124);
    expect(await see(lab, "true", name)).toEqual([0]);
  }
});

test("silence(), stopSsh(), changeHostKey(): ssh waits in vain, is refused, is warned", async () => {
  const lab = await stand({});
  await lab.underlay.silence("a");
  expect(await see(lab, "true")).toEqual([255, expect.stringContaining("timed out")]);
  await lab.underlay.unsilence("a");
  expect(await see(lab, "true")).toEqual([0]);
  await unfit.changeHostKey(lab.machine("a"));
  expect(await see(lab, "true")).toContain("Host key verification failed.");
  await unfit.stopSsh(lab.machine("a"));
  expect(await see(lab, "true")).toEqual([255, expect.stringContaining("refused")]);
});
