/** The process of `kernel-host.ts` on a host of the lab: it answers as long as somebody asks. */
import { AppError } from "@warren/api";
import { LinuxKernel } from "../packages/agent/src/kernel/linux.ts";
import type { KernelAnswer, KernelCall } from "./kernel-host.ts";

const [, , folder = ""] = process.argv;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const kernel = new LinuxKernel({ folder, nowSeconds });

async function answer({ name, steps }: KernelCall): Promise<KernelAnswer> {
  try {
    return { value: await (steps === undefined ? kernel.read(name) : kernel.run(name, steps)) };
  } catch (error) {
    if (error instanceof AppError) return { refusal: error.message };
    throw error;
  }
}

process.on("message", async (call: KernelCall) => process.send?.(await answer(call)));
process.send?.({});
