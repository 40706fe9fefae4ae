/** The script that starts a service under OpenRC. */
import { aboutOf, writerOf } from "./boot-command.ts";
import type { BootCommand } from "./boot-command.ts";

/** The file /etc/init.d/warren.NETWORK, or warren-server. Started again for ever; what it has started is left alone. */
export function renderInitScript(service: BootCommand): string {
  const [program = "", ...rest] = service.words;
  const log = `logger -t warren-${service.network ?? "server"}`;
  // OpenRC lets a shell read the words again.
  const list = quoteWord(rest.map(quoteWord).join(" "));
  return `#!/sbin/openrc-run
# ${writerOf(service)}

description="${aboutOf(service)}"
supervisor=supervise-daemon
command=${quoteWord(program)}
command_args=${list}
umask=077
respawn_delay=2
respawn_max=0
output_logger="${log}"
error_logger="${log}"

depend() {
	use net dns logger
	after firewall
}
`;
}

function quoteWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
