/** Ways to bring a mesh to its hosts: Warren's own, and what a user would do with its files otherwise. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nameOf } from "./fleet.ts";

const WARREN = fileURLToPath(new URL("../warren", import.meta.url));
const SERVICE = "wg-quick@warren0";
/** As `warren push` has it when it is told nothing. */
const PARALLEL = 16;

export interface Way {
  readonly name: string;
  /** A script of bash that brings what the folder's mesh says. */
  readonly bring: string;
  /** Whether it can tell that there is nothing to do. */
  readonly isIdempotent: boolean;
  /** Takes everything off the hosts. */
  readonly remove: string;
}

const BRING_ONE = `
ssh $1 systemctl stop ${SERVICE} &&
tar -C out/$1 -c . | ssh $1 tar -C /etc/wireguard -x --no-same-owner &&
ssh $1 systemctl enable -q --now ${SERVICE}
`;

const REMOVE_ONE = `ssh $1 "systemctl disable -q --now ${SERVICE}; rm -f /etc/wireguard/*"`;

const PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - copy: { src: "{{ mesh }}/out/{{ inventory_hostname }}/", dest: /etc/wireguard/, mode: "0600" }
      notify: restart
    - service: { name: ${SERVICE}, state: started, enabled: true }
  handlers:
    - name: restart
      service: { name: ${SERVICE}, state: restarted }
`;

/** Those that there are here; for the others the reason is said. */
export function waysOf(folder: string, count: number): readonly Way[] {
  const names = Array.from({ length: count }, (_, at) => nameOf(at));
  writeFileSync(join(folder, "names"), `${names.join("\n")}\n`);
  writeFileSync(join(folder, "one.sh"), BRING_ONE);
  writeFileSync(join(folder, "remove.sh"), REMOVE_ONE);
  writeFileSync(join(folder, "playbook.yaml"), PLAYBOOK);
  const render = `set -e; ${WARREN} render`;
  const all = `xargs -a ../names -I{} -P ${PARALLEL}`;
  const remove = `${all} sh ../remove.sh {}`;
  const ways: readonly Way[] = [
    {
      name: "warren push",
      bring: `exec ${WARREN} push`,
      isIdempotent: true,
      remove: `exec ${WARREN} push --remove --all`,
    },
    {
      name: "one by one",
      bring: `${render}; for name in $(cat ../names); do sh ../one.sh $name </dev/null; done`,
      isIdempotent: false,
      remove,
    },
    {
      name: `xargs -P ${PARALLEL}`,
      bring: `${render}; exec ${all} sh ../one.sh {}`,
      isIdempotent: false,
      remove,
    },
  ];
  if (spawnSync("ansible-playbook", ["--version"]).status !== 0) {
    console.error("not compared with Ansible: apt-get install ansible-core");
    return ways;
  }
  const play = `exec ansible-playbook -i ../names -f ${PARALLEL} ../playbook.yaml -e mesh=$PWD`;
  return [...ways, { name: "Ansible", bring: `${render}; ${play}`, isIdempotent: true, remove }];
}
