/**
 * Tells from what a host printed whether its own firewalls would drop what a mesh needs, who does so,
 * and the command that admits it. Only what is dropped for certain is told of: whatever may depend on
 * more than is known of a packet passes.
 */
import type { Family } from "../../ip/address.ts";
import { printText, say } from "../../phrase.ts";
import type { Phrase, Text } from "../../phrase.ts";
import { shellWord } from "../../wording.ts";
import { admissionComment, admissionOf } from "./admission.ts";
import type { Admission } from "./admission.ts";
import { parseIptablesSave } from "./iptables-tables.ts";
import { parseNftRuleset } from "./nft-tables.ts";
import type { FirewallNeed } from "./needs.ts";
import { findDrop } from "./walk.ts";
import type { Policy, Drop, Packet, Table } from "./walk.ts";

/** What these print: `nft -j list ruleset`, `iptables-save`, `ip6tables-save`. */
export interface FirewallTexts {
  readonly nft?: string;
  readonly iptables?: string;
  readonly ip6tables?: string;
}

export interface FirewallBlock {
  readonly kind: FirewallNeed["kind"];
  readonly families: readonly Family[];
  readonly message: Phrase;
  readonly fix: Phrase;
  /** One for each place that drops, and family. */
  readonly admissions: readonly Admission[];
}

/** A base chain that drops, and where. */
interface Place {
  readonly table: Table;
  readonly name: string;
  readonly policy: Policy;
  readonly drop: Drop;
}

export function judgeFirewalls(
  printed: FirewallTexts,
  need: FirewallNeed,
): readonly FirewallBlock[] {
  const blocks = new Map<string, FirewallBlock>();
  const tables = readTables(printed, need.interface);
  const isTracked = !/notrack/i.test(Object.values(printed).join("\n"));
  for (const family of need.families) {
    for (const place of findPlaces(tables, (hook) => packetOf(need, { family, hook, isTracked }))) {
      const { kind } = need;
      const who = makerOf(place);
      const message = say`${who ?? place.table.program} drops ${describe(need)}: ${describePlace(place)}`;
      const fix = findFix(place, need, who);
      const others = blocks.get(printText(fix));
      const families = [...new Set([...(others?.families ?? []), family])];
      const admissions = [...(others?.admissions ?? []), admissionAt(place, need, who)];
      blocks.set(printText(fix), { kind, message, fix, ...others, families, admissions });
    }
  }
  return [...blocks.values()];
}

/** What iptables keeps in nft's tables is printed by both, and only its own program says all of it. */
function readTables(printed: FirewallTexts, own: string): readonly Table[] {
  const saved = [
    ...parseIptablesSave(printed.iptables ?? "", "iptables"),
    ...parseIptablesSave(printed.ip6tables ?? "", "ip6tables"),
  ];
  const isSaved = ({ family, name, chains }: Table): boolean =>
    saved.some(
      (table) =>
        table.family === family &&
        table.name === name &&
        [...chains].every(([chain, { count }]) => table.chains.get(chain)?.count === count),
    );
  const listed = (printed.nft ? parseNftRuleset(printed.nft) : []).filter(
    (table) => !isSaved(table),
  );
  return (
    [...listed, ...saved.filter(({ name }) => name !== "nat")]
      .filter(({ name }) => name !== `warren-${own.replaceAll(/[=+]/g, "_")}`)
      // What no program takes for a name is not shown to anybody.
      .filter(({ name, chains }) => [name, ...chains.keys()].every((each) => /^[!-~]+$/.test(each)))
      .map((table) => withoutOwn(table, own))
  );
}

/** Our own chains drop what our policy does not let in: as if they were empty; and as if nothing were admitted. */
function withoutOwn(table: Table, own: string): Table {
  const isOwn = (name: string): boolean =>
    name.startsWith(`warren-${own}-`) &&
    /^(allow|back|input|fwd|nat|c\d+)$/.test(name.slice(`warren-${own}-`.length));
  const chains = [...table.chains].map(([name, chain]) => {
    const rules = chain.rules.filter(
      ({ comment }) => comment?.startsWith(admissionComment(own)) !== true,
    );
    return [name, { ...chain, rules: isOwn(name) ? [] : rules }] as const;
  });
  return { ...table, chains: new Map(chains) };
}

function findPlaces(
  tables: readonly Table[],
  packetAt: (hook: string) => Packet | undefined,
): readonly Place[] {
  return tables.flatMap((table) =>
    [...table.chains].flatMap(([name, { policy }]) => {
      if (policy === undefined) return [];
      const packet = packetAt(policy.hook);
      if (packet === undefined || !isOfFamily(table, packet)) return [];
      const drop = findDrop(table, name, packet);
      return drop === undefined ? [] : [{ table, name, policy, drop }];
    }),
  );
}

function isOfFamily({ family }: Table, packet: Packet): boolean {
  return family === "inet" || family === (packet.family === "ipv4" ? "ip" : "ip6");
}

