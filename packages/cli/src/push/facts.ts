/** What a host told of itself before anything was done to it. */
import { optional, parsePrefix, Problem } from "@warren/core";
import type { Prefix } from "@warren/core";
import type { AnswerLine } from "../remote/answers.ts";

export interface HostFacts {
  /** `debian 12`. */
  readonly system: string;
  readonly serviceManager: "systemd" | "openrc" | "none";
  /** The command that installs packages. */
  readonly installer?: string;
  readonly tools: ReadonlySet<string>;
  /** Of wg: `1.0.20210914`. */
  readonly version?: string;
  /** Where WireGuard would run: in the kernel, or in a program over /dev/net/tun. */
  readonly module?: "kernel" | "tun";
  /** Seconds since 1970, by the host's clock when it was asked. */
  readonly timeSeconds: number;
  readonly udpPorts: ReadonlySet<number>;
  readonly ranges: readonly HostRange[];
  /** What has our interface's name, if anything. */
  readonly interface?: "wireguard" | "other";
  /** Whose the file is that ours would take the place of, or that its interface was started by. */
  readonly file?: "ours" | "other";
  /** A file of somebody else in the place of one of ours. */
  readonly foreignFile?: string;
  /** The UDP port that our interface listens on. */
  readonly listenPort?: number;
  readonly otherTunnels: readonly OtherTunnel[];
  readonly readOnly?: string;
  readonly freeKiB?: number;
  readonly firewalls: Readonly<Record<"nft" | "iptables" | "ip6tables", string>>;
}

/** A range that the host reaches directly, or by a route of its own. */
export interface HostRange {
  readonly kind: "address" | "route";
  readonly interface: string;
  readonly prefix: Prefix;
}

/** Of another mesh of ours, of this one under an older name, or somebody else's. */
export interface OtherTunnel {
  readonly interface: string;
  readonly publicKey: string;
  /** 0 while it is down. */
  readonly listenPort: number;
  readonly isOurs: boolean;
}

/** Lines that it does not know are a newer or an older program's, and say nothing. */
export function readFacts(lines: readonly AnswerLine[]): HostFacts {
  const all = (word: string): readonly string[] =>
    lines.filter(([each]) => each === word).map(([, rest]) => rest);
  const one = (word: string): string | undefined => all(word)[0];
  const joined = (word: string): string =>
    all(word)
      .map((line) => `${line}\n`)
      .join("");
  return {
    system: one("os") ?? "unknown",
    serviceManager: oneOf(one("service"), ["systemd", "openrc"] as const) ?? "none",
    tools: new Set(all("tool")),
    timeSeconds: Number(one("time")),
    udpPorts: new Set(all("udp").map((port) => Number.parseInt(port, 16))),
    ranges: [
      ...all("address").flatMap(rangeOf("address")),
      ...all("route").flatMap(rangeOf("route")),
    ],
    firewalls: { nft: joined("nft"), iptables: joined("iptables"), ip6tables: joined("ip6tables") },
    otherTunnels: all("tunnel").map(tunnelOf),
    ...optional("installer", one("installer")),
    ...optional("version", one("version")),
    ...optional("module", oneOf(one("module"), ["kernel", "tun"] as const)),
    ...optional("interface", oneOf(one("interface"), ["wireguard", "other"] as const)),
    ...optional("file", oneOf(one("file"), ["ours", "other"] as const)),
    ...optional("foreignFile", one("foreign")),
    ...optional("listenPort", numberOf(one("port"))),
    ...optional("readOnly", one("readonly")),
    ...optional("freeKiB", numberOf(one("space"))),
  };
}

function rangeOf(kind: HostRange["kind"]): (line: string) => readonly HostRange[] {
  return (line) => {
    const [name = "", text = ""] = line.split(" ");
    // Of an address that is its own alone: what it shares with others is a route, too.
    const prefix = parsePrefix(kind === "address" ? text.replace(/\/.*/, "") : text);
    return prefix instanceof Problem ? [] : [{ kind, interface: name, prefix }];
  };
}

function tunnelOf(line: string): OtherTunnel {
  const [name = "", publicKey = "", port, whose] = line.split(" ");
  return { interface: name, publicKey, listenPort: Number(port), isOurs: whose === "ours" };
}

function oneOf<T extends string>(text: string | undefined, known: readonly T[]): T | undefined {
  return known.find((each) => each === text);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}
