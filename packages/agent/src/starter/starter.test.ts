/** What starts an agent: to the letter, and read by the real systemd where there is one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { printText } from "@warren/core";
import type { Name } from "@warren/core";
import { renderInitScript } from "./openrc.ts";
import { installStarter } from "./starter.ts";
import { createNotify, watchdogMs } from "./sd-notify.ts";
import { renderUnit } from "./systemd.ts";

const CLOUDS = "clouds" as Name;
const COMMAND = { network: CLOUDS, words: ["/opt/node", "/opt/warren/main.ts", "agent", "clouds"] };
/** Nobody has such a folder; if somebody has, it is read as it is. */
const ODD = ["/bin/true", '/opt/50% of $HOME/it\'s "x\\y".ts'];

test("renderUnit() is a service that is never given up, and whose tunnels outlive it", () => {
  expect(renderUnit(COMMAND)).toMatchInlineSnapshot(`
    "# Written by warren join.
    [Unit]
    Description=Warren agent of the network clouds
    After=network.target nss-lookup.target
    StartLimitIntervalSec=0

    [Service]
    Type=notify
    NotifyAccess=all
    ExecStart="/opt/node" "/opt/warren/main.ts" "agent" "clouds"
    KillMode=process
    RestartPreventExitStatus=78
    SuccessExitStatus=78
    RestartSec=2
    WatchdogSec=180
    CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SYS_MODULE CAP_DAC_OVERRIDE
    Restart=always
    TimeoutStopSec=20
    UMask=0077
    NoNewPrivileges=yes
    RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
    RestrictNamespaces=yes
    RestrictRealtime=yes
    RestrictSUIDSGID=yes
    LockPersonality=yes

    [Install]
    WantedBy=multi-user.target
    "
  `);
});

test("renderUnit() is what systemd takes without a word", (ctx) => {
  const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0;
  ctx.skip(!isThere, "needs systemd-analyze (systemd)");
  const file = join(makeFolder(), "warren@clouds.service");
  const verify = (text: string): string => {
    writeFileSync(file, text);
    const { stdout, stderr } = spawnSync("systemd-analyze", ["--man=no", "verify", file], {
      encoding: "utf8",
    });
    return `${stdout}${stderr}`;
  };
  const odd = renderUnit({ ...COMMAND, words: ODD });
  expect(verify(odd)).toBe("");
  expect(verify(renderUnit({ words: ODD }))).toBe("");
  expect(odd).toContain(String.raw`"/bin/true" "/opt/50%% of $$HOME/it's \"x\\y\".ts"`);
  expect(verify(odd.replace("KillMode=process", "KillMode=nobody"))).toContain("nobody");
});

test("renderInitScript() lets a shell read each word as it is", () => {
  const file = join(makeFolder(), "warren.clouds");
  writeFileSync(file, renderInitScript({ ...COMMAND, words: ODD }));
  const print = `. "$0"; eval "printf '%s\\n' \\"\\$command\\" $command_args"`;
  for (const shell of ["dash", "bash"]) {
    const { stdout } = spawnSync(shell, ["-c", print, file], { encoding: "utf8" });
    expect(stdout).toBe(`${ODD.join("\n")}\n`);
  }
  expect(renderInitScript(COMMAND)).toMatchInlineSnapshot(`
    "#!/sbin/openrc-run
    # Written by warren join.

    description="Warren agent of the network clouds"
    supervisor=supervise-daemon
    command='/opt/node'
    command_args=''\\''/opt/warren/main.ts'\\'' '\\''agent'\\'' '\\''clouds'\\'''
    umask=077
    respawn_delay=2
    respawn_max=0
    output_logger="logger -t warren-clouds"
    error_logger="logger -t warren-clouds"

    depend() {
    	use net dns logger
    	after firewall
    }
    "
  `);
});

test("installStarter() says what to start where nothing starts services", async () => {
  const left = await installStarter("none", COMMAND);
  expect(printText(left ?? "")).toMatchInlineSnapshot(
    `"no systemd or OpenRC runs here: have this started at boot, as root: /opt/node /opt/warren/main.ts agent clouds"`,
  );
});

test.each([
  {},
  { socket: "" },
  { socket: "/nowhere/notify", path: process.env["PATH"] },
  { socket: "/nowhere/notify", path: "/nowhere" },
])("createNotify() goes on when nobody listens: %j", async (wish) => {
  expect(await createNotify(wish)("READY=1")).toBeUndefined();
});

test.each([
  [undefined, undefined],
  ["", undefined],
  ["x", undefined],
  ["0", undefined],
  ["180000000", 60_000],
])("watchdogMs() of %s is %s", (watchdogUsec, ms) => {
  expect(watchdogMs({ watchdogUsec })).toBe(ms);
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "warren-agent-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
