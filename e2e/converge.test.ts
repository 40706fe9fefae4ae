/**
 * The program that push sends to hosts, against the real wg-quick: from any device it comes to any other
 * as if that had been started there, and then there is nothing to do.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Device } from "@warren/core";
import type { Host } from "../lab/world.ts";
import { materialsOf, payloadOf } from "../packages/cli/src/push/payload.ts";
import { readProgram } from "../packages/cli/src/remote/ssh.ts";
import { topologyDocuments } from "../tools/random-topology.ts";
import { runs } from "../tools/runs.ts";
import { sampleOfDocument, sampleSecrets } from "../tools/sample.ts";
import { useWorld } from "./world-fixture.ts";

const fixture = useWorld();
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
nft -s list ruleset
cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
`;

function payload(device: Device): ReadonlyMap<string, string> {
  const files = payloadOf(device, materialsOf(sampleSecrets), "none");
  return new Map([...files].map(([name, pieces]) => [name, [...pieces].join("")]));
}

/** A host of the lab on which the program runs as over ssh. */
class Target {
  readonly #host: Host;
  readonly #folder: string;

  private constructor(host: Host, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  static async create(name: string): Promise<Target> {
    const folder = join(fixture.folder.path, name);
    mkdirSync(join(folder, "etc"), { recursive: true });
    const host = await fixture.world.createHost(
      name,
      new Map([["/etc/wireguard", join(folder, "etc")]]),
    );
    await host.run({ words: ["ip", "link", "set", "lo", "up"], wayOut: WAY_OUT });
    return new Target(host, folder);
  }

  async program(command: readonly string[], files: ReadonlyMap<string, string>): Promise<string> {
    const into = join(this.#folder, "in");
    rmSync(into, { recursive: true, force: true });
    for (const kind of ["wireguard", "systemd", "openrc"])
      mkdirSync(join(into, kind), { recursive: true });
    for (const [name, text] of files) writeFileSync(join(into, name), text);
    writeFileSync(join(into, "program"), readProgram());
    const words = ["env", `in=${into}`, "sh", join(into, "program"), ...command];
    const { status, output, errors } = await this.#host.attempt({ words, wayOut: WAY_OUT });
    if (status === 0 && errors === "") return output;
    throw new Error(`${command.join(" ")} answered ${status}: ${errors}${output}`);
  }

  /** Brings the device there: what was to be done before, what was done, and what is to be done after. */
  async bring(device: Device): Promise<readonly [planned: string, done: string, left: string]> {
    const files = payload(device);
    const planned = await this.program([device.interface, "plan"], files);
    const done = await this.program([device.interface, "begin", "test", "60"], files);
    if (done !== "") await this.program([device.interface, "confirm", "test"], files);
    return [planned, done, await this.program([device.interface, "plan"], files)];
  }

  async live(name: string): Promise<string> {
    const words = ["bash", "-c", LIVE, "bash", name];
    return await this.#host.run({ words, wayOut: WAY_OUT });
  }

  async takeOff(name: string): Promise<void> {
    await this.program([name, "begin", "test", "60"], new Map());
    await this.program([name, "confirm", "test"], new Map());
  }
}

test("a host comes from any device to any other as if that had been started there", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(topologyDocuments(6), topologyDocuments(6), async (one, other) => {
      const [before] = devicesOf(one);
      const [after] = devicesOf(other);
      fc.pre(before !== undefined && after !== undefined);
      count += 1;
      const [changed, fresh] = await Promise.all([
        Target.create(`changed${count}`),
        Target.create(`fresh${count}`),
      ]);
      const named = { ...after, interface: before.interface };
      for (const [planned, done, left] of [
        await changed.bring(before),
        await changed.bring(named),
        await fresh.bring(named),
      ]) {
        expect({ done, left }).toEqual({ done: planned, left: "" });
      }
      const live = sorted(await changed.live(named.interface));
      const wanted = sorted(await fresh.live(named.interface));
      // WireGuard cannot be told to forget where a peer was.
      const isKept = (line: string): boolean =>
        line.startsWith("Endpoint") && !wanted.includes(line);
      expect(live.filter((line) => !isKept(line))).toEqual(wanted);
      await changed.takeOff(named.interface);
      expect(await changed.live(named.interface)).toBe(
        await (await Target.create(`bare${count}`)).live(named.interface),
      );
    }),
    { ...runs(4), endOnFailure: true },
  );
});

function devicesOf(document: unknown): readonly Device[] {
  try {
    return sampleOfDocument(document).devices;
  } catch {
    return [];
  }
}

function sorted(text: string): readonly string[] {
  return text.split("\n").toSorted();
}
