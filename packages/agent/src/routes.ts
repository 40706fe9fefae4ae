/** Asks the kernel whether packets could leave the host at all. */
import { execFile } from "node:child_process";

/** Those to which no route leads; one process for all of them. In doubt one does. `fwmark`: of encrypted packets. */
export function findUnrouted(
  addresses: readonly string[],
  fwmark?: number,
): Promise<ReadonlySet<string>> {
  if (addresses.length === 0) return Promise.resolve(new Set());
  const mark = fwmark === undefined ? "" : ` mark ${fwmark}`;
  return new Promise((resolve) => {
    const words = ["-force", "-batch", "-"];
    const child = execFile("ip", words, (_, __, errors) => {
      // After the kernel's word for each line that it refuses.
      const refused = [...errors.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => line);
      resolve(new Set(refused.flatMap((line) => addresses[Number(line) - 1] ?? [])));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(addresses.map((address) => `route get ${address}${mark}\n`).join(""));
  });
}
