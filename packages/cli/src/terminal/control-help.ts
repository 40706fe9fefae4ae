/** What the help of the commands around a control plane shows. */
import { say } from "@warren/core";
import type { Text } from "@warren/core";

export function serverHelp(): Text {
  return say`Examples:
  warren server                                as root: prints where it is, how to sign in, how to join
  warren server --address vpn.example.com      the name that hosts are to reach it by
  warren server --install                      the same as a service, with the options that are given
  warren server backup /root/warren.db

One process, one TCP port, everything in one folder. Its certificate is its own: who joins by a
token knows the server by the token. On its own host root manages it without signing in: warren
network, node, token; from another machine sign in first: warren login. Tunnels do not need it:
while it is away nothing changes, and hosts that start have the mesh they had.`;
}

export function joinHelp(): Text {
  return say`Examples:
  sudo warren join wrn_…                       by a token; done when the tunnel is up
  sudo warren join --server vpn.example.com    without one: waits until somebody approves it
  warren token create mesh | ssh host sudo warren join -

The host makes its own key, which never leaves it, and an agent stays, started at boot: it keeps
the tunnel as the server says. warren status tells how it stands, warren down takes it down, warren
leave takes the host out of the network.`;
}

export function doctorHelp(): Text {
  return say`Examples:
  sudo warren doctor                           on a host that has joined: all its tunnels
  sudo warren doctor n1
  warren doctor --network mesh n1 n2           elsewhere, signed in: the tunnel between these

Sends pings through each tunnel, looks at what the kernel has and counts, and has the host at the
other end do so, too, by way of the server; without that it says what can be known from here. Changes
nothing. Of each tunnel that does not work it names one cause and the way out. Exit status: 0 when
nothing is wrong, else 1.`;
}
