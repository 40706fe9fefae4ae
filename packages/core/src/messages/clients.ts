/** What can be wrong with clients: the nodes they enter through, and what they may reach. */
import { say } from "../phrase.ts";
import { error, warning } from "../diagnostics.ts";
import type { Diagnostic } from "../diagnostics.ts";
import { label } from "../wording.ts";
import type { Path } from "../wording.ts";

export function noVia(path: Path): Diagnostic {
  const fix = say`name the node that it enters through, or several`;
  return error("no-via", path, say`${label(path)}: the client has no way into the mesh`, fix);
}

export function viaTwice(path: Path, via: string): Diagnostic {
  const message = say`${label(path)}: "${via}" stands there already`;
  return error("via-twice", path, message, say`name each node once`);
}

export function viaNotDialled(path: Path, via: string): Diagnostic {
  const message = say`${label(path)}: "${via}" has no endpoint, and a client can only dial`;
  return error(
    "via-not-dialled",
    path,
    message,
    say`give nodes.${via} an endpoint, or name another`,
  );
}

export function addressForSeveral(path: Path): Diagnostic {
  const message = say`${label(path)}: one address cannot be that of several ways in`;
  const fix = say`leave it out, and each is given one for life; or name one node in via`;
  return error("address-for-several", path, message, fix);
}

export function viaNoExit(path: Path, via: string): Diagnostic {
  const message = say`${label(path)}: "${via}" is no exit`;
  const fix = say`give nodes.${via} the subnet 0.0.0.0/0 or ::/0, or choose a node that has one`;
  return error("via-no-exit", path, message, fix);
}

export function exitNotVia(path: Path, exit: string): Diagnostic {
  const message = say`${label(path)}: the client does not enter through "${exit}"`;
  return error(
    "exit-not-via",
    path,
    message,
    say`name ${exit} in via, or choose one of those there`,
  );
}

export function namesUnreached(path: Path): Diagnostic {
  const message = say`${label(path)}: the node that answers for names is not among what it may reach`;
  return error("names-unreached", path, message, say`add nodes to access, or remove dns: true`);
}

export function accessTooLong(path: Path, bytes: number, most: number): Diagnostic {
  const message = say`${label(path)}: the list of what it reaches has ${bytes} bytes; with more than ${most} no QR code holds it, and phones may refuse it`;
  const fix = say`choose access: [nodes], or give the subnets addresses that make few wide ranges`;
  return warning("access-too-long", path, message, fix);
}

/** A name has no address before it is resolved, and only a /0 is kept out of its own way by wg-quick. */
export function endpointNotLeftOut(path: Path, via: string, host: string): Diagnostic {
  const message = say`${label(path)}: all-but-lan cannot leave out the address of "${via}", since its endpoint is the name ${host}: on a computer the tunnel would swallow itself`;
  const fix = say`write the address of "${via}" as its endpoint; the apps of phones do without`;
  return warning("endpoint-not-left-out", path, message, fix);
}
