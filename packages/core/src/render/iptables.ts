/**
 * Prints a device's rules for iptables and ip6tables: a script with chains of our own, which it loads
 * and removes without touching anybody else's. Like a table of nft, they only ever drop: what they
 * let through goes on to the host's own rules.
 */
import type { Family } from "../ip/address.ts";
import { linkOf } from "../ip/interface-address.ts";
import { printPrefix } from "../ip/prefix.ts";
import type { Prefix } from "../ip/prefix.ts";
import { outermost } from "../ip/prefix-set.ts";
import type { PortRange } from "../model/mesh.ts";
import type { Device } from "../plan/device.ts";
import { chainsOf, disguisesOf, familiesOf, mergePorts, ofFamily } from "./chains.ts";
import type { Chain, ChainRule, Verdict } from "./chains.ts";
import type { Pieces, Printed } from "./printed.ts";
import { HEADER } from "./wg-setconf.ts";

interface Scene {
  readonly device: Device;
  readonly printed: Printed;
}

/** The file /etc/wireguard/INTERFACE.iptables, for `sh FILE up` and `sh FILE down`. */
export function renderIptables(device: Device, printed: Printed): Pieces {
  const scene: Scene = { device, printed };
  const chains = chainsOf(device);
  return [
    HEADER,
    ...printFamily(scene, chains, 4),
    ...printFamily(scene, chains, 6),
    script(
      device,
      chains.some(({ name }) => name === "input"),
    ),
  ];
}

/** At most 28 characters (XT_EXTENSION_MAXNAMELEN): 7, the interface's 15, and 6 for what is here. */
function chainName(device: Device, name: string): string {
  return `warren-${device.interface}-${name === "forward" ? "fwd" : name}`;
}

/** A shell function with the rules of one family, as iptables-restore reads them. */
function printFamily(scene: Scene, chains: readonly Chain[], family: Family): Pieces {
  const { device } = scene;
  const masquerades = masqueradeLines(device, family);
  const nat = chainName(device, "nat");
  return [
    `rules${family}() {\n\tcat <<'END'\n*filter\n`,
    ...chains.map(({ name }) => `:${chainName(device, name)} - [0:0]\n`),
    ...chains.flatMap((chain) => printChain(scene, chain, family)),
    `COMMIT\n`,
    // A host without NAT of a family is not asked for it.
    ...(masquerades.length === 0 ? [] : [`*nat\n:${nat} - [0:0]\n`, ...masquerades, `COMMIT\n`]),
    `END\n}\nhas_nat${family}=${masquerades.length === 0 ? "" : "yes"}\n`,
  ];
}

function printChain(scene: Scene, { name, rules }: Chain, family: Family): readonly string[] {
  const { device } = scene;
  const head = name === "input" || name === "forward" ? headRules(device, name) : [];
  const lines = rules.flatMap((rule) => printRule(scene, rule, family));
  return [...head, ...lines].map((line) => `-A ${chainName(device, name)} ${line}\n`);
}

function headRules({ interface: own }: Device, name: "input" | "forward"): readonly string[] {
  // Machines behind the host know nothing of the tunnel's smaller packets.
  const clamp = `-o ${own} -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`;
  return [
    ...(name === "forward" ? [clamp] : []),
    `! -i ${own} -j RETURN`,
    `-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN`,
  ];
}

/** iptables has no lists: a line for each source with each destination with each port. */
function printRule(scene: Scene, rule: ChainRule, family: Family): readonly string[] {
  const { device, printed } = scene;
  if (!familiesOf(rule).includes(family)) return [];
  const out = rule.isBack === true ? `-o ${device.interface} ` : "";
  const end = printVerdict(device, rule.verdict);
  const ports = printPorts(rule.ports, family);
  return printEnds("-s", rule.from && printed.prefixes(rule.from)[family]).flatMap((from) =>
    printEnds("-d", rule.to && printed.prefixes(rule.to)[family]).flatMap((to) =>
      ports.map((port) => `${out}${from}${to}${port}${end}`),
    ),
  );
}

/** Absent: anybody. */
function printEnds(end: "-s" | "-d", prefixes: string | undefined): readonly string[] {
  if (prefixes === undefined) return [""];
  return prefixes.split(", ").map((prefix) => `${end} ${prefix} `);
}

