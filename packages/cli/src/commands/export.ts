/** warren export: the mesh in the forms of other tools. What they cannot express is named. */
import { existsSync } from "node:fs";
import * as core from "@warren/core";
import { AppError } from "@warren/api";
import { createSecrets } from "../keys/key-ring.ts";
import { writeNamed } from "../files/staging.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandOn } from "../terminal/words.ts";
import { loadPlan } from "./plan.ts";
import { render } from "./render.ts";

export interface MeshconfOptions {
  readonly file: string;
  /** A file to write, instead of standard output. */
  readonly output?: string;
}

/** Writes nothing but the file that is asked for. */
export function exportMeshconf(terminal: Terminal, { file, output }: MeshconfOptions): number {
  if (output !== undefined && existsSync(output)) {
    const fix = core.say`choose another name, or remove it first`;
    throw new AppError("cannot-write", core.say`there is such a file`, { fix, file: output });
  }
  const wish = { file, isWordy: true };
  const plan = loadPlan(terminal, wish, { keys: "private", judge: core.checkMeshconf });
  if (plan === undefined) return 2;
  if (plan.keys.missing.size > 0) {
    // Not push: keys that hosts make never come here, and the file has to hold them.
    const fix = core.say`make the first ones: ${commandOn(file, "render")}`;
    throw new AppError("cannot-read", core.say`some nodes have no key yet`, { fix });
  }
  const text = core.renderMeshconf(plan.index, createSecrets(plan.keys));
  if (output === undefined) terminal.print(text.trimEnd());
  else {
    writeNamed(output, text, "owner");
    terminal.say(core.say`${output}: written; it holds the private keys of all nodes`);
  }
  return 0;
}

/** The same files as render's, of another format. */
export function exportNetworkd(
  terminal: Terminal,
  { file, output }: { readonly file: string; readonly output: string },
): number {
  const options = { file, output, format: "networkd", json: false, strict: false } as const;
  const status = render(terminal, { ...options, judge: core.checkNetworkd });
  if (status !== 0) return status;
  const [service, files] = ["/etc/systemd/system", "/etc/systemd/network"];
  const rights = "chown root:systemd-network, chmod 0640";
  terminal.say(
    core.say`on each host: its .service, if there is one, into ${service}, all else into ${files}`,
  );
  terminal.say(core.say`networkd reads them as its own user: ${rights}`);
  return 0;
}
