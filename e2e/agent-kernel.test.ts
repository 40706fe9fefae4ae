/** The agent's kernel on hosts of the lab, with real WireGuard. */
import { join } from "node:path";
import { describe } from "vitest";
import { kernelContract } from "../packages/agent/src/kernel/kernel.contract.ts";
import { KernelHost } from "./kernel-host.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();

describe("LinuxKernel", () => {
  kernelContract(async () => {
    const kernel = await KernelHost.create(fixture, "a");
    const other = async () => {
      await kernel.stop();
      return await KernelHost.start(kernel.host, join(fixture.folder.path, "a"));
    };
    return { kernel, other };
  });
});
