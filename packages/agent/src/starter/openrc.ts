/** The script that starts an agent under OpenRC. */
import type { AgentCommand } from "./agent-command.ts";

/** The file /etc/init.d/warren.NETWORK. Started again for ever; what the agent has started is left alone. */
export function renderInitScript({ network, words }: AgentCommand): string {
  const [program = "", ...rest] = words;
  // OpenRC lets a shell read the words again.
  const list = quoteWord(rest.map(quoteWord).join(" "));
  return `#!/sbin/openrc-run
# Written by warren join.

description="Warren agent of the network ${network}"
supervisor=supervise-daemon
command=${quoteWord(program)}
command_args=${list}
umask=077
respawn_delay=2
respawn_max=0
output_logger="logger -t warren-${network}"
error_logger="logger -t warren-${network}"

depend() {
	use net dns logger
	after firewall
}
`;
}

function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
