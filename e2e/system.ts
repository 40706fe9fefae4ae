/**
 * A machine of a test: a disk of its own, a network that is drawn, and the real systemd with the real
 * sshd in namespaces of their own. It boots, stops, crashes and boots again.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command, Host, Outcome, World } from "../lab/world.ts";
import { createGroup } from "./control-groups.ts";
import type { Disk, Init } from "./system-disk.ts";
import type { Underlay } from "./underlay.ts";

/** What a machine is made of. */
export interface Parts {
  readonly world: World;
  readonly underlay: Underlay;
  readonly disk: Disk;
  readonly init: Init;
}

/**
 * In the disks' mounts and the machine's network: enters its control group, then its namespaces. The
 * lock is held until the machine has ended; the first line printed is its first process.
 * Arguments: the machine's folder, its kind, its control group.
 */
const BOOT = `
set -e
exec 9>"$1/lock"
flock 9
echo 0 >"$3/cgroup.procs"
read -r pid < <(exec unshare --mount --pid --uts --ipc --cgroup --fork -- \\
  bash --norc -c "$INSIDE" bash "$@" 2>"$1/console" </dev/null)
echo "$pid"
`;

/**
 * /proc/sys but for the network is everybody's, so nobody here may write there; /proc is still this
 * machine's when it is asked for the first process.
 */
const INSIDE = `
set -e
read -r pid rest </proc/self/stat
cd "$1/root"
hostname "$(cat etc/hostname)"
mount -n -t proc proc proc
mount -n --bind proc/sys proc/sys
mount -n --bind proc/sys/net proc/sys/net
mount -n -o remount,bind,ro proc/sys
[ ! -e proc/sysrq-trigger ] || mount -n --bind /dev/null proc/sysrq-trigger
mount -n -t sysfs -o ro sysfs sys
mount -n -t tmpfs -o mode=755 tmpfs run
mount -n -t tmpfs -o mode=1777 tmpfs tmp
mount -n -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/pts dev/shm run/sshd
for name in null zero full random urandom tty net/tun; do
  : >"dev/$name"
  mount -n --bind "/dev/$name" "dev/$name"
done
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -n -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -n -t cgroup2 cgroup2 sys/fs/cgroup
pivot_root . .
umount -n -l .
cd /
echo "$pid"
exec >&2 9>&-
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ "$2" = systemd ]; then exec env container=warren /lib/systemd/systemd; fi
if [ "$2" = openrc ]; then
  for level in sysinit boot default; do openrc "$level"; done
else
  /usr/sbin/sshd
fi
trap '' CHLD
exec sleep infinity
`;

const AWAIT_SSHD =
  "for try in $(seq 500); do [ -e /run/sshd.pid ] && exit 0; sleep 0.02; done; exit 1";

/** Waits until all services stand, or says which do not. */
const WAIT = {
  systemd: `
for try in $(seq 300); do
  state=$(systemctl is-system-running --wait 2>/dev/null)
  case $state in
  running) exit 0 ;;
  degraded | maintenance) systemctl --failed --no-legend --plain >&2; exit 1 ;;
  esac
  sleep 0.05
done
echo "still $state" >&2
exit 1
`,
  openrc: AWAIT_SSHD,
  sshd: AWAIT_SSHD,
};

/** Stops what runs there; systemd then ends by itself. */
const STOP = {
  systemd: ["systemctl", "--no-block", "reboot"],
  openrc: ["openrc", "shutdown"],
  sshd: ["true"],
};

const STOP_SECONDS = 60;
const WAY_OUT = "this is a defect of the test's machine: please report it";

export class System {
  readonly name: string;
  readonly disk: Disk;
  readonly #parts: Parts;
  #pid = 0;
  #boots = 0;

  constructor(parts: Parts) {
    this.name = parts.disk.name;
    this.disk = parts.disk;
    this.#parts = parts;
  }

  /** The number of its first process, as this machine counts. */
  get pid(): number {
    return this.#pid;
  }

  get init(): Init {
    return this.#parts.init;
  }

  /** Its network with this machine's programs, whatever it has itself. */
  get outside(): Host {
    return this.#parts.underlay.host(this.name);
  }

  /** Comes back when all services stand. */
  async boot(): Promise<void> {
    const { world, disk, init } = this.#parts;
    this.#boots += 1;
    const group = createGroup(`${this.name}-${this.#boots}`);
    const inside = [
      `--net=/proc/${this.outside.pid}/ns/net`,
      `--mount=/proc/${disk.keeper.pid}/ns/mnt`,
      // Entering a mount namespace leaves a chroot, if this is one.
      `--root=/proc/${disk.keeper.pid}/root`,
      `--pid=/proc/${world.internet.pid}/ns/pid`,
    ];
    const place = [disk.folder, init, group];
    const words = ["env", `INSIDE=${INSIDE}`, "bash", "--norc", "-c", BOOT, "bash", ...place];
    const { output, errors } = await world.execute(inside, { words, wayOut: WAY_OUT });
    this.#pid = Number(output);
    if (output === "") return await this.#fail(errors);
    const stood = await this.attempt({ words: ["bash", "-c", WAIT[init]], wayOut: WAY_OUT });
    if (stood.status !== 0) await this.#fail(stood.output + stood.errors);
  }

  /** Stops it properly and boots it anew: files stay, /run, /tmp and all that was made in its network go. */
  async reboot(): Promise<void> {
    const words = STOP[this.#parts.init];
    await this.run({ words, wayOut: WAY_OUT });
    if (this.#parts.init === "systemd") await this.#end();
    await this.crash();
  }

  /** As when the power fails, and comes back. */
  async crash(): Promise<void> {
    if (existsSync(`/proc/${this.pid}`)) process.kill(this.pid, "SIGKILL");
    await this.#end();
    await this.#parts.underlay.renew(this.name);
    await this.boot();
  }

  /** Runs a command on the machine as root and answers its output; that it fails is an error. */
  async run(command: Command): Promise<string> {
    const { status, output, errors } = await this.attempt(command);
    if (status === 0) return output;
    const what = `run "${command.words.join(" ")}" on ${this.name}`;
    throw new Error(
      `cannot ${what}: exit status ${status}: ${errors}${output}\n  ${command.wayOut}`,
    );
  }

  /** Runs a command on the machine as root that may fail. */
  attempt(command: Command): Promise<Outcome> {
    const kinds = ["net", "mount", "pid", "uts", "ipc", "cgroup", "root"];
    const namespaces = [...kinds.map((kind) => `--${kind}`), "--target", String(this.pid)];
    return this.#parts.world.execute([...namespaces, "--wd"], command);
  }

  async #end(): Promise<void> {
    const { keeper, folder } = this.disk;
    const words = ["flock", "-w", String(STOP_SECONDS), join(folder, "lock"), "true"];
    await keeper.run({ words, wayOut: `${this.name} did not stop within ${STOP_SECONDS} s` });
  }

  async #fail(errors: string): Promise<never> {
    const { keeper, folder } = this.disk;
    const console = await keeper.run({ words: ["cat", join(folder, "console")], wayOut: WAY_OUT });
    throw new Error(`cannot boot ${this.name}: ${errors}${console}\n  ${WAY_OUT}`);
  }
}

/** What a test needs of a plain host and of a machine alike. */
export type Runner = Pick<Host, "name" | "run" | "attempt">;
