/** What the command line starts of the agent, and what tests do. */
export type { Credential } from "./credential.ts";
export { listNetworks, NetworkFiles } from "./files.ts";
export type { StoredDevice } from "./files.ts";
export { createLines } from "./line.ts";
export { PendingJoin } from "./pending-join.ts";
export type { Identity } from "./pending-join.ts";
export { findUnrouted } from "./routes.ts";
export { createNotify, watchdogMs } from "./starter/sd-notify.ts";
export { findInit, hasStarter, installStarter, removeStarter } from "./starter/starter.ts";
export { readStatuses, removeStatus } from "./status.ts";
export { admissionId, policyRuleId } from "./kernel/kernel.ts";
export type { ForeignLink, Kernel, KernelState, Link, PeerChange } from "./kernel/kernel.ts";
export type { PeerState, PolicyRule, Setting, Step } from "./kernel/kernel.ts";
export { LinuxKernel } from "./kernel/linux.ts";
export {
  createClock,
  openExamination,
  readStandings,
  runHostAgent,
  takeHostDown,
} from "./host-agent.ts";
export { Agent } from "./agent.ts";
export { overhearVisit } from "./visit.ts";
export type { World as AgentWorld } from "./world.ts";
export { NOT_JOINED } from "./starter/systemd.ts";
