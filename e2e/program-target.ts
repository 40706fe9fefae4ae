/** A host of the lab on which the program that push sends runs as over ssh, without ssh. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Device } from "@warren/core";
import type { Host, Outcome } from "../lab/world.ts";
import { materialsOf, payloadOf } from "../packages/cli/src/push/payload.ts";
import { readProgram } from "../packages/cli/src/remote/ssh.ts";
import { sampleSecrets } from "../tools/sample.ts";
import type { WorldFixture } from "./world-fixture.ts";

const WAY_OUT = "look at packages/cli/src/host";

/** What is of the device on a host; counters and the times of handshakes are not. */
const LIVE = `
interface=$1
wg showconf "$interface" | awk '/^PrivateKey/ { next } /^\\[Peer/ { n++ } { print n, $0 }' | sed 's/^[0-9]* //'
ip link show dev "$interface" | grep -o "mtu [0-9]*"
ip -o address show dev "$interface" | grep -v fe80 | sed 's/^[0-9]*: *//'
for family in 4 6; do
  ip -$family route show table all dev "$interface" | grep -v fe80 | grep -v '^multicast' | sort
  ip -$family rule
done
nft -s list ruleset | grep -v fe80
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
`;

/** A host of the lab on which the program runs as over ssh. */
export class Target {
  readonly host: Host;
  readonly #folder: string;

  private constructor(host: Host, folder: string) {
    this.host = host;
    this.#folder = folder;
  }

  static async create({ folder: parent, world }: WorldFixture, name: string): Promise<Target> {
    const folder = join(parent.path, name);
    mkdirSync(join(folder, "etc"), { recursive: true });
    const host = await world.createHost(name, new Map([["/etc/wireguard", join(folder, "etc")]]));
    await host.run({ words: ["ip", "link", "set", "lo", "up"], wayOut: WAY_OUT });
    return new Target(host, folder);
  }

  async program(command: readonly string[], files: ReadonlyMap<string, string>): Promise<string> {
    const { status, output, errors } = await this.attempt(command, files);
    if (status === 0 && errors === "") return output;
    throw new Error(`${command.join(" ")} answered ${status}: ${errors}${output}`);
  }

  async attempt(command: readonly string[], files: ReadonlyMap<string, string>): Promise<Outcome> {
    const into = join(this.#folder, "in");
    rmSync(into, { recursive: true, force: true });
    for (const kind of ["wireguard", "systemd", "openrc"])
      mkdirSync(join(into, kind), { recursive: true });
    for (const [name, text] of files) writeFileSync(join(into, name), text);
    writeFileSync(join(into, "program"), readProgram());
    const words = ["env", "-C", "/", `in=${into}`, "sh", join(into, "program"), ...command];
    return await this.host.attempt({ words, wayOut: WAY_OUT });
  }

  /** Brings the device there: what was to be done before, what was done, and what is to be done after. */
  async bring(device: Device): Promise<readonly [planned: string, done: string, left: string]> {
    const files = payload(device);
    const planned = await this.#plan(device, files);
    const done = await this.program([device.interface, "begin", "test", "60"], files);
    if (done !== "") await this.program([device.interface, "confirm", "test"], files);
    return [planned, done, await this.#plan(device, files)];
  }

  /** Its steps; whose keys the host knows is for people. */
  async #plan(device: Device, files: ReadonlyMap<string, string>): Promise<string> {
    const told = await this.program([device.interface, "plan"], files);
    return told.replaceAll(/^known .*\n/gm, "");
  }

  /** On the host, as root. */
  async sh(script: string): Promise<string> {
    return await this.host.run({ words: ["sh", "-c", script], wayOut: WAY_OUT });
  }

  async live(name: string): Promise<string> {
    const words = ["bash", "-c", LIVE, "bash", name];
    return await this.host.run({ words, wayOut: WAY_OUT });
  }

  async takeOff(name: string): Promise<void> {
    await this.program([name, "begin", "test", "60"], new Map());
    await this.program([name, "confirm", "test"], new Map());
  }
}

export function payload(device: Device): ReadonlyMap<string, string> {
  const files = payloadOf(device, materialsOf(sampleSecrets), "none");
  return new Map([...files].map(([name, pieces]) => [name, [...pieces].join("")]));
}
