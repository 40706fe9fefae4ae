/** Hosts of other kinds than push was written on: other shells and tools, other service managers, nothing installed, behind a jump host. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, PushDesk, sh } from "./push-desk.ts";
import { pingDuring } from "./steady-pings.ts";
import { OPENRC_PACKAGES } from "./system-disk.ts";
import { findPackageReason } from "./system-packages.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

const APPLETS = [
  "awk basename cat chmod cmp cp cut date df dirname grep head id ln ls mkdir mktemp mv",
  "readlink rm rmdir sed setsid sleep sort sync tail tee touch tr uname uniq wc",
].join(" ");

/** Its shell and every tool that a shell calls are those of a small router. */
const BUSYBOX = `
for each in ${APPLETS}; do ln -s /usr/bin/busybox /usr/local/bin/$each; done
rm /usr/bin/comm
ln -sf busybox /usr/bin/sh
`;
/** Its sh is bash, which then behaves as POSIX wants. */
const BASH = "ln -sf bash /usr/bin/sh";
/** As distributions with OpenRC have it with their tools; Debian's have none. */
const OPENRC_SCRIPT = `
cat >/etc/init.d/wg-quick <<'end'
#!/sbin/openrc-run
depend() { need net; }
start() { wg-quick up "\${RC_SVCNAME#*.}"; }
stop() { wg-quick down "\${RC_SVCNAME#*.}"; }
end
chmod 755 /etc/init.d/wg-quick
`;
const TOOLS = ["wireguard-tools", "nftables"];

const hosts = {
  desk: at("203.0.113.100"),
  small: at("203.0.113.1", { prepare: [BUSYBOX] }),
  rc: at("203.0.113.2", { init: "openrc", prepare: [OPENRC_SCRIPT] }),
  bare: at("203.0.113.3", {
    user: "op",
    packages: TOOLS,
    prepare: [`dpkg --purge --force-depends ${TOOLS.join(" ")}`],
  }),
  hidden: at("203.0.113.4", { prepare: [BASH] }),
};

const MESH = `
network: { name: kinds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  small: { endpoint: 203.0.113.1, ssh: small, address: 10.0.0.1, subnets: [192.168.1.0/24] }
  rc: { endpoint: 203.0.113.2, ssh: rc, address: 10.0.0.2 }
  bare: { endpoint: 203.0.113.3, ssh: bare, address: 10.0.0.3, subnets: [192.168.3.0/24] }
  hidden: { endpoint: 203.0.113.4, ssh: hidden, address: 10.0.0.4 }
`;

const NAMES = ["small", "rc", "bare", "hidden"] as const;

test("push brings a mesh to hosts of any kind, and changes and removes it there", async (ctx) => {
  const reason = await findPackageReason([...TOOLS, ...OPENRC_PACKAGES]);
  if (reason !== undefined) ctx.skip(reason);
  const lab = await createSystems(ground, { hosts });
  const desk = new PushDesk(ground, lab, MESH);
  // The desk itself cannot reach that one, which nobody but its way in knows.
  await sh(lab.desk, "ip route add blackhole 203.0.113.4");
  const config = join(lab.home, ".ssh/config");
  const text = readFileSync(config, "utf8");
  writeFileSync(config, text.replace("Host hidden\n", "Host hidden\n  ProxyJump small\n"));
  const machines = NAMES.map((name) => lab.machine(name));
  const snapshots = () => Promise.all(machines.map(readSnapshot));
  const before = await snapshots();
  const first = await desk.warren("push");
  expect(`${first.errors}${first.output}`).toMatchInlineSnapshot(`
    "bare: installed nftables
    bare: installed wireguard-tools
    bare    5 changes: started, files, start at boot
    hidden  4 changes: started, files, start at boot
    rc      4 changes: started, files, start at boot
    small   5 changes: started, files, start at boot
    12 of 12 pairs reach each other
    "
  `);
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "bare    as it is to be
    hidden  as it is to be
    rc      as it is to be
    small   as it is to be
    12 of 12 pairs reach each other
    "
  `);
  // Their managers take them for started still.
  await sh(lab.machine("hidden"), "ip link delete dev wg0");
  await sh(lab.machine("rc"), "ip link delete dev wg0");
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "bare    as it is to be
    hidden  1 change: started
    rc      1 change: started
    small   as it is to be
    12 of 12 pairs reach each other
    "
  `);
  // BusyBox's own ping prints otherwise: that host is pinged by the others.
  const pairs = machines
    .slice(1)
    .flatMap((source) => [1, 2, 3, 4].map((last) => ({ source, target: `10.0.0.${last}` })));
  const counts = await pingDuring(pairs, async () => {
    desk.change("192.168.1.0", "192.168.5.0");
    expect(await desk.pushed()).toMatchInlineSnapshot(`
      "bare    5 changes: peers, routes, files
      hidden  5 changes: peers, routes, files
      rc      5 changes: peers, routes, files
      small   2 changes: rules, files
      12 of 12 pairs reach each other
      "
    `);
  });
  expect(counts.flatMap(({ lost }) => lost)).toEqual([]);
  await Promise.all(machines.map((machine) => machine.reboot()));
  expect(await desk.pushed()).toMatchInlineSnapshot(`
    "bare    as it is to be
    hidden  as it is to be
    rc      as it is to be
    small   as it is to be
    12 of 12 pairs reach each other
    "
  `);
  const last = await desk.warren("push", "--remove", "--all");
  expect(`${last.errors}${last.output}`).toMatchInlineSnapshot(`
    "bare: nftables, wireguard-tools stay installed
    bare    6 changes: stopped, files, start at boot
    hidden  5 changes: stopped, files, start at boot
    rc      5 changes: stopped, files, start at boot
    small   6 changes: stopped, files, start at boot
    "
  `);
  const after = await snapshots();
  // But for what was installed there.
  const own = NAMES.flatMap((name, at) => (name === "bare" ? [] : [at]));
  for (const at of own) expect(after[at]).toEqual(before[at]);
  expect(await sh(lab.machine("bare"), "wg --version; nft --version; ls -A /etc/wireguard"))
    .toMatchInlineSnapshot(`
    "wireguard-tools v1.0.20210914 - https://git.zx2c4.com/wireguard-tools/
    nftables v1.0.6 (Lester Gooch #5)
    "
  `);
});
