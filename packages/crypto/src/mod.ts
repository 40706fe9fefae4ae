/** The machine's own cryptography, for whoever has one: the command line, the server, the agent. */
export { digest, hashSecret, makeSecret } from "./digest.ts";
export {
  createPresharedKeys,
  fingerprintOf,
  makeNetworkSecret,
  makePresharedKey,
  makePrivateKey,
  placeholderKey,
  publicKeyOf,
} from "./secrets.ts";
