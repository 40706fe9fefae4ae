/** A mesh from nothing, as somebody makes one who types what the commands print. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  createControl,
  serveOn,
  type,
  typeInVain,
  untilServing,
  WARREN,
  withoutMoments,
  machinesOf,
} from "./control-machines.ts";
import { OPENRC_PACKAGES } from "./system-disk.ts";
import { findPackageReason } from "./system-packages.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

/** A server at a terminal, where it prints what only a person may see; it lives on. */
function atTerminal(command: string): string {
  return `
setsid script -qefc "${command}" /run/terminal >/dev/null 2>&1 </dev/null &
timeout 20 sh -c 'until grep -qs "more: warren token" /run/terminal; do sleep 0.05; done'
tr -d '\\r' </run/terminal | sed '/^Script /d'
`;
}

/** From a checkout, as the reader has one. */
const CHECKOUT = "cd /opt/warren";
const MINUTE = 60_000;
/** As the guide says it, with an authority that nobody else knows; the last command is somebody who does know it. */
const OWN_CERTIFICATE = `
cd /root
key=/var/lib/warren-server/certificate.pem
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority 2>/dev/null
openssl req -new -key $key -subj /CN=vpn.example.com -addext subjectAltName=DNS:vpn.example.com -out vpn.csr
openssl x509 -req -in vpn.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -out vpn.pem 2>/dev/null
warren server --install --address vpn.example.com --cert vpn.pem --key $key
openssl s_client -connect vpn.example.com:8443 -CAfile ca.pem -verify_hostname vpn.example.com </dev/null
`;
const HELP = "warren token create mesh | ssh host sudo warren join -";

test("the README's three commands are a mesh of two hosts, which answer each other as soon as the last has ended", async () => {
  const [serve = "", join = "", ...others] = readmeCommands();
  expect(others).toEqual([]);
  const lab = await createControl(ground, ["srv", "a", "b"]);
  const startedAt = performance.now();
  const printed = await type(lab.machine("srv"), `${CHECKOUT}; ${atTerminal(serve)}`);
  expect(withoutSecrets(printed)).toMatchInlineSnapshot(`
    "page     https://203.0.113.1:8443
    known by sha256:…
    sign in  https://203.0.113.1:8443/#sign-in=…
    join     warren join wrn_…
             (good for 1 h; more: warren token create mesh)
    "
  `);
  const [token = ""] = /wrn_[\w-]+/.exec(printed) ?? [];
  expect(join).toContain("wrn_…");
  // Nobody is there to answer a question.
  const command = `${CHECKOUT}; ${join.replace("wrn_…", token)} </dev/null`;
  expect(await type(lab.machine("a"), command)).toMatchInlineSnapshot(`
    "a is in mesh, on warren0: 0 tunnels
    "
  `);
  // One second is all that the first answer may take.
  const onB = await type(lab.machine("b"), `${command}; ping -n -W 1 -c 1 10.77.0.1`);
  expect(onB.replace(/ time=[^]*/, "")).toMatchInlineSnapshot(`
    "b is in mesh, on warren0: 1 tunnel
    PING 10.77.0.1 (10.77.0.1) 56(84) bytes of data.
    64 bytes from 10.77.0.1: icmp_seq=1 ttl=64"
  `);
  expect(performance.now() - startedAt).toBeLessThan(MINUTE);
  await type(lab.machine("a"), "ping -n -W 1 -c 1 10.77.0.2");
});

