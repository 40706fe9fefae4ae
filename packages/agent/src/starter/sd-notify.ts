/**
 * Tells systemd how the agent is. Node has no datagram sockets of Unix, so systemd's own program sends;
 * since systemd 246 it waits until that is read, so that it is known for one of ours.
 */
import { execFile } from "node:child_process";

/** Lines of sd_notify(3): `READY=1`, `STATUS=…`, `STOPPING=1`, `WATCHDOG=1`. */
export type Notify = (...lines: readonly string[]) => Promise<void>;

/** What systemd gave a service, out of its environment. */
export interface NotifyWish {
  /** NOTIFY_SOCKET. */
  readonly socket?: string | undefined;
  /** WATCHDOG_USEC. */
  readonly watchdogUsec?: string | undefined;
  /** PATH. */
  readonly path?: string | undefined;
}

/** A program that is not there, or a systemd that does not listen, is no reason to stop: it is not told. */
export function createNotify({ socket, path }: NotifyWish): Notify {
  if (socket === undefined || socket === "") return async () => undefined;
  const env = { NOTIFY_SOCKET: socket, PATH: path ?? "/usr/bin:/bin" };
  // One after the other, so that systemd hears them in their order.
  let last: Promise<void> = Promise.resolve();
  return (...lines) => {
    // A line break would begin the next line of what is told.
    const words = lines.map((line) => line.replaceAll(/[\r\n]+/g, " "));
    last = last.then(
      () =>
        new Promise((resolve) => {
          execFile("systemd-notify", words, { env, timeout: 5000 }, () => resolve());
        }),
    );
    return last;
  };
}

/** How often `WATCHDOG=1` is to be said: thrice in the time after which systemd would start the agent anew. */
export function watchdogMs({ watchdogUsec }: NotifyWish): number | undefined {
  const usec = Number(watchdogUsec);
  return Number.isFinite(usec) && usec > 0 ? Math.floor(usec / 3000) : undefined;
}
