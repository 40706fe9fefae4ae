/** What became of a tunnel without us: when to look, and what it was, in words. */
import * as core from "@warren/core";
import type { Phrase, PublicKey, Text } from "@warren/core";
import type { AgentClock } from "./world.ts";

/** What somebody does comes in pieces. */
const GATHER_MS = 200;
/** Two programs that undo each other's work are not to do it as fast as they can. */
const MOST_AT_ONCE = 30;
/** One for what somebody has done, and one for what we have done about it. */
const ANEW = 2;
/** More than these are told by their number. */
const MOST_NAMED = 3;

/** Looks soon after something was heard; not for ever, whatever is heard. */
export class Alarm {
  readonly #after: AgentClock["after"];
  readonly #look: () => void;
  #left = MOST_AT_ONCE;
  #callOff: (() => void) | undefined;

  constructor(after: AgentClock["after"], look: () => void) {
    this.#after = after;
    this.#look = look;
  }

  hear(): void {
    if (this.#left === 0) return;
    this.#callOff ??= this.#after(GATHER_MS, () => {
      this.#callOff = undefined;
      this.#left -= 1;
      this.#look();
    });
  }

  /** With each look that comes by itself. */
  rest(): void {
    this.#left = Math.min(MOST_AT_ONCE, this.#left + ANEW);
  }

  close(): void {
    this.#callOff?.();
  }
}

/** What was found, of what was done about it, as `printStep` has that. */
export function driftOf(done: readonly string[], names: ReadonlyMap<PublicKey, core.Name>): Phrase {
  // All else has gone with it.
  if (done.includes("link +")) return core.say`its interface was gone`;
  // Whom somebody else works against, it was told to do the same once more.
  const all = [...new Set(done)].map((step) => foundOf(step, names));
  const texts = all.slice(0, MOST_NAMED);
  if (all.length <= MOST_NAMED) return core.say`${core.listTexts(texts)}`;
  return core.say`${core.listTexts(texts)}, and ${all.length - MOST_NAMED} more`;
}

function foundOf(step: string, names: ReadonlyMap<PublicKey, core.Name>): Text {
  const [kind = "", sign, what = "", ...rest] = step.split(" ");
  const name = names.get(what as PublicKey) ?? what;
  const object = [what, ...rest].join(" ");
  if (kind === "up") return core.say`its interface was down`;
  if (kind === "mtu") return core.say`its MTU was not ${what}`;
  if (kind === "device") return core.say`its key, port or mark was another`;
  if (kind === "table") return core.say`its firewall rules were others`;
  if (kind === "peer") {
    return sign === "-"
      ? core.say`there was a peer ${name}`
      : core.say`peer ${name} was gone or another`;
  }
  if (kind === "setting" && sign === "+") return core.say`setting ${object} was off`;
  return sign === "-"
    ? core.say`there was ${kind} ${object}`
    : core.say`${kind} ${object} was missing`;
}
