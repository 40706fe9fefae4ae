/** The machine's own cryptography, for whoever has one: the command line, the server, the agent. */
export { digest, hashSecret, makeSecret } from "./digest.ts";
export { hashPassword, isPassword } from "./password.ts";
export { findServer, pinnedConnection, pinOf, readPin } from "./pinned.ts";
export { pinnedFetch } from "./pinned-fetch.ts";
export type { PinnedAnswer } from "./pinned-fetch.ts";
export {
  createPresharedKeys,
  fingerprintOf,
  makeNetworkSecret,
  makePresharedKey,
  makePrivateKey,
  placeholderKey,
  publicKeyOf,
} from "./secrets.ts";
