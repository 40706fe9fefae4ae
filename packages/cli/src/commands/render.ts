/** warren render: writes a folder a node, ready for /etc/wireguard, with the lock and the keys. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { compile, HEADER, Printed, printLock, renderFiles } from "@warren/core";
import type { Format } from "@warren/core";
import { exclusively } from "../exclusive.ts";
import { hasErrors, printFindings } from "../findings.ts";
import { createSecrets } from "../key-ring.ts";
import { staged, targetOf } from "../staging.ts";
import type { Staging, Written } from "../staging.ts";
import type { Terminal } from "../terminal.ts";
import { countOf } from "../words.ts";
import { loadWorkspace, placesOf } from "../workspace.ts";
import type { Plan, Places } from "../workspace.ts";

export interface RenderOptions {
  readonly file: string;
  readonly output: string;
  readonly format: Format;
  readonly json: boolean;
  readonly strict: boolean;
}

/** Secrets are in the files: nobody but their owner may read them. */
const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

export function render(terminal: Terminal, options: RenderOptions): number {
  const { keysFolder } = placesOf(options.file);
  return exclusively(join(keysFolder, ".writing"), () => {
    const loading = { keys: "make", isStrict: options.strict } as const;
    const { findings, plan, places } = loadWorkspace(options.file, loading);
    printFindings(terminal, findings, options);
    if (hasErrors(findings) || plan === undefined) return 2;
    const written = staged((staging) => writePlan(terminal, plan, places, { options, staging }));
    if (!options.json) terminal.print(summary(options.output, written));
    return 0;
  });
}

interface RenderJob {
  readonly options: RenderOptions;
  readonly staging: Staging;
}

/** Keys first, then the lock that names them, then what was made of both: a crash between is mended by the next run. */
function writePlan(
  terminal: Terminal,
  plan: Plan,
  places: Places,
  { options, staging }: RenderJob,
): void {
  const { keysFolder, lockFile } = places;
  staging.put(join(keysFolder, ".gitignore"), "*\n", PUBLIC_MODE);
  for (const { name, text } of plan.keys.fresh) {
    staging.put(join(keysFolder, name), text, SECRET_MODE);
  }
  staging.put(lockFile, printLock(plan.lock), PUBLIC_MODE);
  const secrets = createSecrets(plan.keys);
  const printed = new Printed();
  const kept = new Set<string>();
  let done = 0;
  for (const device of compile(plan.index)) {
    for (const { name, text } of renderFiles(device, secrets, printed, options.format)) {
      const file = join(options.output, device.name, name);
      staging.put(file, text, SECRET_MODE);
      kept.add(file);
    }
    done += 1;
    terminal.progress(`rendering ${done} of ${plan.proof.nodes}`);
  }
  staging.put(join(options.output, ".gitignore"), "*\n", PUBLIC_MODE);
  for (const file of strayFiles(options.output, kept)) staging.remove(file);
}

/** Files of ours that this mesh no longer has, and leftovers of killed runs; never anybody else's. */
function strayFiles(output: string, kept: ReadonlySet<string>): readonly string[] {
  if (!existsSync(output)) return [];
  const folders = readdirSync(output, { withFileTypes: true }).filter((each) => each.isDirectory());
  return folders
    .flatMap(({ name }) => readdirSync(join(output, name)).map((file) => join(output, name, file)))
    .filter((file) => !kept.has(file) && !kept.has(targetOf(file) ?? ""))
    .filter((file) => targetOf(file) !== undefined || isOurs(file));
}

function isOurs(file: string): boolean {
  if (!/\.(conf|nft)$/.test(file) || !statSync(file).isFile()) return false;
  const head = Buffer.alloc(HEADER.length);
  const descriptor = openSync(file, "r");
  try {
    return readSync(descriptor, head) === head.length && head.toString("latin1") === HEADER;
  } finally {
    closeSync(descriptor);
  }
}

function summary(output: string, { changed, unchanged, removed }: Written): string {
  const counts = [
    `${countOf(changed.length, "file")} written`,
    `${unchanged} unchanged`,
    ...(removed.length === 0 ? [] : [`${removed.length} removed`]),
  ];
  return `${output}: ${counts.join(", ")}`;
}
