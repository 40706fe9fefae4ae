/** An agent's visit to its server: what passes on its line tells when it has been told everything, and has told of it. */
import { readAgentMessage, readServerMessage } from "@warren/api";
import { Problem } from "@warren/core";
import type { World } from "./world.ts";

/** `ended` is called once: it is as it is to be or waits for approval, or none of so many addresses answers. */
export function overhearVisit(
  connect: World["connect"],
  { addresses, ended }: { readonly addresses: number; readonly ended: () => void },
): World["connect"] {
  let failures = 0;
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
        end(!(message instanceof Problem) && ["current", "waiting"].includes(message.kind));
      },
      answered: () => events.answered(),
      closed: (why, isLasting, isReplaced) => {
        events.closed(why, isLasting, isReplaced);
        failures += 1;
        end(isLasting || failures >= addresses);
      },
    });
    return {
      send: (text) => {
        const message = readAgentMessage(text);
        const kind = message instanceof Problem ? undefined : message?.kind;
        const isHello = kind === "hello";
        line.send(isHello ? JSON.stringify({ ...JSON.parse(text), isVisit: true }) : text);
        end(kind === "applied");
      },
      ask: () => line.ask(),
      close: () => line.close(),
    };
  };
}
