/** The kernel of this host, by the programs that every system has for it: few of them, whatever there is to do. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { AppError } from "@warren/api";
import { ruleTable, say } from "@warren/core";
import type { Admission, InterfaceName } from "@warren/core";
import { writeWhole } from "../atomic-file.ts";
import { addconfText, batchLine, policyRuleLine } from "./commands.ts";
import type { IpStep, WgStep } from "./commands.ts";
import { Heard } from "./heard.ts";
import { OWN_PROTOCOL, policyRuleId } from "./kernel.ts";
import type { Kernel, KernelState, Step } from "./kernel.ts";
import { iptablesAdmissions, nftAdmissions, readDump, readLink } from "./printed-state.ts";
import { readPolicyRules, readRoutes, tableOf } from "./printed-state.ts";
import type { PrintedLink } from "./printed-state.ts";
import { Programs, refusalOf } from "./programs.ts";
import type { Call } from "./programs.ts";
import { Settings } from "./settings.ts";

/** So that many of them stay far below what a command line may be. */
const KEYS_AT_ONCE = 500;
/** After its link a userspace tunnel takes its socket away, in milliseconds. */
const GONE_TIMEOUT_MS = 2000;
const GONE_INTERVAL_MS = 10;
/** What ip and wg say of an interface that is not there, and wg of one that is not WireGuard's. */
const ABSENT = /does not exist|Unable to access interface/;
const SOCKETS = "/var/run/wireguard";
/** What tells of changes, one line each. Rules of iptables' older kind are told by nobody. */
const IP_EVENTS = ["link", "address", "route", "rule", "netconf"] as const;
const IP_MONITOR = ["ip", "-N", "-o", "monitor", ...IP_EVENTS] as const;
const NFT_MONITOR = ["nft", "monitor", "ruleset"] as const;
const UNHEARD_TABLES = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

export interface LinuxOptions {
  /** Root's own, in memory: what is in it must be gone after a reboot. */
  readonly folder: string;
  /** Where programs are, as in PATH. */
  readonly path: string;
  readonly nowSeconds: () => number;
}

export class LinuxKernel implements Kernel {
  readonly #folder: string;
  readonly #nowSeconds: () => number;
  readonly #programs: Programs;
  readonly #settings: Settings;
  readonly #path: string;
  #heard:
    | {
        readonly name: InterfaceName;
        readonly routing: Heard<Routing>;
        readonly rules: Heard<Rules>;
      }
    | undefined;

  constructor({ folder, path, nowSeconds }: LinuxOptions) {
    this.#folder = folder;
    this.#nowSeconds = nowSeconds;
    this.#path = path;
    this.#programs = new Programs(folder, path);
    this.#settings = new Settings(folder);
  }

