/**
 * A control group for each machine of a test: two service managers in one group would end each other's
 * services. The kernel does not remove groups with the processes; whoever comes next removes those of
 * runs that were killed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const PREFIX = "warren-e2e-";

/** Where this machine has the unified hierarchy, alone or beside the older ones; undefined when nowhere. */
export function findHierarchy(): string | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const found = mounts.map((line) => line.split(" ")).find(([, , type]) => type === "cgroup2");
  return found?.[1];
}

/** Makes the group of one boot of a machine; answers its folder. */
export function createGroup(name: string): string {
  const hierarchy = findHierarchy();
  if (hierarchy === undefined) throw new Error("there are no control groups of version 2");
  const group = join(hierarchy, `${PREFIX}${process.pid}-${name}`);
  mkdirSync(group);
  return group;
}

/** Removes the groups of this process and of those that are gone, where nobody is in them any more. */
export function removeAllGroups(): void {
  const hierarchy = findHierarchy();
  if (hierarchy === undefined) return;
  for (const name of readdirSync(hierarchy)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    const isOver = owner === String(process.pid) || !existsSync(`/proc/${owner}`);
    const group = join(hierarchy, name);
    if (owner !== undefined && isOver) removeEmpty(group);
  }
}

function removeEmpty(group: string): void {
  try {
    if (isEmpty(group)) removeGroup(group);
  } catch (error) {
    // Otherwise another run has done so meanwhile.
    if (existsSync(group)) throw error;
  }
}

function isEmpty(group: string): boolean {
  return readFileSync(join(group, "cgroup.events"), "utf8").includes("populated 0");
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  }
  rmdirSync(group);
}
