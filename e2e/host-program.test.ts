/** What may go wrong on a host while the program that push sends works there. */
import { expect, test } from "vitest";
import type { Device } from "@warren/core";
import { LOADER, readProgram } from "../packages/cli/src/remote/ssh.ts";
import { sampleOf } from "../tools/sample.ts";
import { payload, Target } from "./program-target.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();
const RULES_NFT = "step rules + nft\n";

/** The first device of a mesh whose first node has these fields. */
function deviceOf(fields = "", net = 0, name = `wg${net}`): Device {
  const [device] = sampleOf(`
    network: { name: m, addresses: [10.${net}.0.0/24], interface: "${name}", listenPort: ${51820 + net} }
    nodes:
      a: { endpoint: 203.0.113.1${fields} }
      b: { endpoint: 203.0.113.2, subnets: [192.168.${net + 2}.0/24] }
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

test("what one mesh needs of the kernel stays when another is taken off", async () => {
  const target = await Target.create(fixture, "two");
  await target.sh("echo 0 >/proc/sys/net/ipv4/ip_forward");
  await target.bring(deviceOf(", subnets: [192.168.1.0/24]"));
  await target.bring(deviceOf("", 1));
  await target.bring(deviceOf(", subnets: [192.168.5.0/24]", 1));
  await target.takeOff("wg0");
  expect(await target.sh("cat /proc/sys/net/ipv4/ip_forward")).toBe("1\n");
  await target.takeOff("wg1");
  expect(await target.sh("cat /proc/sys/net/ipv4/ip_forward; ls /etc/wireguard")).toBe("0\n");
});

test("a key that was there before stays when all is taken off", async () => {
  const target = await Target.create(fixture, "keys");
  const none = new Map<string, string>();
  const key = async (): Promise<string> => await target.program(["wg0", "key", "adopt"], none);
  await target.sh("wg genkey >/etc/wireguard/wg0.key");
  const [, before = ""] = (await key()).trim().split(" ");
  const files = payload({ ...deviceOf(), isKeyElsewhere: true });
  await target.program(["wg0", "begin", "test", "60", before], files);
  await target.program(["wg0", "confirm", "test"], none);
  await target.takeOff("wg0");
  expect(await target.sh("ls /etc/wireguard; wg pubkey </etc/wireguard/wg0.key")).toBe(
    `wg0.key\n${before}\n`,
  );
  await target.sh("rm /etc/wireguard/wg0.key");
  const [, made = ""] = (await key()).trim().split(" ");
  await target.program(["wg0", "begin", "test", "60", made], files);
  await target.program(["wg0", "confirm", "test"], none);
  await target.takeOff("wg0");
  expect(await target.sh("ls /etc/wireguard")).toBe("");
});

test("a rotation makes another key than the one in use, whatever a cut one left", async () => {
  const target = await Target.create(fixture, "rotated");
  const none = new Map<string, string>();
  const first = await target.program(["wg0", "key", "fresh"], none);
  expect(await target.program(["wg0", "key", "fresh"], none)).toBe(first);
  await target.sh("cp /etc/wireguard/wg0.key.new /etc/wireguard/wg0.key");
  expect(await target.program(["wg0", "key", "fresh"], none)).not.toBe(first);
});

test("settings that the kernel changes with forwarding are as before", async () => {
  const target = await Target.create(fixture, "hardened");
  await target.sh(
    "ip link add d0 type veth; cd /proc/sys/net/ipv4; echo 0 >ip_forward; echo 0 >conf/all/accept_redirects; echo 1 >conf/d0/forwarding",
  );
  const settings = "sysctl -a --pattern 'forward|accept_r' 2>/dev/null | grep -v wg0";
  const before = await target.sh(settings);
  await target.bring(deviceOf(", subnets: [192.168.1.0/24]"));
  expect(await target.sh(settings)).not.toBe(before);
  await target.takeOff("wg0");
  expect(await target.sh(settings)).toBe(before);
});

test("routes in a table with a name, and rules of an interface with =, are as they are to be", async () => {
  const target = await Target.create(fixture, "names");
  await target.sh("mount -t tmpfs tmpfs /etc/iproute2; echo '77 vpn' >/etc/iproute2/rt_tables");
  const fields = ", table: 77, subnets: [192.168.1.0/24]";
  const [, , left] = await target.bring(deviceOf(fields));
  expect(left).toBe("");
  expect(await target.sh("ip route show table all dev wg0")).toContain("table vpn");
  await target.takeOff("wg0");
  expect((await target.bring(deviceOf(fields, 0, "wg=+0")))[2]).toBe("");
  await target.takeOff("wg=+0");
  expect(await target.sh("nft list ruleset")).toBe("");
});

test("rules that somebody flushed are loaded again", async () => {
  const target = await Target.create(fixture, "flushed");
  const subnet = ", subnets: [192.168.1.0/24]";
  await target.bring(deviceOf(subnet));
  for (const flush of ["nft flush table inet warren-wg0", "nft delete table inet warren-wg0"]) {
    await target.sh(flush);
    expect(await target.bring(deviceOf(subnet))).toEqual([RULES_NFT, RULES_NFT, ""]);
  }
  const tables = deviceOf(`${subnet}, firewall: iptables`);
  await target.bring(tables);
  for (const flush of ["iptables -F FORWARD", "ip6tables -F FORWARD", "iptables -F"]) {
    await target.sh(flush);
    const again = "step rules + iptables\n";
    expect(await target.bring(tables)).toEqual([again, again, ""]);
  }
});

test("all can be taken off without the file that was started, and without the key", async () => {
  const target = await Target.create(fixture, "lost");
  await target.bring(deviceOf(", subnets: [192.168.1.0/24]"));
  await target.sh("rm /etc/wireguard/wg0.conf");
  const none = new Map<string, string>();
  const key = "eFqXNPgCtA4/Tn0c/Rqe2pMzb2hIwqBYgHtvT0pVvnk=";
  await target.program(["wg0", "begin", "test", "60", key], none);
  await target.program(["wg0", "confirm", "test"], none);
  expect(await target.sh("ls /etc/wireguard; nft list ruleset; ip -o link | grep wg0 || :")).toBe(
    "",
  );
});

test("a program runs only when all arrived, whatever awk says of a full disk", async () => {
  const target = await Target.create(fixture, "small");
  await target.sh("mkdir -p /run/bin /run/warren; ln -s $(command -v busybox) /run/bin/awk");
  await target.sh("mount -t tmpfs tmpfs /run/warren");
  const input = `@@ program\n${readProgram()}@@ wireguard/wg0.conf\n${"#\n".repeat(40_000)}@@ end\n`;
  const load = async (kib: number, text: string): Promise<number> => {
    await target.sh(`mount -o remount,size=${kib}k /run/warren`);
    const command = `PATH=/run/bin:$PATH; ${LOADER} wg0 facts >/dev/null`;
    const words = ["sh", "-c", command];
    return (await target.host.attempt({ words, input: text, wayOut: "look at LOADER" })).status;
  };
  expect(await load(64, input)).toBe(90);
  expect(await load(1024, input.replace("@@ end\n", ""))).toBe(90);
  expect(await load(1024, input)).toBe(0);
});

test("what a killed push left behind is swept away by the next", async () => {
  const target = await Target.create(fixture, "swept");
  await target.sh("mkdir -p /run/warren/@in.1.living /run/warren/@in.4194305.dead");
  await target.sh("echo secret >/etc/wireguard/wg0.conf.warren");
  await target.bring(deviceOf());
  await target.takeOff("wg0");
  expect(await target.sh("ls -A /run/warren /etc/wireguard")).toBe(
    "/etc/wireguard:\n\n/run/warren:\n@in.1.living\n",
  );
});

test("files of somebody else in the places of ours are told of", async () => {
  const target = await Target.create(fixture, "foreign");
  const facts = async (): Promise<readonly string[]> => {
    const output = await target.program(["wg0", "facts"], new Map());
    return output.split("\n").filter((line) => /^(file|foreign)/.test(line));
  };
  await target.sh("echo theirs >/etc/wireguard/wg0.nft");
  expect(await facts()).toEqual(["foreign /etc/wireguard/wg0.nft"]);
  await target.sh("rm /etc/wireguard/wg0.nft");
  await target.bring(deviceOf(", subnets: [192.168.1.0/24]"));
  expect(await facts()).toEqual(["file ours"]);
  await target.sh("rm /etc/wireguard/wg0.conf");
  expect(await facts()).toEqual(["file ours"]);
  await target.sh("echo theirs >/etc/wireguard/wg0.conf");
  expect(await facts()).toEqual(["file other", "foreign /etc/wireguard/wg0.conf"]);
});
