/** What starts a service at boot, and again when it ends: an agent from `join` to `leave`, the server. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { AppError, refusalOf } from "@warren/api";
import { parseName, Problem, say } from "@warren/core";
import type { Name, Phrase } from "@warren/core";
import { writeWhole } from "../atomic-file.ts";
import { renderInitScript } from "./openrc.ts";
import type { BootCommand } from "./boot-command.ts";
import { renderUnit } from "./systemd.ts";

/** What starts services on a host. */
export type Init = "systemd" | "openrc" | "none";

/** The one that has started this host, not one that is only installed. */
export function findInit(): Init {
  if (existsSync("/run/systemd/system")) return "systemd";
  return existsSync("/run/openrc/softlevel") ? "openrc" : "none";
}

/** Writes the service, starts it, and again at each boot. The sentence says what is left to people, if anything. */
export async function installStarter(
  init: Init,
  service: BootCommand,
): Promise<Phrase | undefined> {
  if (init === "none") {
    const line = service.words.join(" ");
    return say`no systemd or OpenRC runs here: have this started at boot, as root: ${line}`;
  }
  const { file, mode, text, start } = starterOf(init, service);
  writeWhole(file, text, { mode, isLasting: true });
  for (const words of start) await run(words);
  return undefined;
}

/**
 * Stops it, and removes what started it; an agent's tunnel is left as it is. Without a network the server.
 * Whether there was anything.
 */
export async function removeStarter(init: Init, network?: Name): Promise<boolean> {
  if (init === "none") return false;
  const { file, stop, after } = starterOf(init, { network, words: [] });
  if (!existsSync(file)) return false;
  for (const words of stop) await run(words);
  remove(file);
  for (const words of after) await run(words);
  return true;
}

/**
 * From within what it started, which must not be stopped half way: nothing starts it again. Without systemctl,
 * which would want more than the unit may, where there is no polkit.
 */
export function forgetStarter(init: Init, network: Name): void {
  if (init === "none") return;
  const { file, link } = starterOf(init, { network, words: [] });
  remove(link);
  remove(file);
  // It knows no exit status after which it would not start another.
  const parent = init === "openrc" ? readFileSync(`/proc/${process.ppid}/comm`, "utf8") : "";
  if (parent.startsWith("supervise-daemo")) process.kill(process.ppid, "SIGTERM");
}

/** Whether the text is the name of a network whose agent is started here. */
export function hasStarter(init: Init, text = ""): text is Name {
  const network = parseName(text);
  if (init === "none" || network instanceof Problem) return false;
  return existsSync(starterOf(init, { network, words: [] }).file);
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (cause) {
    throw refusalOf("cannot-write", file, cause);
  }
}

interface Starter {
  readonly file: string;
  /** By which it is started at boot. */
  readonly link: string;
  readonly mode: number;
  readonly text: string;
  readonly start: readonly (readonly string[])[];
  readonly stop: readonly (readonly string[])[];
  /** Once the file is gone. */
  readonly after: readonly (readonly string[])[];
}

function starterOf(init: Exclude<Init, "none">, service: BootCommand): Starter {
  const { network } = service;
  switch (init) {
    case "systemd": {
      const unit = `${network === undefined ? "warren-server" : `warren@${network}`}.service`;
      const reload = ["systemctl", "daemon-reload"];
      const start = [
        reload,
        ["systemctl", "--quiet", "enable", unit],
        ["systemctl", "restart", unit],
      ];
      return {
        file: `/etc/systemd/system/${unit}`,
        link: `/etc/systemd/system/multi-user.target.wants/${unit}`,
        mode: 0o644,
        text: renderUnit(service),
        start,
        stop: [["systemctl", "--quiet", "disable", "--now", unit]],
        after: [reload],
      };
    }
    case "openrc": {
      const script = network === undefined ? "warren-server" : `warren.${network}`;
      const start = [
        ["rc-update", "--quiet", "add", script, "default"],
        ["rc-service", script, "restart"],
      ];
      return {
        file: `/etc/init.d/${script}`,
        link: `/etc/runlevels/default/${script}`,
        mode: 0o755,
        text: renderInitScript(service),
        start,
        stop: [
          ["rc-service", "--ifstarted", script, "stop"],
          ["rc-update", "--quiet", "delete", script, "default"],
        ],
        after: [],
      };
    }
  }
}

function run(words: readonly string[]): Promise<void> {
  const [program = "", ...list] = words;
  return new Promise((resolve, reject) => {
    execFile(program, list, (cause, _, errors) => {
      if (cause === null) return resolve();
      const said = errors.trim() === "" ? cause.message : errors.trim();
      const text = say`"${words.join(" ")}" has failed: ${said}`;
      const fix = say`mend what it names, and run it again; the journal or the system's log says more`;
      reject(new AppError("kernel", text, { fix, cause }));
    });
  });
}
