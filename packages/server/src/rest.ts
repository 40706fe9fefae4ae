/**
 * Gives back at rest what a storm has taken. V8 collects when it needs more, and at rest it does not: after a
 * thousand joins it would keep 300 MB of garbage, with the connections that hang on it, for days.
 */
import { Session } from "node:inspector/promises";

const LOOK_MS = 10_000;
/** Of a core. To collect holds everything up for a tenth of a second. */
const REST_SHARE = 0.05;
const WORTH_BYTES = 32_000_000;

/** Until the process ends. */
export function collectAtRest(): void {
  let leanBytes = process.memoryUsage.rss();
  let used = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    const isAtRest = (user + system) / 1000 < LOOK_MS * REST_SHARE;
    if (!isAtRest || process.memoryUsage.rss() < leanBytes + WORTH_BYTES) return;
    void collect().then(() => {
      leanBytes = process.memoryUsage.rss();
    });
  }, LOOK_MS).unref();
}

async function collect(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post("HeapProfiler.collectGarbage");
  } finally {
    session.disconnect();
  }
}