function printPorts(ports: readonly PortRange[] | undefined, family: Family): readonly string[] {
  if (ports === undefined) return [""];
  return mergePorts(ports).map(({ protocol, first, last }) => {
    if (protocol === "icmp") return `-p ${family === 4 ? "icmp" : "ipv6-icmp"} `;
    return `-p ${protocol} --dport ${first === last ? first : `${first}:${last}`} `;
  });
}

/** To accept is to go back to the host's own rules, behind the jump that led here. */
function printVerdict(device: Device, verdict: Verdict): string {
  if (verdict === "drop") return "-j DROP";
  if (typeof verdict === "string") return "-j RETURN";
  return "jump" in verdict
    ? `-j ${chainName(device, verdict.jump)}`
    : `-g ${chainName(device, verdict.goto)}`;
}

/**
 * What came out of the tunnel answers to the host's address. POSTROUTING no longer knows where a
 * packet came in, but nothing comes out of a tunnel that is not routed into it.
 */
function masqueradeLines(device: Device, family: Family): readonly string[] {
  const sources = tunnelled(device, family);
  return disguisesOf(device)
    .filter(({ prefix }) => prefix.family === family)
    .flatMap(({ prefix, towards, isMasked }) => {
      const out = towards === undefined ? `! -o ${device.interface}` : `-o ${towards}`;
      const to = `${out} -d ${printPrefix(prefix)} -j ${isMasked ? "MASQUERADE" : "RETURN"}\n`;
      return sources.map((each) => `-A ${chainName(device, "nat")} -s ${printPrefix(each)} ${to}`);
    });
}

/** All that is routed into the tunnel but for an exit, from which only replies come. */
function tunnelled({ peers, addresses, offLinkRanges }: Device, family: Family): Prefix[] {
  const onLink = addresses.map(linkOf);
  const ranges = [...onLink, ...offLinkRanges, ...peers.flatMap(({ allowedIps }) => allowedIps)];
  return outermost(ofFamily(ranges, family).filter(({ length }) => length > 0));
}

function script(device: Device, hasInput: boolean): string {
  const input = `filter INPUT ${chainName(device, "input")}`;
  const forward = `filter FORWARD ${chainName(device, "forward")}`;
  const nat = chainName(device, "nat");
  // No other interface's: its name may begin like this one's.
  const own = `${chainName(device, "").replaceAll(/[.+]/g, "[$&]")}(allow|back|input|fwd|nat|c[0-9]+)`;
  return `
# Once, however often it is loaded: TOOL TABLE SYSTEM-CHAIN OUR-CHAIN
hook() {
	"$1" -w -t "$2" -C "$3" -j "$4" 2>/dev/null || "$1" -w -t "$2" -I "$3" -j "$4"
}

unhook() {
	while "$1" -w -t "$2" -D "$3" -j "$4" 2>/dev/null; do :; done
}

# TOOL RULES HAS-NAT. The chains are filled at one stroke, also when they are in use already.
load() {
	"$2" | "$1-restore" -w --noflush || return
	hook "$1" ${forward} || return
	# What an earlier file had, and this one has not, goes.
	${hasInput ? `hook "$1" ${input} || return` : `unhook "$1" ${input}`}
	if [ -n "$3" ]; then hook "$1" nat POSTROUTING ${nat}; else unhook "$1" nat POSTROUTING ${nat}; fi
}

# What somebody has removed already is no failure.
unload() {
	unhook "$1" ${input}
	unhook "$1" ${forward}
	unhook "$1" nat POSTROUTING ${nat}
	for table in filter nat; do
		chains=$("$1" -w -t "$table" -S 2>/dev/null | sed -nE 's/^-N (${own})$/\\1/p')
		for chain in $chains; do "$1" -w -t "$table" -F "$chain" 2>/dev/null; done
		for chain in $chains; do "$1" -w -t "$table" -X "$chain" 2>/dev/null; done
	done
	return 0
}

# A kernel without IPv6 has nothing to filter there.
has_ipv6() {
	[ -e /proc/net/if_inet6 ]
}

case \${1-} in
up)
	load iptables rules4 "$has_nat4" || exit
	! has_ipv6 || load ip6tables rules6 "$has_nat6"
	;;
down)
	unload iptables
	! has_ipv6 || unload ip6tables
	;;
*)
	echo "usage: sh $0 up | down" >&2
	exit 64
	;;
esac
`;
}
