/** The machines of other tests: they are what they say, and nothing is left of them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeStaleFolders } from "../lab/folder.ts";
import { findHierarchy, removeAllGroups } from "./control-groups.ts";
import { LabRun, TemporaryFolder } from "./lab-run.ts";
import { readMachine } from "./machine.ts";
import { pingDuring } from "./steady-pings.ts";
import { OPENRC_PACKAGES } from "./system-disk.ts";
import { findPackageReason } from "./system-packages.ts";
import { watchProcesses } from "./system-search.ts";
import { readSnapshot, type Snapshot } from "./system-snapshot.ts";
import type { Runner } from "./system.ts";
import { createSystems, type DrawnSystem } from "./systems.ts";
import { PATH, useGround } from "./systems-fixture.ts";

const ground = useGround();
/** How long the kernel may take to end what a killed run held. */
const KERNEL_PATIENCE_MS = 5000;

function at(address: string, system?: DrawnSystem["system"]): DrawnSystem {
  const port = { ports: { net: { addresses: [address] } } };
  return system === undefined ? port : { ...port, system };
}

const drawing = {
  hosts: {
    desk: at("203.0.113.100/24"),
    a: at("203.0.113.1/24", {}),
    b: at("203.0.113.2/24", { user: "op" }),
  },
};

async function sh(host: Runner, script: string): Promise<string> {
  return await host.run({ words: ["sh", "-e", "-c", script], wayOut: "look at the script" });
}

test("a desk reaches machines by name, with a real systemd and sshd on each", async () => {
  const { desk } = await createSystems(ground, drawing);
  const onA = "hostname; id -un; systemctl is-system-running; cat /proc/1/comm; ls -A ~";
  expect(await sh(desk, `ssh a '${onA}'`)).toMatchInlineSnapshot(`
    "a
    root
    running
    systemd
    .ssh
    "
  `);
  const onB = "hostname; id -un; sudo -n id -un; sudo -n systemctl is-active ssh";
  expect(await sh(desk, `ssh b '${onB}'`)).toMatchInlineSnapshot(`
    "b
    op
    root
    active
    "
  `);
});

const DEVICE = `
umask 077
cat >/etc/wireguard/wg9.conf <<end
[Interface]
Address = 10.9.0.1/24
ListenPort = 51820
PrivateKey = $(wg genkey)
end
`;

test("wg-quick's service comes up, and after a reboot when it is enabled", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  await sh(a, `${DEVICE}\nsystemctl start wg-quick@wg9`);
  const ask = "wg show wg9 listen-port; systemctl is-active wg-quick@wg9";
  expect(await sh(a, ask)).toBe("51820\nactive\n");
  await a.reboot();
  expect(await sh(a, "wg show interfaces; ls /run")).not.toMatch(/wg9|wireguard/);
  await sh(lab.desk, "ssh a systemctl enable -q wg-quick@wg9");
  await a.reboot();
  expect(await sh(lab.desk, `ssh a '${ask}'`)).toBe("51820\nactive\n");
  await a.crash();
  expect(await sh(lab.desk, `ssh a '${ask}'`)).toBe("51820\nactive\n");
});

test("OpenRC starts what is in its runlevel, also after a reboot", async (ctx) => {
  const reason = await findPackageReason(OPENRC_PACKAGES);
  if (reason !== undefined) ctx.skip(reason);
  const hosts = { ...drawing.hosts, b: at("203.0.113.2/24", { init: "openrc" }) };
  const lab = await createSystems(ground, { hosts });
  await sh(
    lab.machine("b"),
    `${DEVICE}
cat >/etc/init.d/wg9 <<'end'
#!/sbin/openrc-run
depend() { need net; }
start() { wg-quick up wg9; }
stop() { wg-quick down wg9; }
end
chmod 755 /etc/init.d/wg9
! command -v systemctl
rc-update add wg9 default`,
  );
  await lab.machine("b").reboot();
  expect(await sh(lab.desk, "ssh b 'wg show wg9 listen-port; cat /proc/1/comm'")).toBe(
    "51820\nsleep\n",
  );
});

