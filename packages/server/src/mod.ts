/** What the command line starts of the server, and what tests do. */
export { MASTER_KEY_VARIABLE, readMasterKey } from "./store/master-key.ts";
export type { MasterKeyPlace } from "./store/master-key.ts";
export { createMemoryStore } from "./store/memory.ts";
export { backupStore, restoreStore } from "./store/backup.ts";
export { createSeal } from "./store/seal.ts";
export type { Seal } from "./store/seal.ts";
export { openSqliteStore } from "./store/sqlite.ts";
export type { Changes, Commit, Deed, Page, Revision, Store, Stored } from "./store/store.ts";
export { checkExpiry, keepCertificate, readCertificate } from "./certificate.ts";
export type { ServerCertificate } from "./certificate.ts";
export { LOCAL_FILE, serve } from "./serve.ts";
export type { ServeOptions, Serving } from "./serve.ts";
export { Ledger } from "./ledger.ts";
export { Streams } from "./streams.ts";
export type { State } from "./state.ts";
export { createNetwork, setNetwork } from "./commands/networks.ts";
export { approveNode, joinNode, removeNode, setNode } from "./commands/nodes.ts";
