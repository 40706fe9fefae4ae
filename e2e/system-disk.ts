/**
 * The disk of a machine of a test: what it changes of this machine's files lies in memory and ends with
 * the world. Also how it is prepared before it boots first. Knows no process of the machine.
 */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Host } from "../lab/world.ts";
import { layPackages } from "./system-packages.ts";

export interface Disk {
  readonly name: string;
  /** As the host that keeps it sees it: upper (what was changed), root (all of it). */
  readonly folder: string;
  readonly keeper: Host;
}

/** What its first process is; "sshd": nothing else runs, so that a hundred of them are cheap. */
export type Init = "systemd" | "openrc" | "sshd";

export interface DiskContent {
  readonly init?: Init;
  /** Who may log in with the desk's key, besides root; with a password for sudo, or free of one, or without sudo. */
  readonly user?: string;
  readonly sudo?: "none" | "password" | "free";
  /** Debian packages that its apt-get finds, and no others. */
  readonly packages?: readonly string[];
  /** Folders that it sees of this machine, whose /tmp and homes are not its own: target → source. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Shell scripts, run as root in its root before it boots first. */
  readonly prepare?: readonly string[];
}

export interface Keys {
  /** The public key that may log in. */
  readonly desk: string;
  readonly hostPrivate: string;
  readonly hostPublic: string;
}

/** What a user with a password types. */
export const PASSWORD = "in the test only";

/** Folders with nothing of this machine's in them: its own users' files are nobody's business. */
export const FRESH = ["root", "home", "srv"];

/** A device 0:0 is the kernel's mark for what is gone; the folder that is made in its place hides what lies below. */
const MAKE = `
set -e
mount -n -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
for name in ${FRESH.join(" ")}; do mknod "$1/upper/$name" c 0 0; done
mount -n -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
cd "$1/root"
mkdir ${FRESH.join(" ")}
chmod 700 root
rm -rf etc/wireguard/*
`;

const BIND = `mkdir -p "$2" && mount -n --bind "$1" "$2"`;

const ADD_USER = `
set -e
useradd --create-home --shell /bin/bash "$1"
rm -f /etc/sudoers.d/*
case $2 in
password) echo "$1 ALL=(ALL:ALL) ALL" >>/etc/sudoers ;;
free) echo "$1 ALL=(ALL:ALL) NOPASSWD: ALL" >>/etc/sudoers ;;
esac
echo "$1:$3" | chpasswd
mkdir -m 700 "/home/$1/.ssh"
cp /root/.ssh/authorized_keys "/home/$1/.ssh/"
chown -R "$1:$1" "/home/$1/.ssh"
`;

export const OPENRC_PACKAGES = ["openrc", "librc1", "libeinfo1"];

/**
 * What is left of systemd is none without its commands. Services are those of OpenRC alone, with the
 * names that Alpine gives to the ones that others need.
 */
const OPENRC = `
set -e
rm /etc/init.d/* /usr/bin/systemctl /usr/bin/journalctl /usr/bin/systemd-*
: >/etc/insserv.conf
dpkg --install --force-all /srv/packages/*rc*.deb /srv/packages/libeinfo1_*.deb >/dev/null 2>&1
rm -f /etc/runlevels/*/*
write() { cat >"/etc/init.d/$1"; chmod 755 "/etc/init.d/$1"; ln -s "/etc/init.d/$1" "/etc/runlevels/$2/"; }
write localmount boot <<'end'
#!/sbin/openrc-run
start() { :; }
end
write networking boot <<'end'
#!/sbin/openrc-run
depend() { need localmount; provide net; }
start() { :; }
end
write sshd default <<'end'
#!/sbin/openrc-run
command=/usr/sbin/sshd
pidfile=/run/sshd.pid
depend() { need net; after firewall; }
end
`;

