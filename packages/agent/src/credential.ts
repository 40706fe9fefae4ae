/** What an agent needs to reach its server, as `join` got it. */
import { parseNodeCredential, parsePin } from "@warren/api";
import * as core from "@warren/core";
import { shapes } from "@warren/core";
import { formatShape } from "./json-file.ts";

const { fields, flag, list, optional, required, text } = shapes;

export const CREDENTIAL_FORMAT = 1;

export const credentialShape = fields({
  format: required(formatShape(CREDENTIAL_FORMAT), "Of this file."),
  network: required(text(core.parseName), "Its network."),
  node: required(text(core.parseName), "The host's name in it."),
  interface: required(text(core.parseInterfaceName), "Of the tunnel."),
  servers: required(list(text(parseServer)), "Where the server answers, each a host with a port."),
  pin: optional(text(parsePin), "SHA-256 of the public key of the server's certificate."),
  credential: required(text(parseNodeCredential), "By which the server knows the host."),
  isRevoked: optional(flag(), "The server has taken the host out: what is left of it goes."),
});

export type Credential = Omit<shapes.Read<typeof credentialShape>, "format">;

function parseServer(written: string): string | core.Problem {
  const endpoint = core.parseEndpoint(written);
  if (endpoint instanceof core.Problem) return endpoint;
  if (endpoint.port !== undefined) return core.printEndpoint(endpoint);
  const message = core.say`server ${core.quote(written)} has no port`;
  return new core.Problem(message, core.say`write it as host:port`);
}