test("a host joins by what the help of `warren join` shows, and the server's own host can, too", async () => {
  const lab = await createControl(ground, ["srv", "b"]);
  const srv = lab.machine("srv");
  await type(srv, atTerminal("warren server"));
  expect(await type(srv, "warren join --help")).toContain(HELP);
  expect(await typeInVain(srv, "warren join token.txt")).toMatchInlineSnapshot(`
    "token.txt: error cannot-read: cannot read: no such file or folder
      check the path
    "
  `);
  const [create = "", join = ""] = HELP.split(" | ");
  const piped = `ssh srv ${create} | ${join.replace("host", "b")}`;
  expect(await type(lab.desk, piped)).toMatchInlineSnapshot(`
    "b is in mesh, on warren0: 0 tunnels
    "
  `);
  const onItself = `${create} | warren join -; ping -n -W 1 -c 1 10.77.0.1`;
  expect((await type(srv, onItself)).replace(/\nPING [^]*/, "\n")).toMatchInlineSnapshot(`
    "srv is in mesh, on warren0: 1 tunnel
    "
  `);
  await type(lab.machine("b"), "ping -n -W 1 -c 1 10.77.0.2");
  expect(withoutMoments(await type(srv, "warren node list mesh"))).toMatchInlineSnapshot(`
    "node  state    addresses  endpoint
    b     current  10.77.0.1  203.0.113.2:51820
    srv   current  10.77.0.2  203.0.113.1:51820
    "
  `);
});

test("with a certificate of one's own authority, for the key that is there, who has joined stays, and others join", async () => {
  const lab = await createControl(ground, ["srv", "a", "b"]);
  const [srv, a, b] = machinesOf(lab, "srv", "a", "b");
  await serveOn(srv);
  await type(a, `warren join ${await type(srv, "warren token create mesh")}`);
  for (const host of [srv, b]) await type(host, "echo 203.0.113.1 vpn.example.com >>/etc/hosts");
  expect(await type(srv, OWN_CERTIFICATE)).toContain("Verify return code: 0 (ok)");
  const token = await type(srv, "warren token create mesh");
  expect(await type(b, `warren join ${token}`)).toBe("b is in mesh, on warren0: 1 tunnel\n");
  await type(b, "ping -n -W 2 -c 1 10.77.0.1");
  const list = async () => await type(srv, "warren node list mesh");
  await expect
    .poll(list, { timeout: 10_000, interval: 200 })
    .toMatch(/^a +current.*\n^b +current/m);
});

test("two hosts that are each behind a strict NAT are named, with why they have no tunnel", async () => {
  // Each flow has a port of its own: what the server sees is of no use to the others.
  const router =
    "table ip nat { chain out { type nat hook postrouting priority srcnat; oifname net masquerade random; }; }";
  const behind = (name: string) => ({
    [name]: {
      ports: { [`lan-${name}`]: { addresses: ["192.168.1.2/24"] } },
      routes: ["default via 192.168.1.1"],
    },
    [`nat-${name}`]: { ports: { [`lan-${name}`]: { addresses: ["192.168.1.1/24"] } }, router },
  });
  const drawn = { ...behind("a"), ...behind("b") };
  const lab = await createControl(ground, ["srv", "a", "b", "c"], drawn);
  const [srv, a, b, c] = machinesOf(lab, "srv", "a", "b", "c");
  await serveOn(srv);
  const token = (await type(srv, "warren token create mesh --uses 0")).trim();
  for (const host of [a, b, c]) await type(host, `warren join ${token}`);
  for (const host of [a, b]) await type(host, "ping -n -W 10 -c 1 10.77.0.3");
  const list = async () =>
    (await type(srv, "warren node list mesh")).split("\n").slice(-3).join("\n");
  await expect.poll(list, { timeout: 30_000, interval: 500 }).toContain("a ↔ b");
  expect(await list()).toMatchInlineSnapshot(`
    "a ↔ b: both are behind NATs, and do not find each other
      forward a UDP port to one of them, and say it: warren node set mesh a endpoint=HOST:PORT
    "
  `);
  const why = async () => (await type(a, "warren status || true")).replaceAll(/:\d{4,5} /g, ":… ");
  expect((await why()).split("\n").slice(-4).join("\n")).toMatchInlineSnapshot(`
    "a → b: no handshake: a is behind a NAT, and b behind another, or UDP 203.0.113.6:… is not let in there
      forward a UDP port to one of them, and say it: warren node set mesh a endpoint=HOST:PORT
    why, and the way out: warren doctor
    "
  `);
});

