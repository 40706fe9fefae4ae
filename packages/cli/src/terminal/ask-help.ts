/** What the help of the commands that work over ssh shows: examples, what is done, how they end. */
import { say } from "@warren/core";
import type { Text } from "@warren/core";

export function pushHelp(): Text {
  return say`Examples:
  warren push --dry-run                        what would be done, host by host
  warren push
  warren push n3                               this host alone; the others hear of it with the next push
  warren push --remove n3                      before: warren remove n3
  warren push --remove --all

Logs in by your own ssh, as root or as a user whose sudo asks for no password. What is missing is
installed; each host makes its own private key, unless keys/ has one; what differs is applied while
the tunnels run. A host that something is in the way of is left as it was, and the others are
served. After a change each host is connected to once more: one that cannot be reached goes back by
itself. Interrupted or killed, run it again. --remove gives hosts back what they had, takes their
keys away, and leaves packages. In the end all hosts that were served ping each other.
Exit status: 0 when all is as the mesh says and all reach each other that may, else 2.`;
}

export function probeHelp(): Text {
  return say`Examples:
  warren probe                                 from every host to every other
  warren probe n1 n2                           only what these two measure
  warren probe --watch

Each host is asked over ssh (the node's ssh, else its endpoint, else its name) and pings the
mesh addresses of all others that the policy lets it ping; · stands where it does not, ✗ where
no answer came, ? where the host could not be asked. The path MTU is the largest packet that
came through whole; --json has it of each pair, with the age of the handshake. Exit status:
0 when all reach each other that may, else 2.`;
}

export function statusHelp(): Text {
  return say`Examples:
  sudo warren status                           on a host; it needs no mesh file
  warren status n1 n2                          of these nodes, over ssh

A peer is in trouble when it was sent to and never shook hands, or when it is kept alive and
the last handshake is more than three minutes old; one that is not kept alive may be idle.
Exit status: 0 when no peer is in trouble, else 2.`;
}
