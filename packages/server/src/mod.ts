/** What the command line starts of the server, and what tests do. */
export { MASTER_KEY_VARIABLE } from "./store/master-key.ts";
export { createMemoryStore } from "./store/memory.ts";
export { backupStore, restoreStore } from "./store/backup.ts";
export type { Store, Stored } from "./store/store.ts";
export { readCertificate } from "./certificate.ts";
export { findServer, LOCAL_FILE, STORE_FILE } from "./folder.ts";
export { collectAtRest } from "./rest.ts";
export { serve } from "./serve.ts";
export type { ServeOptions, Serving } from "./serve.ts";
export { Sessions } from "./auth/sessions.ts";
export { Door } from "./door.ts";
export { Ledger } from "./ledger.ts";
export { Streams } from "./streams.ts";
export type { State } from "./state.ts";
export { applyDocument, createNetwork, setNetwork } from "./commands/networks.ts";
export { approveNode, joinNode, removeNode, setNode } from "./commands/nodes.ts";
export { createToken } from "./commands/tokens.ts";