/** What is known of it at a hook; undefined where it does not come by. */
function packetOf(
  need: FirewallNeed,
  { family, hook, isTracked }: { family: Family; hook: string; isTracked: boolean },
): Packet | undefined {
  const { kind, interface: own } = need;
  const isForUs = kind === "input" || kind === "tunnel";
  if (hook !== "prerouting" && hook !== (isForUs ? "input" : "forward")) return undefined;
  const elsewhere = need.elsewhere ?? { not: ["lo", own] };
  const asked = need.kind === "back" || need.kind === "input" ? "udp" : need.protocol;
  // A reply may be of any protocol, and what it answers may have been sent on by any rule.
  const isReply = kind === "back";
  const isKnown = isTracked && hook !== "prerouting";
  return {
    incoming: kind === "input" || isReply ? elsewhere : own,
    outgoing: hook !== "forward" ? undefined : kind === "out" ? elsewhere : own,
    family: `ipv${family}`,
    protocol: isReply ? undefined : asked === "icmp" && family === 6 ? "ipv6-icmp" : asked,
    port: "port" in need && asked !== "icmp" ? need.port : undefined,
    icmp: isReply ? undefined : "echo-request",
    // Connections are not looked up before the first hook's rules of low priority.
    state: isKnown ? (isReply ? "established" : "new") : undefined,
    translation: isReply ? undefined : { not: ["dnat", "snat"] },
    target: isForUs ? "local" : { not: ["local"] },
    other: undefined,
  };
}

/** Whose rules these are, if their names tell. */
function makerOf({ table, policy, drop }: Place): "ufw" | "firewalld" | "docker" | undefined {
  if (policy.hook === "prerouting") return undefined;
  if (table.name === "firewalld" || table.chains.has("INPUT_ZONES")) return "firewalld";
  const names = drop.rule === undefined ? [...table.chains.keys()] : [drop.chain];
  if (names.some((name) => /^ufw6?-/.test(name))) return "ufw";
  const isForwarded = policy.hook === "forward" && table.chains.has("DOCKER-USER");
  return isForwarded && names.some((name) => name.startsWith("DOCKER")) ? "docker" : undefined;
}

function describe(need: FirewallNeed): Text {
  const { interface: own } = need;
  switch (need.kind) {
    case "input":
      return say`UDP to port ${need.port}`;
    case "tunnel":
      return say`what comes from ${own}`;
    case "out":
      return say`what comes from ${own} and goes on elsewhere`;
    case "through":
      return say`what comes from ${own} and goes back there`;
    case "back":
      return say`replies that go to ${own}`;
  }
}

function describePlace({ table, drop: { chain, rule } }: Place): Text {
  const name = table.program === "nft" ? `${table.family} ${table.name}` : table.name;
  if (rule === undefined) return say`the policy of chain ${chain} of table ${name}`;
  return say`rule ${rule} of chain ${chain} of table ${name}`;
}

function findFix(place: Place, need: FirewallNeed, maker: ReturnType<typeof makerOf>): Phrase {
  if (maker === "ufw") return say`run on the host: ${ufwCommand(place, need)}`;
  if (maker === "firewalld") return say`run on the host: ${firewalldCommand(place, need)}`;
  const { program, family, table, chain, match } = admissionAt(place, need, maker);
  const words = match.map((word) =>
    word === need.interface ? shellWord(word) : word.startsWith('"') ? nftName(need) : word,
  );
  const to = table === "filter" ? "" : `-t ${shellWord(table)} `;
  const command =
    program === "nft"
      ? `nft insert rule ${family} ${shellWord(table)} ${shellWord(chain)} ${words.join(" ")} accept`
      : `${program} ${to}-I ${shellWord(chain)} ${words.join(" ")} -j ACCEPT`;
  return say`run on the host, and keep it with the rules that it loads at boot: ${command}`;
}

function admissionAt(
  { table: { program, family, name: table }, name, policy }: Place,
  need: FirewallNeed,
  maker: ReturnType<typeof makerOf>,
): Admission {
  const chain = maker === "docker" ? "DOCKER-USER" : name;
  // At the first hook nobody knows yet where it will go.
  const isRouted = policy.hook !== "prerouting";
  return admissionOf({ program, family, table, chain }, need, isRouted);
}

/** No word of nft begins like this; others it takes for a name in quotes only. */
function nftName({ interface: own }: FirewallNeed): string {
  return /^wg[\w-]*$/.test(own) ? own : `'"${own}"'`;
}

/** A rule of its user's comes before what is added behind it. */
function ufwCommand({ drop }: Place, need: FirewallNeed): string {
  const allow = /^ufw6?-user-/.test(drop.chain) ? "prepend allow" : "allow";
  const own = shellWord(need.interface);
  if (need.kind === "input") return `ufw ${allow} ${need.port}/udp`;
  if (need.kind === "tunnel") return `ufw ${allow} in on ${own}`;
  return `ufw route ${allow} ${need.kind === "back" ? "out" : "in"} on ${own}`;
}

/** A chain of a zone tells which: without it, the port goes to the default one. */
function firewalldCommand({ drop }: Place, need: FirewallNeed): string {
  const zone = /^(?:filter_)?IN_(?!policy_)([\w-]+?)(?:_(?:pre|log|deny|allow|post))?$/.exec(
    drop.chain,
  )?.[1];
  const what =
    need.kind === "input"
      ? `${zone === undefined ? "" : `--zone=${zone} `}--add-port=${need.port}/udp`
      : `--zone=trusted --add-interface=${shellWord(need.interface)}`;
  return `firewall-cmd --permanent ${what} && firewall-cmd --reload`;
}
