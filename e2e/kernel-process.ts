/** The process of `kernel-host.ts` on a host of the lab: it answers as long as somebody asks. */
import { AppError } from "@warren/api";
import { LinuxKernel } from "@warren/agent";
import type { Kernel } from "@warren/agent";
import type { KernelAnswer, KernelCall } from "./kernel-host.ts";

export function main(folder: string, path: string): void {
  const kernel = new LinuxKernel({ folder, path, nowSeconds });
  process.on("message", (call: KernelCall) => {
    void answer(kernel, call).then((value) => process.send?.(value));
  });
  process.send?.({});
}

async function answer(kernel: Kernel, { name, steps }: KernelCall): Promise<KernelAnswer> {
  try {
    return { value: await (steps === undefined ? kernel.read(name) : kernel.run(name, steps)) };
  } catch (error) {
    if (error instanceof AppError) return { refusal: error.message };
    throw error;
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
