/** Sends pings by the system's program: whoever has one may, and its answers come from where the kernel's way leads. */
import { execFile } from "node:child_process";
import type { Address } from "@warren/core";
import { printAddress } from "@warren/core";

/** Of an ICMP echo by IPv4 (RFC 791 and 792) and by IPv6 (RFC 8200 and 4443): what is no content. */
const HEADS = { 4: 28, 6: 48 } as const;
/** What such a ping has that says nothing of its size, as a rule. */
const USUAL = 56;
/** Sizes that are tried at once. */
const AT_ONCE = 16;
/** A single packet may be lost. */
const TRIES = 3;

/** The round trip of the first answer; undefined where there was none before the time was over. */
export async function pingPatiently(
  address: Address,
  seconds: number,
): Promise<number | undefined> {
  const endsAt = performance.now() + seconds * 1000;
  for (;;) {
    const startedAt = performance.now();
    const roundTripMs = await ping(address);
    if (roundTripMs !== undefined || performance.now() >= endsAt) return roundTripMs;
    // Where there is no way at all it ends at once.
    const restMs = Math.max(0, startedAt + 1000 - performance.now());
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** The largest packet, up to the tunnel's MTU, that is answered whole; undefined where that itself is, or nobody can tell. */
export async function findPassing(address: Address, mtu: number): Promise<number | undefined> {
  const heads = HEADS[address.family];
  const fits = async (size: number): Promise<boolean> =>
    (await ping(address, "-M", "do", "-s", String(size - heads))) !== undefined;
  for (let tried = 0; tried < TRIES; tried += 1) if (await fits(mtu)) return undefined;
  let passes = heads + USUAL;
  // Busybox's cannot forbid that packets are cut.
  if (!(await fits(passes))) return undefined;
  let fails = mtu;
  while (fails - passes > 1) {
    const step = Math.ceil((fails - passes) / AT_ONCE);
    const sizes = Array.from({ length: AT_ONCE }, (_, at) => passes + (at + 1) * step).filter(
      (size) => size < fails,
    );
    const answered = await Promise.all(sizes.map(fits));
    passes = sizes[answered.lastIndexOf(true)] ?? passes;
    fails = Math.min(fails, passes + step);
  }
  return passes;
}

function ping(address: Address, ...options: readonly string[]): Promise<number | undefined> {
  const words = ["-n", "-c", "1", "-W", "1", ...options, printAddress(address)];
  return new Promise((resolve) => {
    execFile("ping", words, { timeout: 5000, killSignal: "SIGKILL" }, (_, output) => {
      const [, ms] = / time[=<]([\d.]+)/.exec(output) ?? [];
      resolve(ms === undefined ? undefined : Number(ms));
    });
  });
}
