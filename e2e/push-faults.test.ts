/** What is wrong with a host is told with its step, cause and way out; nothing is done to it, and the others are served. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, PushDesk, sh } from "./push-desk.ts";
import { pingDuring } from "./steady-pings.ts";
import {
  addInterface,
  fillUp,
  makeReadOnly,
  raiseFirewall,
  takePort,
  WITHOUT_NFT,
  withWrongClock,
} from "./unfit.ts";
import type { System } from "./system.ts";
import { readSnapshot } from "./system-snapshot.ts";
import { createSystems, type DrawnSystem, type Systems } from "./systems.ts";
import { useGround } from "./systems-fixture.ts";

const ground = useGround();

interface Fault {
  /** What makes the machine unfit before it boots; false: a plain host, which has no sshd. */
  readonly system: DrawnSystem["system"] | false;
  /** What makes it unfit once it is up: a script that is run on it, or more. */
  readonly spoil?: string | ((system: System) => Promise<void>);
  /** What the desk does to its own files. */
  readonly mislead?: (lab: Systems, address: string) => void;
}

/** Nothing but sshd runs there: enough where push does not get as far as to start something. */
const bare = { init: "sshd" } as const;

function edit(lab: Systems, name: string, change: (text: string) => string): void {
  const file = join(lab.home, ".ssh", name);
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

/** By the names of the nodes; each is met in one and the same push. */
const FAULTS: Readonly<Record<string, Fault>> = {
  refusing: { system: false },
  silent: {
    system: false,
    spoil: "nft 'table ip x { chain y { type filter hook input priority 0; policy drop; }; }'",
  },
  reinstalled: {
    system: bare,
    mislead: (lab, address) =>
      edit(lab, "known_hosts", (text) => {
        const other = text.split("\n").find((line) => !line.startsWith(`${address} `)) ?? "";
        const key = other.replace(/^\S+ /, "");
        return text.replace(new RegExp(`^${address} .*$`, "m"), `${address} ${key}`);
      }),
  },
  unknown: {
    system: bare,
    mislead: (lab, address) =>
      edit(lab, "known_hosts", (text) => text.replace(new RegExp(`^${address} .*\n`, "m"), "")),
  },
  closed: { system: { ...bare, prepare: ["rm /root/.ssh/authorized_keys"] } },
  sudoless: { system: { ...bare, user: "op", sudo: "none", prepare: ["rm /usr/bin/sudo"] } },
  asking: { system: { ...bare, user: "op", sudo: "password" } },
  bootless: { system: bare },
  // Full in two ways: seen at once, and when a file cannot be made.
  full: { system: bare, spoil: (system) => fillUp(system, "/etc/wireguard") },
  inodeless: { system: {}, spoil: "mount -n -t tmpfs -o nr_inodes=3 tmpfs /etc/wireguard" },
  frozen: { system: bare, spoil: (system) => makeReadOnly(system, "/etc/wireguard") },
  runless: { system: bare, spoil: "mount -n -o remount,ro /run" },
  listening: { system: bare, spoil: (system) => takePort(system, 51820) },
  named: { system: bare, spoil: (system) => addInterface(system, "wg0", "bridge") },
  byhand: { system: bare, spoil: "echo '[Interface]' >/etc/wireguard/wg0.conf" },
  dockered: {
    system: bare,
    spoil: `ip link add docker0 type bridge; ip address add 172.17.0.1/16 dev docker0
      ip link set docker0 up`,
  },
  addressed: { system: bare, spoil: "ip address add 10.0.0.77/32 dev lo" },
  walled: { system: bare, spoil: (system) => raiseFirewall(system, "nft") },
  toolless: {
    system: { ...bare, ...WITHOUT_NFT },
    spoil: "rm -rf /etc/apt/sources.list*; find /var/lib/apt/lists -type f ! -name lock -delete",
  },
  late: { system: { ...bare, ...withWrongClock("3 hours ago") } },
  tunless: { system: bare, spoil: "umount /dev/net/tun; rm /dev/net/tun" },
  busy: {
    system: {},
    spoil: `mkdir -p /run/warren/wg0; sleep 1000 >/dev/null 2>&1 </dev/null &
      echo $! >/run/warren/wg0/pid`,
  },
};

/** What each is told, by its code. */
const CODES: Readonly<Record<string, string>> = {
  refusing: "refused",
  silent: "no-answer",
  reinstalled: "host-key-changed",
  unknown: "host-key-unknown",
  closed: "not-let-in",
  sudoless: "no-sudo",
  asking: "sudo-password",
  bootless: "no-boot",
  full: "no-space",
  inodeless: "no-space",
  frozen: "read-only",
  runless: "no-room",
  listening: "port-taken",
  named: "interface-taken",
  byhand: "file-taken",
  dockered: "route-clash",
  addressed: "address-taken",
  walled: "firewall",
  toolless: "install-failed",
  late: "clock-wrong",
  tunless: "no-wireguard",
  busy: "busy",
  lost: "key-differs",
  nameless: "unknown-host",
};

const NAMES = Object.keys(FAULTS);
function addressOf(name: string): string {
  return `203.0.113.${10 + NAMES.indexOf(name)}`;
}

function drawing(): Readonly<Record<string, DrawnSystem>> {
  const faulty = Object.entries(FAULTS).map(([name, { system }]) => {
    const host = at(addressOf(name), system === false ? undefined : system);
    return [name, host] as const;
  });
  return {
    desk: at("203.0.113.100"),
    a: at("203.0.113.1", {}),
    b: at("203.0.113.2", { user: "op" }),
    lost: at("203.0.113.3", {}),
    ...Object.fromEntries(faulty),
  };
}

function node(name: string): string {
  const more = { addressed: ", address: 10.0.0.77", toolless: ", subnets: [192.168.7.0/24]" };
  return `  ${name}: { endpoint: ${addressOf(name)}, ssh: ${name}${more[name as "addressed"] ?? ""} }\n`;
}

const MESH = `
network: { name: clouds, addresses: [10.0.0.0/24], interface: wg0 }
nodes:
  a: { endpoint: 203.0.113.1, ssh: a, subnets: [172.17.0.0/16] }
  b: { endpoint: 203.0.113.2, ssh: b }
  lost: { endpoint: 203.0.113.3, ssh: lost }
`;

async function spoil(lab: Systems): Promise<void> {
  await Promise.all(
    Object.entries(FAULTS).map(async ([name, fault]) => {
      // What push looks for to know what starts things at boot.
      const isSystemd = fault.system !== false && name !== "bootless";
      if (isSystemd) await sh(lab.machine(name), "mkdir -p /run/systemd/system");
      if (typeof fault.spoil === "function") await fault.spoil(lab.machine(name));
      else if (fault.spoil !== undefined) {
        await sh(fault.system === false ? lab.underlay.host(name) : lab.machine(name), fault.spoil);
      }
      fault.mislead?.(lab, addressOf(name));
    }),
  );
  await sh(lab.machine("lost"), "rm /etc/wireguard/wg0.key");
  for (const name of ["refusing", "silent"]) {
    const lines = [`Host ${name}`, `HostName ${addressOf(name)}`];
    appendFileSync(join(lab.home, ".ssh/config"), `${lines.join("\n  ")}\n\n`);
  }
}

/** But for the key of its own that the host was asked for, and the lock knows: the next push finds it there. */
async function readAsItWas(lab: Systems, name: string): Promise<unknown> {
  const { files = [], ...rest } = await readSnapshot(lab.machine(name));
  return {
    files: files.filter((line) => !/^\/etc\/wireguard\/wg0\.(key|before) /.test(line)),
    ...rest,
  };
}

test("push tells what is wrong with each host, leaves it as it was, and serves the others", async () => {
  const lab = await createSystems(ground, { hosts: drawing() });
  const desk = new PushDesk(ground, lab, MESH);
  await desk.warren("push");
  await spoil(lab);
  const machines = [...NAMES.filter((name) => FAULTS[name]?.system !== false), "lost"];
  const snapshots = () => Promise.all(machines.map((name) => readAsItWas(lab, name)));
  const before = await snapshots();
  const nowhere = "  nameless: { endpoint: 203.0.113.99, ssh: nowhere.invalid }\n";
  desk.write(`${MESH}${NAMES.map(node).join("")}${nowhere}`);
  const pair = { source: lab.machine("b"), target: "10.0.0.1" };
  const [pings] = await pingDuring([pair], async () => {
    const { status, output, errors } = await desk.warren("push", "--within", "5");
    expect(status).toBe(2);
    expect(output).toMatchInlineSnapshot(`
      "a            3 changes: peers, files
      b            3 changes: peers, files
      2 of 2 pairs reach each other
      "
    `);
    expect(errors).toMatchInlineSnapshot(`
      "addressed    error address-taken (check): 10.0.0.77/32, its address in the mesh, is on lo already
                   take it off there, or give the node another one
      asking       error sudo-password (connect): sudo asks for a password, and nobody is there to type it
                   let the user do so without one (NOPASSWD in /etc/sudoers.d), or log in as root: ssh=root@asking
      bootless     error no-boot (check): nothing known here would start the tunnel at boot, or follow endpoints that are names: neither systemd nor OpenRC
                   have your own start it (wg-quick up) and, where there is one, /etc/wireguard/wg0.endpoints.sh (INTERFACE loop); and go on with --anyway; or go on in spite of it: --anyway
      busy         error busy (apply): another push to it is under way
                   wait for that one, and run it again
      byhand       error file-taken (check): /etc/wireguard/wg0.conf is there, and Warren did not make it
                   take that mesh in (warren import), move the file away, or choose another name: warren set network interface=NAME
      closed       error not-let-in (connect): closed does not let this user in
                   give it your key: ssh-copy-id closed; or name another user: ssh=USER@HOST
      dockered     error route-clash (check): 172.17.0.0/16 is on docker0 there, and the mesh routes the same into the tunnel
                   if it is the host's own (docker, say), leave it out: warren set dockered local=172.17.0.0/16; or go on in spite of it: --anyway
      frozen       error read-only (check): /etc/wireguard is mounted read-only, and the files go there
                   mount it writable: mount -o remount,rw /etc/wireguard
      full         error no-space (check): only 0 KiB are free where the files go
                   make room in /etc/wireguard
      inodeless    error no-space (apply): no space is left where the files go
                   make room in /etc/wireguard, and run it again
      late         error clock-wrong (check): its clock is 3 h behind the one here
                   set it, and keep it right (timedatectl set-ntp true): after a step back no peer answers it until it has caught up; or go on in spite of it: --anyway
      listening    error port-taken (check): UDP port 51820 is in use by another program
                   end that one (ss -ulnp tells which); or choose another: warren set listening listenPort=51821
      lost         error key-differs (apply): its private key is not the one that the lock knows
                   bring the old key back; or have it make a new one: warren keys rotate lost; or, where the mesh file has its publicKey, write that of the new one there
      named        error interface-taken (check): it has another interface of the name wg0
                   take that mesh in (warren import), take it off the host, or choose another name: warren set network interface=NAME
      nameless     error unknown-host (connect): the name nowhere.invalid is not known
                   set ssh=USER@HOST of the node, or give the name a Host block in ~/.ssh/config
      refusing     error refused (connect): refusing refuses connections
                   start sshd there; or write its port: ssh=USER@HOST:PORT
      reinstalled  error host-key-changed (connect): reinstalled has another host key than before: it was installed anew, or somebody is in between
                   if you know why, forget the old one: ssh-keygen -R reinstalled
      runless      error no-room (check): nothing can be written to /run there: mkdir: cannot create directory '/run/warren': Read-only file system
                   make room in /run, or mount it
      silent       error no-answer (connect): silent does not answer
                   look whether it runs, and whether its firewall lets ssh in
      sudoless     error no-sudo (connect): the user may not be root: there is no sudo for it
                   log in as root: ssh=root@sudoless; or let the user use sudo
      toolless     error install-failed (install): installing failed: apt-get nftables: E: Package 'nftables' has no installation candidate
                   run that on the host to see more; then run this again
      tunless      error no-wireguard (check): its kernel has no WireGuard, and no /dev/net/tun for one in a program
                   load one of them: modprobe wireguard, or modprobe tun; in a container, let it have /dev/net/tun
      unknown      error host-key-unknown (connect): the host key of unknown is not known here
                   log in once by hand, and compare it: ssh unknown
      walled       error firewall (check): nft drops UDP to port 51820: the policy of chain input of table inet guard
                   run on the host, and keep it with the rules that it loads at boot: nft insert rule inet guard input udp dport 51820 accept; or go on in spite of it: --anyway
      24 of 26 hosts failed
      "
    `);
    const told = errors.matchAll(/^(\S+) +error (\S+) \(/gm);
    expect(Object.fromEntries([...told].map(([, name, code]) => [name, code]))).toEqual(CODES);
  });
  expect(pings?.lost).toEqual([]);
  expect(await snapshots()).toEqual(before);
});
