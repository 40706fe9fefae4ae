/** What the command line starts of the agent, and what tests do. */
export { converge, takeDown } from "./converge.ts";
export type { Convergence, Memory } from "./converge.ts";
export { FakeKernel } from "./kernel/fake.ts";
export type { FakeHost, FakeInterface } from "./kernel/fake.ts";
export type { Kernel, KernelState, PeerState } from "./kernel/kernel.ts";
export { LinuxKernel } from "./kernel/linux.ts";
export { desiredOf } from "./reconcile.ts";
export type { Desired, OwnDevice } from "./reconcile.ts";