test.for(["systemd", "openrc"] as const)(
  "`warren server --install` serves at once and after a boot, under %s, until it is uninstalled",
  async (init, ctx) => {
    const reason = init === "openrc" ? await findPackageReason(OPENRC_PACKAGES) : undefined;
    if (reason !== undefined) ctx.skip(reason);
    const system = { ...WARREN, init };
    const lab = await createControl(ground, ["srv"], { srv: { system } });
    const srv = lab.machine("srv");
    await type(srv, "rm -rf /var/lib/warren-server");
    const before = await readSnapshot(srv);
    const install = "warren server --install --address vpn.example.com --network clouds";
    const typed = `script -qefc "${install}" /dev/null </dev/null | tr -d '\\r'`;
    expect(withoutSecrets(await type(srv, typed))).toMatchInlineSnapshot(`
      "page     https://vpn.example.com:8443
      known by sha256:…
      sign in  https://vpn.example.com:8443/#sign-in=…
      join     warren join wrn_…
               (good for 1 h; more: warren token create clouds)
      "
    `);
    await srv.reboot();
    await untilServing(srv);
    expect(await type(srv, "warren network list")).toMatchInlineSnapshot(`
      "network  ranges        nodes  waiting  joining
      clouds   10.77.0.0/16  0      0        by token
      "
    `);
    expect(withoutSecrets(await type(srv, `${install} --listen 8444`))).toMatchInlineSnapshot(`
      "known by sha256:…
      come in  run warren login and warren token create here, as root
      "
    `);
    expect(await type(srv, "warren server --uninstall")).toMatchInlineSnapshot(`
      "the server is stopped, and starts at boot no more; its folder stays as it is
      "
    `);
    expect(await typeInVain(srv, "warren network list")).toContain(
      "the server of this host does not run",
    );
    expect(await type(srv, "ls /var/lib/warren-server")).toContain("warren.db");
    await type(srv, "rm -r /var/lib/warren-server");
    await expect.poll(() => readSnapshot(srv), { timeout: 5000 }).toEqual(before);
  },
);

test("`warren server --install` refuses what a service cannot have", async () => {
  const srv = (await createControl(ground, ["srv"])).machine("srv");
  expect(await typeInVain(srv, "WARREN_MASTER_KEY=x warren server --install"))
    .toMatchInlineSnapshot(`
    "warren: error usage: a service is not given WARREN_MASTER_KEY
      write it into /var/lib/warren-server/master.key, for root alone, and unset it
    "
  `);
  expect(await typeInVain(srv, "warren server --install --cert a --key b")).toMatchInlineSnapshot(`
    "a: error cannot-read: cannot read: no such file or folder
      check the path
    "
  `);
  await type(srv, "! ls /etc/systemd/system/warren-server.service");
  expect(await type(srv, "warren server --uninstall")).toMatchInlineSnapshot(`
    "the server is not installed here: nothing of Warren's starts it at boot
    "
  `);

  // One that nothing has started is none of a service's.
  const local = "/var/lib/warren-server/local.json";
  await type(srv, `warren server >/dev/null 2>&1 & until [ -e ${local} ]; do sleep 0.05; done`);
  const told = await typeInVain(srv, "warren server --uninstall");
  expect(told.replaceAll(/\d+/g, "N")).toMatchInlineSnapshot(`
    "the server is not installed here: nothing of Warren's starts it at boot
    process N still serves from /var/lib/warren-server: stop it (kill N)
    "
  `);
  await type(srv, `kill $(sed 's/.*"process":\\([0-9]*\\).*/\\1/' ${local})`);
});

/** Of its chapter on a server: what is typed in the first two blocks, up to where joining by approval begins. */
function readmeCommands(): readonly string[] {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const [, chapter = ""] = /^## A mesh from a server\n([^]*?)^## /m.exec(readme) ?? [];
  const blocks = [...chapter.matchAll(/^```sh\n([^]*?)^```/gm)].slice(0, 2);
  return blocks.flatMap(([, text = ""]) =>
    text
      .replaceAll(/ +#.*$/gm, "")
      .trim()
      .split("\n"),
  );
}

function withoutSecrets(printed: string): string {
  return printed.replaceAll(/(sha256:|sign-in=|wrn_)[\w-]+/g, "$1…");
}
