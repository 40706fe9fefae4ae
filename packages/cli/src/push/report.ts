/** What was done to hosts, or would be, in words: for people a line or a list a host, for scripts JSON. */
import { joinTexts, listTexts, say } from "@warren/core";
import type { Name, Phrase, PublicKey, Text } from "@warren/core";
import { padTo, widthOf } from "../terminal/width.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { countOf } from "../terminal/words.ts";
import type { HostRun, Step } from "./host-run.ts";
import { printTarget } from "../remote/ssh.ts";

export interface ReportOptions {
  /** Whether nothing was done: then each step is told. */
  readonly isPlan: boolean;
  /** Whose keys peers have. */
  readonly names: ReadonlyMap<PublicKey, Name>;
}

/** One line a host; below it what would be done, or why it failed. */
export function printRun(
  terminal: Terminal,
  run: HostRun,
  { isPlan, names }: ReportOptions,
  width: number,
): void {
  const { node, steps, troubles } = run;
  const head = padTo(width, node.name);
  for (const { step, code, cause, fix, isForcible } of troubles) {
    const what = terminal.paint("red", say`error`);
    const out = isForcible === true ? say`${fix}; or go on in spite of it: --anyway` : fix;
    terminal.say(say`${head}  ${what} ${code} (${step}): ${cause}\n${" ".repeat(width)}  ${out}`);
  }
  if (troubles.length > 0) return;
  if (steps.length === 0) return terminal.print(say`${head}  as it is to be`);
  const changes = countOf(steps.length, "change");
  terminal.print(
    isPlan ? say`${head}  ${changes} to come` : say`${head}  ${changes}: ${brief(steps)}`,
  );
  if (!isPlan) return;
  const known = new Map([...run.formerNames, ...names]);
  for (const step of steps) terminal.print(say`${" ".repeat(width)}  ${describe(step, known)}`);
}

export function columnOf(runs: readonly HostRun[]): number {
  return Math.max(...runs.map(({ node }) => widthOf(node.name)));
}

/** For scripts. */
export function jsonOf(run: HostRun, terminal: Terminal): Readonly<Record<string, unknown>> {
  const { node, remote, steps, troubles } = run;
  const errors = troubles.map(({ step, code, cause, fix }) => {
    return { step, code, message: terminal.read(cause), fix: terminal.read(fix) };
  });
  return { node: node.name, target: printTarget(remote.target), changes: steps, errors };
}

/** The kinds of what was done, each once. */
function brief(steps: readonly Step[]): Text {
  const words = new Set(steps.map((step) => step.replace(/ .*/, "")));
  return listTexts([...words].flatMap((word) => KINDS[word]?.() ?? []));
}

const KINDS: Readonly<Record<string, () => Phrase>> = {
  start: () => say`started`,
  restart: () => say`restarted`,
  stop: () => say`stopped`,
  file: () => say`files`,
  boot: () => say`start at boot`,
  peer: () => say`peers`,
  address: () => say`addresses`,
  route: () => say`routes`,
  mtu: () => say`MTU`,
  forward: () => say`forwarding`,
  key: () => say`its key`,
  port: () => say`port`,
  mark: () => say`mark`,
  rules: () => say`rules`,
};

function describe(step: Step, names: ReadonlyMap<string, Name>): Text {
  const [word = "", first = "", second = "", ...rest] = step.split(" ");
  const name = names.get(first) ?? first;
  const more = [second, ...rest].filter((each) => each !== "").join(" ");
  switch (word) {
    case "start":
      return say`start the tunnel`;
    case "restart":
      return say`restart the tunnel: some of it cannot be changed while it runs`;
    case "stop":
      return say`stop the tunnel`;
    case "boot":
      return first === "+" ? say`have it start at boot` : say`have it start at boot no more`;
    case "peer":
      if (second === "+") return say`add peer ${name}`;
      if (second === "-") return say`remove peer ${name}`;
      return say`change peer ${name}: ${listTexts(rest)}`;
    case "install":
      return say`install ${first}`;
    case "new-key":
      return say`make a new private key, which all others are told`;
    case "key":
      return say`put its own new private key in`;
    case "port":
      return say`listen on port ${first}`;
    case "mark":
      return say`mark encrypted packets with ${first}`;
    case "mtu":
      return say`MTU ${more}`;
    case "forward":
      return first === "+" ? say`forward IPv${second}` : say`forward IPv${second} no more`;
    case "rules":
      return first === "+" ? say`load rules (${second})` : say`remove rules (${second})`;
    case "file":
      return first === "+" ? say`write ${placeOf(more)}` : say`remove ${placeOf(more)}`;
    default:
      return joinTexts([first === "+" ? say`add ${word}` : say`remove ${word}`, more], " ");
  }
}

function placeOf(name: string): string {
  return name.replace(/^wireguard/, "/etc/wireguard").replace(/^systemd/, "/etc/systemd/system");
}