  async read(name: InterfaceName): Promise<KernelState> {
    const heard = this.#heard?.name === name ? this.#heard : undefined;
    const [dump, before, rules] = await Promise.all([
      this.#readOrAbsent("wg", "show", name, "dump"),
      heard?.routing.read() ?? this.#readRouting(name),
      heard?.rules.read() ?? this.#readRules(name),
    ]);
    // Between two looks a link may go: that says nothing of whose it was.
    const routing = dump === undefined ? await this.#readRouting(name) : before;
    return {
      ...rules,
      ...routing,
      ...linkOf(routing, dump, this.#nowSeconds()),
      settings: this.#settings.read(name),
    };
  }

  /** Has the programs that tell of changes run, and `changed` called for what may be of the interface. */
  watch(name: InterfaceName, changed: () => void): () => void {
    const ours = [name, ` proto ${OWN_PROTOCOL}`, " all forwarding "];
    const heard = (line: string): void => {
      if (ours.some((each) => line.includes(each))) changed();
    };
    const common = { path: this.#path, heard };
    const routing = new Heard({
      ...common,
      words: IP_MONITOR,
      read: () => this.#readRouting(name),
      hearsAll: () => true,
    });
    const rules = new Heard({
      ...common,
      words: NFT_MONITOR,
      read: () => this.#readRules(name),
      hearsAll: () =>
        UNHEARD_TABLES.every((file) => !existsSync(file) || readFileSync(file, "utf8") === ""),
    });
    this.#heard = { name, routing, rules };
    return () => {
      this.#heard = undefined;
      routing.close();
      rules.close();
    };
  }

  async #ask(...words: Call["words"]): Promise<string | undefined> {
    const { status, output } = await this.#programs.attempt({ words });
    return status === 0 ? output : undefined;
  }

  async #readRouting(name: InterfaceName): Promise<Routing> {
    const [printed = "", routes4 = "", routes6 = "", rules4 = "", rules6 = ""] = await Promise.all([
      this.#readOrAbsent("ip", "-json", "-details", "address", "show", "dev", name),
      this.#ask("ip", "-N", "-json", "-4", "route", "show", "table", "all"),
      this.#ask("ip", "-N", "-json", "-6", "route", "show", "table", "all"),
      this.#ask("ip", "-N", "-json", "-4", "rule"),
      this.#ask("ip", "-N", "-json", "-6", "rule"),
    ]);
    const routes = [readRoutes(routes4, 4, name), readRoutes(routes6, 6, name)];
    const own = this.#readNote(name, "rules");
    const link = readLink(printed);
    return {
      ...(link === undefined ? {} : { printed: link }),
      addresses: link?.addresses ?? new Set(),
      routes: new Set(routes.flatMap(({ own }) => own)),
      policyRules: [...readPolicyRules(rules4, 4), ...readPolicyRules(rules6, 6)].filter((rule) =>
        own.includes(policyRuleId(rule)),
      ),
      hostRoutes: routes.flatMap(({ others }) => others),
    };
  }