test("readSnapshot() is the same when nothing was done, and after a reboot", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  const before = await readSnapshot(a);
  const nothing = "logger hello; touch /etc/fstab; mkdir /run/x; systemctl daemon-reload";
  await sh(lab.desk, `ssh a '${nothing}'`);
  expect(await readSnapshot(a)).toEqual(before);
  await a.reboot();
  expect(await readSnapshot(a)).toEqual(before);
  await a.crash();
  expect(await readSnapshot(a)).toEqual(before);
});

/** What is done, what takes it back, and the parts of a snapshot that show it. */
const CHANGES: readonly (readonly [string, string, readonly (keyof Snapshot)[]])[] = [
  ["echo x >/etc/new", "rm /etc/new", ["files"]],
  ["chmod 600 /etc/passwd", "chmod 644 /etc/passwd", ["files"]],
  ["chown 1 /etc/passwd", "chown 0 /etc/passwd", ["files"]],
  ["mv /etc/issue /var/log", "mv /var/log/issue /etc", ["files"]],
  ["mv /etc/profile /etc/p", "mv /etc/p /etc/profile", ["files"]],
  ["echo x >>/etc/resolv.conf", ": >/etc/resolv.conf", ["files"]],
  ["mv /etc/ssh /var/log; mkdir /etc/ssh", "rmdir /etc/ssh; mv /var/log/ssh /etc", ["files"]],
  ["ln -s x /usr/lib/x", "rm /usr/lib/x", ["files"]],
  ["echo x >/root/x", "rm /root/x", ["files"]],
  ["mkdir /srv/x", "rmdir /srv/x", ["files"]],
  ["systemctl enable -q wg-quick@x", "systemctl disable -q wg-quick@x", ["files"]],
  ["systemd-run -q --unit=x sleep 100", "systemctl stop x", ["units", "running", "processes"]],
  ["setsid sleep 123 >/dev/null 2>&1 </dev/null &", "pkill -x sleep", ["processes"]],
  ["touch /run/lock/x", "rm /run/lock/x", ["memory"]],
  ["touch /tmp/x", "rm /tmp/x", ["memory"]],
  ["ip rule add pref 7 fwmark 7 lookup 7", "ip rule del pref 7", ["rules"]],
  ["ip -6 rule add pref 7 lookup 7", "ip -6 rule del pref 7", ["rules"]],
  ["ip route add 10.0.0.0/8 dev net table 7", "ip route del 10.0.0.0/8 table 7", ["routes"]],
  ["ip -6 route add unreachable fd00::/8", "ip -6 route del fd00::/8", ["routes"]],
  [
    "ip address add 10.7.7.7/32 dev lo",
    "ip address del 10.7.7.7/32 dev lo",
    ["addresses", "routes"],
  ],
  ["ip link set net mtu 1400", "ip link set net mtu 1500", ["links", "settings"]],
  ["nft add table inet x", "nft delete table inet x", ["firewall"]],
  ["iptables -A INPUT -j ACCEPT", "iptables -D INPUT -j ACCEPT; nft flush ruleset", ["firewall"]],
  ["sysctl -qw net.ipv4.ip_forward=1", "sysctl -qw net.ipv4.ip_forward=0", ["settings"]],
  [
    "sysctl -qw net.ipv4.conf.net.src_valid_mark=1",
    "sysctl -qw net.ipv4.conf.net.src_valid_mark=0",
    ["settings"],
  ],
];

test("readSnapshot() shows each kind of change, and that it was taken back", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  const before = await readSnapshot(a);
  for (const [change, back, parts] of CHANGES) {
    await sh(a, change);
    const after = await readSnapshot(a);
    const changed = Object.keys(after).filter(
      (part) => JSON.stringify(after[part]) !== JSON.stringify(before[part]),
    );
    expect([change, changed.toSorted()]).toEqual([change, parts.toSorted()]);
    await sh(a, back);
    expect([back, await readSnapshot(a)]).toEqual([back, before]);
  }
});

