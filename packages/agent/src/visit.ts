/**
 * An agent's visit to its server: what passes on its line tells when it has been told everything, and was
 * heard. Owns the file by which one visit tells the next what has cut it off.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { readAgentMessage, readServerMessage } from "@warren/api";
import { Problem } from "@warren/core";
import type { Name } from "@warren/core";
import { readWhole, writeWhole } from "./atomic-file.ts";
import type { Visit, World } from "./world.ts";

/** What has cut the host off is tried again after that, or after a boot. */
const REFUSED_MS = 600_000;

/**
 * `ended` is called once: it is as it is to be, or was taken back, and the server has answered since; or it
 * waits for approval, or none of so many addresses answers.
 */
export function overhearVisit(
  connect: World["connect"],
  { addresses, ended }: { readonly addresses: number; readonly ended: () => void },
): World["connect"] {
  let failures = 0;
  let hasTold = false;
  let hasEnded = false;
  const end = (isTrue: boolean): void => {
    if (!isTrue || hasEnded) return;
    hasEnded = true;
    ended();
  };
  return (events) => {
    const line = connect({
      opened: () => events.opened(),
      received: (text) => {
        events.received(text);
        const message = readServerMessage(text);
        // Then the agent ends by itself, once the tunnel is down.
        hasEnded ||= !(message instanceof Problem) && message.kind === "revoked";
        end(!(message instanceof Problem) && ["current", "waiting"].includes(message.kind));
      },
      answered: () => {
        events.answered();
        end(hasTold);
      },
      closed: (why, isLasting, isReplaced) => {
        events.closed(why, isLasting, isReplaced);
        failures += 1;
        // What is on trial is judged by whether the server comes back.
        end(isLasting || (!hasTold && failures >= addresses));
      },
    });
    return {
      send: (text) => {
        const message = readAgentMessage(text);
        line.send(text);
        if (message instanceof Problem || message?.kind !== "applied") return;
        hasTold = true;
        line.ask();
      },
      ask: () => line.ask(),
      close: () => line.close(),
    };
  };
}

/** What one visit leaves for the next. */
export function openVisit(runFolder: string, network: Name, nowMs: number): Visit {
  const file = join(runFolder, `${network}.cut`);
  const writtenMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isRecent = Math.abs(nowMs - writtenMs) < REFUSED_MS;
  return {
    cutOffBy: isRecent ? readWhole(file) : undefined,
    noteCutOff: (hash) => writeWhole(file, hash, { mode: 0o644, isLasting: false }),
  };
}
