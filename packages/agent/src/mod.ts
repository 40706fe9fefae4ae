/** What the command line starts of the agent, and what tests do. */
export { firstDelayMs, retryDelayMs } from "./backoff.ts";
export type { Credential } from "./credential.ts";
export { addressOf, followedOf, NO_ENDPOINTS, stepEndpoints } from "./endpoints.ts";
export type { EndpointState, EndpointStep, Followed, PeerCounters } from "./endpoints.ts";
export { listNetworks, NetworkFiles } from "./files.ts";
export type { DeviceReading, StoredDevice } from "./files.ts";
export type { NetworkLock } from "./network-lock.ts";
export { resolveNames } from "./resolve.ts";
export { findUnrouted } from "./routes.ts";
export { createNotify, watchdogMs } from "./starter/sd-notify.ts";
export type { Notify } from "./starter/sd-notify.ts";
export { findInit, installStarter, removeStarter } from "./starter/starter.ts";
export type { AgentCommand } from "./starter/agent-command.ts";
export type { Init } from "./starter/starter.ts";
export { readStatuses, removeStatus, writeStatus } from "./status.ts";
export type { AgentStatus } from "./status.ts";
export { NameFollower } from "./name-follower.ts";
export type { FollowerWorld } from "./name-follower.ts";
