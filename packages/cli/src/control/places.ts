/** Where agents and servers keep what they have, and what of the environment the commands about them need. */
import { join } from "node:path";

/** Of the process, as main.ts reads it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Of agents: what lasts, and what a reboot takes away. */
export const AGENT_BASE = "/var/lib/warren";
export const AGENT_RUN = "/run/warren";
/** Of the server. */
export const SERVER_FOLDER = "/var/lib/warren-server";
/** What services are given when nobody says anything. */
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function pathIn(environment: Environment): string {
  return environment["PATH"] ?? USUAL_PATH;
}

/** Where `warren login` writes to which server it goes; of the user alone. */
export function loginFile(environment: Environment): string {
  const config = environment["XDG_CONFIG_HOME"] ?? join(environment["HOME"] ?? "/root", ".config");
  return join(config, "warren", "login.json");
}
