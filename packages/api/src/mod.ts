/** The public list of what travels between server, agents and people's programs. */
export { AppError, USAGE } from "./app-error.ts";
export type { ErrorCode } from "./app-error.ts";
export { describeSystem, refusalOf, systemCode } from "./system-error.ts";
export { parseJoinToken, printJoinToken } from "./join-token.ts";
export type { JoinToken } from "./join-token.ts";
export { NODE_CREDENTIAL_PREFIX, parseNodeCredential } from "./node-credential.ts";
export { parsePin } from "./pin.ts";
export type { Pin } from "./pin.ts";
export {
  parseServerAddress,
  printHostPort,
  printServerAddress,
  SERVER_PORT,
} from "./server-address.ts";
export type { ServerAddress } from "./server-address.ts";
export { entriesOf, hostEntries, peerEntries } from "./entries.ts";
export type { Entries, Entry, PresharedKeys } from "./entries.ts";
export { bundleAfter, bundleOf } from "./bundle.ts";
export type { Bundle } from "./bundle.ts";
export { applyDelta, deltaBetween, hashAfter, hashOf, isEmpty, replacedBy } from "./delta.ts";
export type { Delta, Digest } from "./delta.ts";
export { deltaOf, ENDED, printDelta, printMessage } from "./messages.ts";
export { readAgentMessage, readServerMessage } from "./messages.ts";
export type { AgentMessage, LineEnd, PeerReport, ServerMessage } from "./messages.ts";
export { diagnose } from "./diagnosis/diagnose.ts";
export type { Finding } from "./diagnosis/diagnose.ts";
export { isAlive } from "./diagnosis/pair.ts";
export type { Pair, Side } from "./diagnosis/pair.ts";
export { EXAMINED_SECONDS, EXAMINING_MS, MOST_EXAMINED } from "./examination.ts";
export type { EndFacts, Examination, ExaminedNode, PeerFacts } from "./examination.ts";
export { spreadMs } from "./spread.ts";
export { NO_FIELDS, routes } from "./routes.ts";
export type { AnswerOf, BodyOf, Need, QueryOf, Route, Routes } from "./routes.ts";
export { refusal, ROLES } from "./views.ts";
export type { NetworkView, NodeView, RevisionView } from "./views.ts";
export type { Role, TokenView } from "./views.ts";
export { openApi } from "./openapi.ts";
export { API, createClient } from "./client.ts";
export type { Client, Send } from "./client.ts";
export type { NetworkNews, NodeLine } from "./watched.ts";
