/** A machine with BusyBox, wg, ip and curl alone, as small routers are. */
import type { System } from "./system.ts";

/** No program is found there but those that such a router has. */
export const BIN = "/opt/router";
export const ROUTER = {
  init: "sshd",
  prepare: [
    `mkdir ${BIN}
    for each in $(busybox --list); do ln -s "$(command -v busybox)" ${BIN}/$each; done
    rm ${BIN}/wget ${BIN}/crontab
    for each in wg curl nft wireguard-go; do ln -sf "$(command -v $each)" ${BIN}/; done`,
  ],
} as const;

/** What it prints on both streams, and how it ends. */
export async function onRouter(router: System, script: string, shell = "sh"): Promise<string> {
  const words = [
    "env",
    "-i",
    `PATH=${BIN}`,
    ...shell.split(" "),
    "-c",
    `exec 2>&1\ncd /root\n${script}`,
  ];
  const { status, output } = await router.attempt({ words, wayOut: "" });
  return status === 0 ? output : `${output}exit ${status}\n`;
}

export const CHECKIN = "sh warren-thin checkin";
/** The other end may only begin to know of this one. */
export const PING =
  "for try in $(seq 15); do ping -q -W 2 -c 1 10.77.0.1 >/dev/null && echo reached && break; done";