/** What only hardware needs, or the network, which is drawn; what would wake up during a test. */
const MASKED = [
  "dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount",
  "apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer",
  "getty.target console-getty.service man-db.timer systemd-journal-flush.service",
  "systemd-logind.service systemd-networkd.service systemd-random-seed.service",
  "systemd-resolved.service systemd-timesyncd.service systemd-tmpfiles-clean.timer",
  "systemd-udev-trigger.service systemd-udevd.service systemd-update-utmp.service",
].flatMap((line) => line.split(" "));

const WAY_OUT = "the test needs overlayfs and root's full rights; in a container: --privileged";

export async function createDisk(disk: Disk, content: DiskContent, keys: Keys): Promise<void> {
  const { keeper, folder, name } = disk;
  mkdirSync(folder, { recursive: true });
  await runScript(keeper, MAKE, folder);
  const root = rootOf(disk);
  rmSync(join(root, "etc/resolv.conf"), { force: true });
  writeAll(root, {
    "etc/fstab": "",
    "etc/hostname": `${name}\n`,
    "etc/hosts": `127.0.0.1 localhost ${name}\n::1 localhost\n`,
    "etc/machine-id": `${createHash("md5").update(name).digest("hex")}\n`,
    "etc/resolv.conf": "",
  });
  arrangeUnits(root);
  arrangeLogin(root, keys);
  const { init, user, sudo = "free", packages = [], folders = {}, prepare = [] } = content;
  for (const [target, source] of Object.entries(folders)) {
    await runScript(keeper, BIND, source, join(folder, "root", target));
  }
  await layPackages(root, init === "openrc" ? [...OPENRC_PACKAGES, ...packages] : packages);
  if (init === "openrc") await runInside(disk, OPENRC);
  if (user !== undefined) await runInside(disk, ADD_USER, user, sudo, PASSWORD);
  for (const script of prepare) await runInside(disk, script);
}

/** The machine's root, as this process sees it, whether it is up or not. */
export function rootOf({ keeper, folder }: Disk): string {
  return join(`/proc/${keeper.pid}/root`, folder, "root");
}

/** What the machine changed, as the kernel keeps it: its files, and a mark for each that is gone. */
export function upperOf({ keeper, folder }: Disk): string {
  return join(`/proc/${keeper.pid}/root`, folder, "upper");
}

async function runScript(keeper: Host, script: string, ...words: readonly string[]): Promise<void> {
  await keeper.run({ words: ["bash", "--norc", "-c", script, "bash", ...words], wayOut: WAY_OUT });
}

async function runInside(disk: Disk, script: string, ...words: readonly string[]): Promise<void> {
  const root = join(disk.folder, "root");
  const inside = ["chroot", root, "sh", "-c", script, "sh", ...words];
  await disk.keeper.run({ words: inside, wayOut: WAY_OUT });
}

function writeAll(root: string, texts: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Of this machine's services only sshd begins at boot. */
function arrangeUnits(root: string): void {
  const units = join(root, "etc/systemd/system");
  for (const folder of readdirSync(units).filter((name) => name.endsWith(".wants"))) {
    rmSync(join(units, folder), { recursive: true });
  }
  for (const unit of MASKED) link(join(units, unit), "/dev/null");
  link(join(units, "default.target"), "/lib/systemd/system/multi-user.target");
  mkdirSync(join(units, "multi-user.target.wants"));
  link(join(units, "multi-user.target.wants/ssh.service"), "/lib/systemd/system/ssh.service");
}

function link(path: string, target: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function arrangeLogin(root: string, { desk, hostPrivate, hostPublic }: Keys): void {
  const ssh = join(root, "etc/ssh");
  for (const name of readdirSync(ssh).filter((each) => each.startsWith("ssh_host_"))) {
    rmSync(join(ssh, name));
  }
  writeAll(root, {
    "etc/ssh/ssh_host_ed25519_key": hostPrivate,
    "etc/ssh/ssh_host_ed25519_key.pub": hostPublic,
    "root/.ssh/authorized_keys": desk,
  });
  chmodSync(join(ssh, "ssh_host_ed25519_key"), 0o600);
  chmodSync(join(root, "root/.ssh"), 0o700);
}
