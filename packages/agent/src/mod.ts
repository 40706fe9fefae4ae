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
export { createNotify, watchdogMs } from "./service/sd-notify.ts";
export type { Notify } from "./service/sd-notify.ts";
export { findInit, installService, removeService } from "./service/service.ts";
export type { AgentCommand, Init } from "./service/service.ts";
