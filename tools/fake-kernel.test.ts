/** The fake one, by the suite of all. */
import { describe } from "vitest";
import { publicKeyOf } from "@warren/crypto";
import { FakeKernel } from "./fake-kernel.ts";
import { kernelContract } from "../packages/agent/src/kernel/kernel.contract.ts";

describe("FakeKernel", () => {
  kernelContract(async () => {
    const kernel = new FakeKernel(publicKeyOf);
    return { kernel, restart: async () => kernel };
  });
});
