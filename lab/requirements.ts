/** Finds out what this machine lacks for the lab, and how to get it; changes nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { delimiter, join } from "node:path";
import type { Environment } from "./world.ts";

/** A command, and the Debian package that has it. */
const COMMANDS = [
  ["bash", "bash"],
  ["ip", "iproute2"],
  ["mount", "mount"],
  ["nft", "nftables"],
  ["nsenter", "util-linux"],
  ["ping", "iputils-ping"],
  ["sysctl", "procps"],
  ["unshare", "util-linux"],
  ["wg", "wireguard-tools"],
] as const;

const USERSPACE = ["wireguard-go", "wireguard-go"] as const;

/** One sentence for each thing that is missing, with the way out; none when the lab can be built. */
export async function findMissing(environment: Environment): Promise<readonly string[]> {
  if (process.platform !== "linux") return ["Linux: a virtual machine will do"];
  const kernel = hasKernelModule();
  const commands = (kernel ? COMMANDS : [...COMMANDS, USERSPACE]).filter(
    ([command]) => !isCommand(command, environment),
  );
  const missing: string[] = [];
  if (commands.length > 0) missing.push(printMissing(commands));
  if (!kernel && !existsSync("/dev/net/tun")) {
    missing.push(
      "neither a WireGuard module nor /dev/net/tun: load one (modprobe wireguard, modprobe tun; in a container: docker run --privileged --device /dev/net/tun)",
    );
  }
  if (process.getuid?.() !== 0) missing.push("the rights of root: sudo npm start");
  else if (commands.length === 0) missing.push(...(await findDenied(environment)));
  return missing;
}

function hasKernelModule(): boolean {
  if (existsSync("/sys/module/wireguard")) return true;
  // Not loaded: the kernel loads it when the first interface is made, if it is among the installed ones.
  const lists = ["modules.dep", "modules.builtin"].map((list) =>
    join("/lib/modules", release(), list),
  );
  return lists.some(
    (list) => existsSync(list) && readFileSync(list, "utf8").includes("/wireguard.ko"),
  );
}

function isCommand(command: string, environment: Environment): boolean {
  const folders = (environment["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => isExecutable(join(folder, command)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function printMissing(commands: readonly (readonly [string, string])[]): string {
  const names = commands.map(([command]) => command).join(", ");
  const packages = [...new Set(commands.map(([, name]) => name))].join(" ");
  return `${names}: apt-get install --no-install-recommends ${packages}`;
}

/** Root in a container may be less than root. */
async function findDenied(environment: Environment): Promise<readonly string[]> {
  const words = ["--net", "--mount", "--pid", "--fork", "true"];
  // Detached: a signal for us, which a terminal sends to the whole group, must not look like a refusal.
  const trial = spawn("unshare", words, { detached: true, env: environment, stdio: "ignore" });
  const [status] = await once(trial, "close");
  return status === 0 ? [] : ["the right to make namespaces: docker run --privileged"];
}