  async #readRules(name: InterfaceName): Promise<Rules> {
    const [nft, iptables, ip6tables] = await Promise.all([
      this.#ask("nft", "-s", "-j", "list", "ruleset"),
      this.#ask("iptables-save"),
      this.#ask("ip6tables-save"),
    ]);
    const table = this.#table(nft ?? "", name);
    return {
      ...(table === undefined ? {} : { table }),
      admissions: [
        ...nftAdmissions(nft ?? "", name).map(({ admission }) => admission),
        ...iptablesAdmissions(iptables ?? "", name, "iptables"),
        ...iptablesAdmissions(ip6tables ?? "", name, "ip6tables"),
      ],
      firewalls: {
        ...(nft === undefined ? {} : { nft }),
        ...(iptables === undefined ? {} : { iptables }),
        ...(ip6tables === undefined ? {} : { ip6tables }),
      },
    };
  }

  async run(name: InterfaceName, steps: readonly Step[]): Promise<readonly Admission[]> {
    const refused: Admission[] = [];
    try {
      for (const group of groupsOf(steps)) refused.push(...(await this.#runGroup(name, group)));
      return refused;
    } finally {
      this.#heard?.routing.forget();
      this.#heard?.rules.forget();
    }
  }

  /** Undefined where there is no such interface, or none that the program knows. */
  async #readOrAbsent(...words: Call["words"]): Promise<string | undefined> {
    const answer = await this.#programs.attempt({ words });
    if (answer.status === 0) return answer.output;
    if (ABSENT.test(answer.errors)) return undefined;
    throw refusalOf({ words }, answer);
  }

  /** What made it, as long as nft prints what it printed then. */
  #table(nft: string, name: InterfaceName): string | undefined {
    const listing = tableOf(nft, ruleTable({ interface: name }));
    if (listing === undefined) return undefined;
    const [text, before] = this.#readNote(name, "table");
    return before === listing ? text : listing;
  }

  async #runGroup(name: InterfaceName, group: Group): Promise<readonly Admission[]> {
    switch (group.kind) {
      case "link":
        for (const { isAdded } of group.steps)
          await (isAdded ? this.#add(name) : this.#delete(name));
        return [];
      case "wg": {
        const words = ["wg", "addconf", name, "/dev/stdin"] as const;
        await this.#programs.run({ words, input: addconfText(group.steps), isSecret: true });
        return [];
      }
      case "gone":
        await this.#removePeers(name, group.steps);
        return [];
      case "ip":
        // Else the kernel removes all addresses of a range together with their first.
        promoteSecondaries(name);
        await this.#batch(
          [],
          group.steps.map((step) => batchLine(name, step)),
        );
        return [];
      case "policy-rule": {
        const ids = group.steps.map(({ rule }) => policyRuleId(rule));
        this.#writeNote(name, "rules", [...new Set([...this.#readNote(name, "rules"), ...ids])]);
        for (const family of [4, 6] as const) {
          const own = group.steps.filter(({ rule }) => rule.family === family);
          if (own.length > 0) await this.#batch([`-${family}`], own.map(policyRuleLine));
        }
        return [];
      }
      case "table":
        for (const { text } of group.steps) await this.#load(name, text);
        return [];
      case "setting":
        for (const { isAdded, setting } of group.steps) {
          if (isAdded) this.#settings.take(name, setting);
          else this.#settings.giveBack(name, setting);
        }
        return [];
      case "admission": {
        const refused: Admission[] = [];
        for (const { isAdded, admission } of group.steps) {
          const isDone = await (isAdded ? this.#admit(admission) : this.#dismiss(name, admission));
          if (!isDone) refused.push(admission);
        }
        return refused;
      }
    }
  }

  /** The kernel's own, or one that a process stands for: that has a session of its own, and outlives us. */
  async #add(name: InterfaceName): Promise<void> {
    const words = ["ip", "link", "add", "dev", name, "type", "wireguard"] as const;
    const { status, errors } = await this.#programs.attempt({ words });
    if (status === 0) return;
    const userspace = await this.#programs.attempt({
      words: ["wireguard-go", name],
      isDetached: true,
    });
    if (userspace.status === 0) return;
    throw new AppError("kernel", say`cannot create interface ${name}: ${errors.trim()}`, {
      fix: say`load the kernel module wireguard, or install wireguard-go, which needs /dev/net/tun`,
    });
  }

  async #delete(name: InterfaceName): Promise<void> {
    await this.#programs.run({ words: ["ip", "link", "delete", "dev", name] });
    for (const what of ["table", "rules"] as const)
      rmSync(this.#noteFile(name, what), { force: true });
    for (let waitedMs = 0; waitedMs < GONE_TIMEOUT_MS; waitedMs += GONE_INTERVAL_MS) {
      if (!existsSync(join(SOCKETS, `${name}.sock`))) return;
      await setTimeout(GONE_INTERVAL_MS);
    }
  }

  async #removePeers(name: InterfaceName, steps: readonly Gone[]): Promise<void> {
    const keys = steps.map(({ publicKey }) => publicKey);
    for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
      const words = keys.slice(at, at + KEYS_AT_ONCE).flatMap((key) => ["peer", key, "remove"]);
      await this.#programs.run({ words: ["wg", "set", name, ...words] });
    }
  }

  async #batch(options: readonly string[], lines: readonly string[]): Promise<void> {
    await this.#programs.run({ words: ["ip", ...options, "-batch", "-"], input: lines.join("") });
  }

  async #load(name: InterfaceName, text: string | undefined): Promise<void> {
    const table = ruleTable({ interface: name });
    const input = text ?? `table inet ${table}\ndelete table inet ${table}\n`;
    await this.#programs.run({ words: ["nft", "-f", "-"], input });
    if (text === undefined) return;
    const words = ["nft", "-s", "-j", "list", "table", "inet", table] as const;
    const listing = tableOf(await this.#programs.run({ words }), table);
    this.#writeNote(name, "table", [text, listing ?? ""]);
  }

  #readNote(name: InterfaceName, what: Note): readonly string[] {
    const file = this.#noteFile(name, what);
    const note: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    return Array.isArray(note) ? note.map(String) : [];
  }

  #writeNote(name: InterfaceName, what: Note, note: readonly string[]): void {
    const wish = { mode: 0o600, isLasting: false };
    writeWhole(this.#noteFile(name, what), JSON.stringify(note), wish);
  }

  #noteFile(name: InterfaceName, what: Note): string {
    return join(this.#folder, `${name}.${what}.json`);
  }

  async #admit({ program, family, table, chain, match, comment }: Admission): Promise<boolean> {
    // Others' names come from the kernel, which takes more than programs do.
    if (![table, chain].every((each) => /^[\w.-]+$/.test(each))) return false;
    if (program === "nft") {
      const rule = `insert rule ${family} ${table} ${chain} ${match.join(" ")} accept comment "${comment}"\n`;
      return this.#isDone({ words: ["nft", "-f", "-"], input: rule });
    }
    const words = [...match, "-m", "comment", "--comment", comment, "-j", "ACCEPT"];
    return this.#isDone({ words: [program, "-w", "-t", table, "-I", chain, ...words] });
  }

  async #dismiss(name: InterfaceName, admission: Admission): Promise<boolean> {
    const { program, family, table, chain, match, comment } = admission;
    if (program !== "nft") {
      const words = [...match, "-m", "comment", "--comment", comment, "-j", "ACCEPT"];
      return this.#isDone({ words: [program, "-w", "-t", table, "-D", chain, ...words] });
    }
    const words = ["nft", "-j", "list", "chain", family, table, chain] as const;
    const { output } = await this.#programs.attempt({ words });
    const lines = nftAdmissions(output, name)
      .filter((each) => each.admission.comment === comment)
      .map(({ handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}\n`);
    return this.#isDone({ words: ["nft", "-f", "-"], input: lines.join("") });
  }

  async #isDone(call: Call): Promise<boolean> {
    return (await this.#programs.attempt(call)).status === 0;
  }
}

/** That there is no such interface, the first command will say. */
function promoteSecondaries(name: InterfaceName): void {
  const path = `/proc/sys/net/ipv4/conf/${name}/promote_secondaries`;
  if (existsSync(path)) writeFileSync(path, "1");
}

/** What is there of a link; without a dump it is none of WireGuard's. */
function linkOf(
  { printed }: Routing,
  dump: string | undefined,
  nowSeconds: number,
): Pick<KernelState, "link"> {
  if (printed === undefined) return {};
  const { what, index, isUp, mtu } = printed;
  if (dump === undefined) return { link: { kind: "foreign", what } };
  return { link: { kind: "wireguard", index, isUp, mtu, ...readDump(dump, nowSeconds) } };
}

type Rules = Pick<KernelState, "table" | "admissions" | "firewalls">;
type Routing = Pick<KernelState, "addresses" | "routes" | "policyRules" | "hostRoutes"> & {
  readonly printed?: PrintedLink;
};

/** What made our table and what nft printed of it then; which policy rules are for the interface. */
type Note = "table" | "rules";

type Of<K extends Step["kind"]> = Extract<Step, { readonly kind: K }>;
type Gone = Of<"peer-gone">;

/** Steps that one program does at once. */
type Group =
  | { readonly kind: "link"; readonly steps: Of<"link">[] }
  | { readonly kind: "wg"; readonly steps: WgStep[] }
  | { readonly kind: "gone"; readonly steps: Gone[] }
  | { readonly kind: "ip"; readonly steps: IpStep[] }
  | { readonly kind: "policy-rule"; readonly steps: Of<"policy-rule">[] }
  | { readonly kind: "table"; readonly steps: Of<"table">[] }
  | { readonly kind: "setting"; readonly steps: Of<"setting">[] }
  | { readonly kind: "admission"; readonly steps: Of<"admission">[] };

const GROUPS = {
  link: "link",
  device: "wg",
  peer: "wg",
  "peer-gone": "gone",
  mtu: "ip",
  up: "ip",
  address: "ip",
  route: "ip",
  "policy-rule": "policy-rule",
  table: "table",
  setting: "setting",
  admission: "admission",
} as const satisfies Readonly<Record<Step["kind"], Group["kind"]>>;

/** What stands side by side, in the order in which it stands. */
function groupsOf(steps: readonly Step[]): readonly Group[] {
  const groups: { kind: Group["kind"]; steps: Step[] }[] = [];
  for (const step of steps) {
    const kind = GROUPS[step.kind];
    const last = groups.at(-1);
    if (last?.kind === kind) last.steps.push(step);
    else groups.push({ kind, steps: [step] });
  }
  return groups as Group[];
}
