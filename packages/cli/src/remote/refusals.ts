/** Why ssh or sudo lets nobody in, in words, with the way out. */
import { say } from "@warren/core";
import type { Phrase } from "@warren/core";
import { printTarget } from "./ssh.ts";
import type { SshTarget } from "./ssh.ts";

/** Why something is not as it should be, and the way out. */
export interface Reason {
  readonly cause: Phrase;
  readonly fix: Phrase;
}

/** By the codes of an answer that did not come. */
export type Reasons = Readonly<Record<string, Reason>>;

/** Why a host did not answer: by the codes of its programs (`own`) and of ssh, else by what it says itself. */
export function reasonOf(
  target: SshTarget,
  { code, detail }: { readonly code: string; readonly detail: string },
  own: Reasons,
): Reason {
  const other = {
    cause: say`${code}: ${detail === "" ? say`the host says no more` : detail}`,
    fix: say`see what the host says: ssh ${printTarget(target)}`,
  };
  return { ...sshRefusals(target, detail), ...own }[code] ?? other;
}

function sshRefusals(target: SshTarget, detail: string): Reasons {
  const { host, port } = target;
  // As ~/.ssh/known_hosts has it.
  const known = port === undefined ? host : `'[${host}]:${port}'`;
  const login = printTarget(target);
  return {
    "no-ssh": {
      cause: say`there is no ssh command here`,
      fix: say`install OpenSSH's client: apt-get install openssh-client`,
    },
    "unknown-host": {
      cause: say`the name ${host} is not known`,
      fix: say`set ssh=USER@HOST of the node, or give the name a Host block in ~/.ssh/config`,
    },
    refused: {
      cause: say`${host} refuses connections`,
      fix: say`start sshd there; or write its port: ssh=USER@HOST:PORT`,
    },
    "no-answer": {
      cause: say`${host} does not answer`,
      fix: say`look whether it runs, and whether its firewall lets ssh in`,
    },
    "turned-away": {
      cause: say`${host} closes the connection before it greets`,
      fix: say`take fewer at once: --parallel 4; or raise MaxStartups of its sshd`,
    },
    "host-key-changed": {
      cause: say`${host} has another host key than before: it was installed anew, or somebody is in between`,
      fix: say`if you know why, forget the old one: ssh-keygen -R ${known}`,
    },
    "host-key-unknown": {
      cause: say`the host key of ${host} is not known here`,
      fix: say`log in once by hand, and compare it: ssh ${login}`,
    },
    "not-let-in": {
      cause: say`${host} does not let this user in`,
      fix: say`give it your key: ssh-copy-id ${login}; or name another user: ssh=USER@HOST`,
    },
    "no-room": {
      cause: say`nothing can be written to /run there: ${detail}`,
      fix: say`make room in /run, or mount it`,
    },
    lost: {
      cause: say`the connection to ${host} broke`,
      fix: say`run it again: what was begun is undone by the host itself, unless it was confirmed`,
    },
    "no-sudo": {
      cause: say`the user may not be root: there is no sudo for it`,
      fix: say`log in as root: ssh=root@${host}; or let the user use sudo`,
    },
    "sudo-tty": {
      cause: say`sudo works on a terminal only there`,
      fix: say`take requiretty out of /etc/sudoers for the user, or log in as root: ssh=root@${host}`,
    },
    "too-long": {
      cause: say`${host} answers without end`,
      fix: say`see what it says: ssh ${login}`,
    },
    "sudo-password": {
      cause: say`sudo asks for a password, and nobody is there to type it`,
      fix: say`let the user do so without one (NOPASSWD in /etc/sudoers.d), or log in as root: ssh=root@${host}`,
    },
  };
}