test("pingDuring() counts what is lost", async () => {
  const lab = await createSystems(ground, drawing);
  const pairs = [
    { source: lab.machine("b"), target: "203.0.113.1" },
    { source: lab.desk, target: "203.0.113.2" },
  ];
  const [cut, whole] = await pingDuring(pairs, async () => {
    await sh(lab.machine("a"), "ip link set net down; sleep 1; ip link set net up");
  });
  expect(whole).toEqual({
    source: "desk",
    target: "203.0.113.2",
    sent: expect.any(Number),
    lost: [],
  });
  expect(cut?.lost.length).toBeGreaterThan(7);
  expect(cut?.lost.length).toBeLessThan(cut?.sent ?? 0);
});

test("findText() finds what was planted, and watchProcesses() what was there for a moment", async () => {
  const lab = await createSystems(ground, drawing);
  const a = lab.machine("a");
  const text = `planted${Math.random()}`;
  expect(await lab.findText(text)).toEqual([]);
  const files = ["/etc/x", "/run/y", "/tmp/z", "/var/log/w", "/dev/shm/v"];
  const lines = files.map((file) => `echo ${text} >${file}`);
  await sh(a, `${lines.join("\n")}\nlogger ${text}; S=${text} sleep 100 >/dev/null 2>&1 &`);
  await sh(lab.desk, `echo ${text} >/root/u; echo ${text} >/run/t; touch /tmp/${text}`);
  const found = await lab.findText(text);
  await sh(lab.desk, `rm /tmp/${text}`);
  expect(found.map((place) => place.replace(/(journal\/).*(\.journal)/, "$1…$2"))).toEqual([
    "a:/etc/x",
    "a:/var/log/w",
    "a:/run/log/journal/….journal",
    "a:/run/y",
    "a:/tmp/z",
    "a:/dev/shm/v",
    "a:journal",
    "desk:/root/u",
    "desk:/run/t",
    `desk:/tmp/${text}`,
    expect.stringMatching(`^environ .*S=${text}`),
  ]);
  const watch = watchProcesses();
  await sh(lab.desk, `ssh a sleep 0.2 ${text.replace("planted", "")}`);
  expect(watch.stop().filter((line) => line.startsWith("cmdline sleep 0.2 0."))).toHaveLength(1);
});

test("nothing is left when the world is closed", async () => {
  const before = readMachine("nobody has this mark");
  await createSystems(ground, drawing);
  expect(listGroups(process.pid)).toHaveLength(2);
  await ground.world.close();
  removeAllGroups();
  expect(readMachine("nobody has this mark")).toEqual(before);
  expect(listGroups(process.pid)).toEqual([]);
});

test("after kill -9 the kernel ends the machines, and the next run removes what is empty", async () => {
  const folder = new TemporaryFolder();
  const mark = folder.path;
  const before = readMachine(mark);
  const words = [
    "-e",
    "import(process.argv[1]).then(({ main }) => main(process.argv[2]))",
    join(import.meta.dirname, "systems-run.ts"),
    `${PATH}:${mark}`,
  ];
  const run = new LabRun([process.execPath, ...words], folder);
  onTestFinished(() => {
    run.process.kill("SIGKILL");
    folder.remove();
  });
  await run.until("they stand");
  expect(readMachine(mark)["processes"]?.length).toBeGreaterThan(6);
  const pid = run.process.pid ?? 0;
  expect(listGroups(pid)).toHaveLength(2);
  run.process.kill("SIGKILL");
  await run.status;
  await expect.poll(() => readMachine(mark), { timeout: KERNEL_PATIENCE_MS }).toEqual(before);
  removeAllGroups();
  expect(listGroups(pid)).toEqual([]);
  expect(removeStaleFolders(folder.path)).toHaveLength(1);
  expect(folder.content).toEqual([]);
});

/** The control groups of a process's machines. */
function listGroups(pid: number): readonly string[] {
  const groups = readdirSync(findHierarchy() ?? "");
  return groups.filter((name) => name.startsWith(`warren-e2e-${pid}-`));
}
