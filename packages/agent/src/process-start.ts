/** Whether a process that was noted still runs: its number may be another's by now. */
import { readFileSync } from "node:fs";
import { systemCode } from "@warren/api";

/** Of field 22 of proc_pid_stat(5), among those after the name, which may hold anything. */
const START = 19;

/** When this process began, in ticks since the boot; nothing where /proc counts processes otherwise, as the host's in a container. */
export function ownStart(): string | undefined {
  const stat = readStat("self");
  return stat?.startsWith(`${process.pid} (`) === true ? startIn(stat) : undefined;
}

/** By its number as this process counts, and by its start where that was noted. */
export function isRunning(pid: number, start?: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (systemCode(cause) !== "EPERM") return false;
  }
  const stat = start === undefined ? undefined : readStat(String(pid));
  // Who may not look has to believe it.
  return stat === undefined || startIn(stat) === start;
}

function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}

function startIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START];
}
