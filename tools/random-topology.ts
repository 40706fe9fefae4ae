/**
 * Random mesh documents for those who judge plans: regions, relays, several owners, exits, clients
 * and policies, small and dense, so that everything meets everything. Forms are random-mesh.ts's.
 */
import fc from "fast-check";

export type TopologyDocument = Readonly<Record<string, unknown>>;

/** Drawn as numbers that `build` makes names of: what is drawn shrinks to a small document. */
interface Draft {
  readonly families: "4" | "6" | "46";
  readonly sites: readonly SiteDraft[];
  readonly nodes: readonly NodeDraft[];
  readonly links: readonly LinkDraft[];
  readonly clients: readonly ClientDraft[];
  readonly rules: readonly RuleDraft[] | undefined;
  readonly groups: readonly (readonly number[])[];
  readonly prices: readonly number[];
  readonly usualPrice: number | undefined;
}

interface SiteDraft {
  readonly hasBlock: boolean;
  readonly gateways: readonly number[];
  readonly reach: "" | "wide" | "far";
}

interface NodeDraft {
  readonly letter: string;
  readonly site: number;
  readonly hasLan: boolean;
  readonly endpoint: "" | "address" | "name" | "port";
  readonly isRelay: boolean;
  readonly isExit: boolean;
  readonly exit: number | undefined;
  readonly subnets: readonly string[];
  readonly metric: number;
  readonly isLocal: boolean;
  readonly isTagged: boolean;
  readonly isFixed: boolean;
}

interface LinkDraft {
  readonly ends: readonly [number, number];
  readonly path: "auto" | "direct" | "gateway" | "deny" | undefined;
  readonly price: number | undefined;
}

interface ClientDraft {
  readonly via: readonly number[];
  readonly access: readonly string[];
  readonly usesExit: boolean;
  readonly isTagged: boolean;
}

interface RuleDraft {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly ports: readonly string[];
}

/** A mesh of up to `most` nodes, nearly always one that compiles. */
export function topologyDocuments(most: number): fc.Arbitrary<TopologyDocument> {
  return fc
    .record<Draft>({
      families: fc.constantFrom("4", "4", "6", "46"),
      sites: fc.array(siteDrafts(), { maxLength: 4 }),
      nodes: fc.array(nodeDrafts(), { minLength: 2, maxLength: most, size: "max" }),
      links: fc.array(linkDrafts(), { maxLength: 8 }),
      clients: often(fc.array(clientDrafts(), { maxLength: 3 }), []),
      rules: often(fc.array(ruleDrafts(), { minLength: 1, maxLength: 4 }), undefined),
      groups: fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
      // Prices of which some add up to others, in fractions that do not add up in a computer.
      prices: fc.constantFrom([0.1, 0.7, 0.8], [0.1, 0.2, 0.3], [0, 1, 2]),
      usualPrice: often(fc.nat(2), undefined),
    })
    .map((draft) => build(draft));
}

/** Half of the time one, half of the time the other. */
function often<T>(drawn: fc.Arbitrary<T>, other: T): fc.Arbitrary<T> {
  return fc.oneof(fc.constant(other), drawn);
}

function siteDrafts(): fc.Arbitrary<SiteDraft> {
  return fc.record({
    hasBlock: fc.boolean(),
    gateways: fc.array(fc.nat(9), { maxLength: 2 }),
    reach: fc.constantFrom("", "wide", "far"),
  });
}

function nodeDrafts(): fc.Arbitrary<NodeDraft> {
  const rarely = fc.nat(5).map((number) => number === 5);
  return fc.record({
    letter: fc.constantFrom("a", "m", "z"),
    site: fc.nat(19),
    hasLan: fc.nat(5).map((number) => number < 5),
    endpoint: fc.constantFrom("", "address", "address", "name", "port"),
    isRelay: rarely,
    isExit: rarely,
    exit: often(fc.nat(9), undefined),
    subnets: fc.oneof(
      fc.constant([]),
      fc.subarray(["low", "high", "wide", "network", "site", "shared", "six"], { maxLength: 3 }),
    ),
    metric: fc.nat(2),
    isLocal: rarely,
    isTagged: rarely,
    isFixed: rarely,
  });
}

function linkDrafts(): fc.Arbitrary<LinkDraft> {
  return fc.record({
    ends: fc.tuple(fc.nat(99), fc.nat(99)),
    path: fc.constantFrom(undefined, "auto", "direct", "gateway", "deny"),
    price: often(fc.nat(2), undefined),
  });
}

function clientDrafts(): fc.Arbitrary<ClientDraft> {
  return fc.record({
    via: fc.array(fc.nat(9), { minLength: 1, maxLength: 2 }),
    access: fc.oneof(
      fc.constant([]),
      fc.constantFrom(["nodes"], ["subnets"]),
      fc.subarray(["nodes", "subnets", "exit", "all-but-lan"], { minLength: 1 }),
    ),
    usesExit: fc.boolean(),
    isTagged: fc.boolean(),
  });
}

function ruleDrafts(): fc.Arbitrary<RuleDraft> {
  const selectors = fc.array(fc.nat(999), { minLength: 1, maxLength: 3 });
  const words = ["tcp/22", "tcp/20-25", "tcp/1000-2000", "udp/*", "udp/53", "icmp"];
  const ports = fc.oneof(fc.constant([]), fc.subarray(words, { minLength: 1, maxLength: 3 }));
  return fc.record({ from: selectors, to: selectors, ports });
}

/** What references are resolved against. */
interface Names {
  readonly nodes: readonly string[];
  readonly sites: readonly string[];
  /** The site of each node, or undefined. */
  readonly homes: readonly (number | undefined)[];
  readonly exits: readonly string[];
}

function build(draft: Draft): TopologyDocument {
  const { nodes, sites } = draft;
  const homes = nodes.map(({ site }) => {
    const chosen = site % (sites.length + 1);
    return chosen === sites.length ? undefined : chosen;
  });
  const list = nodes.map(({ letter }, at) => `${letter}${at}`);
  const names: Names = {
    nodes: list,
    sites: sites.map((_, at) => `s${at}`),
    homes,
    exits: list.filter((_, at) => isExit(nodes[at])),
  };
  const clients = buildClients(draft, names);
  const groups = draft.groups.map((members, at) => {
    const known = [...names.nodes, ...names.sites, ...Object.keys(clients), "tag:t"];
    // A group may hold the one before it, and so never itself.
    return [`g${at}`, pickAll(at === 0 ? known : [...known, `g${at - 1}`], members)] as const;
  });
  const selectors = [
    ...names.nodes,
    ...names.sites,
    ...Object.keys(clients),
    ...groups.map(([name]) => name),
    ...PREFIXES,
    "tag:t",
  ];
  const rules = draft.rules?.map(({ from, to, ports }) => ({
    from: pickAll(selectors, from),
    to: pickAll(selectors, to),
    ...(ports.length === 0 ? {} : { ports }),
  }));
  return {
    network: {
      name: "random",
      addresses: rangesOf(draft.families, "10.66.0.0/16", "fd66::/64"),
      ...(draft.usualPrice === undefined
        ? {}
        : { defaultCostPerGiB: draft.prices[draft.usualPrice] }),
    },
    sites: Object.fromEntries(
      sites.map((site, at) => [`s${at}`, buildSite(draft, names, { site, at })]),
    ),
    nodes: Object.fromEntries(
      nodes.map((node, at) => [names.nodes[at], buildNode(draft, names, { node, at })]),
    ),
    links: buildLinks(draft, names),
    ...(Object.keys(clients).length === 0 ? {} : { clients }),
    ...(groups.length === 0 ? {} : { groups: Object.fromEntries(groups) }),
    ...(rules === undefined ? {} : { policy: rules }),
  };
}

/** Ranges that policies name: nodes, blocks, what is behind nodes, parts of it, the world. */
const PREFIXES: readonly string[] = [
  "10.66.0.0/16",
  "10.66.1.0/24",
  "fd66::/65",
  "192.168.0.0/24",
  "192.168.2.128/25",
  "192.168.0.0/16",
  "172.16.0.0/12",
  "0.0.0.0/0",
  "::/0",
  "9.9.0.0/16",
];

function rangesOf(families: Draft["families"], four: string, six: string): readonly string[] {
  return [four, six].filter((_, at) => families.includes(at === 0 ? "4" : "6"));
}

function isExit(node: NodeDraft | undefined): boolean {
  return node !== undefined && node.isExit && node.endpoint !== "";
}

interface SitePlace {
  readonly site: SiteDraft;
  readonly at: number;
}

function buildSite({ families }: Draft, names: Names, { site, at }: SitePlace): TopologyDocument {
  const members = names.nodes.filter((_, node) => names.homes[node] === at);
  const gateways = [...new Set(pickAll(members, site.gateways))];
  const reach = site.reach === "wide" ? ["172.16.0.0/12"] : ["172.16.0.0/12", "192.168.0.0/16"];
  return {
    network: `172.16.${4 * at}.0/24`,
    ...(site.hasBlock
      ? { addresses: rangesOf(families, `10.66.${at + 1}.0/24`, `fd66::${at + 1}:0:0/96`) }
      : {}),
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(gateways.length === 0 || site.reach === "" ? {} : { reach }),
  };
}

interface NodePlace {
  readonly node: NodeDraft;
  readonly at: number;
}

function buildNode(draft: Draft, names: Names, { node, at }: NodePlace): TopologyDocument {
  const home = names.homes[at];
  const isOwnExit = isExit(node);
  // Who carries for others and leaves through an exit is sent back what the exit does not know.
  const isCarrier = node.isRelay || isGateway(draft, names, at);
  const isFar =
    node.endpoint === "" &&
    home !== undefined &&
    hasGateway(names.nodes[at], { sites: draft.sites, names });
  const isUser = !isOwnExit && !isCarrier && !isFar && node.exit !== undefined;
  const exit = isUser ? pick(names.exits, node.exit) : undefined;
  const everything = rangesOf(draft.families, "0.0.0.0/0", "::/0");
  const isFirst = hasNetwork(draft, names, at);
  const offered = node.subnets.filter((kind) => isFirst || kind !== "network");
  const subnets = [...buildSubnets({ ...node, subnets: offered }, at, home)];
  if (isOwnExit) subnets.push(...everything);
  const endpoint = {
    "": undefined,
    address: `203.0.113.${at}`,
    name: `h${at}.example`,
    port: `[2001:db8::${at}]:${4000 + at}`,
  }[node.endpoint];
  const fixed = rangesOf(draft.families, `10.66.200.${at + 1}`, `fd66::200:0:${at + 1}`);
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(home === undefined ? {} : { site: names.sites[home] }),
    ...(home !== undefined && node.hasLan ? { lan: `172.16.${4 * home}.${at + 1}` } : {}),
    ...(subnets.length === 0 ? {} : { subnets }),
    ...(exit === undefined ? {} : { exit }),
    ...(node.isLocal ? { local: ["172.31.0.0/16", "fd00:aa::/64"] } : {}),
    ...(node.isRelay ? { relay: true } : {}),
    ...(node.isTagged || at === 0 ? { tags: ["t"] } : {}),
    ...(node.isFixed ? { address: fixed } : {}),
  };
}

/** Whether a node may offer its site's network: nobody else of the site carries for others. */
function hasNetwork(draft: Draft, names: Names, at: number): boolean {
  return names.homes.every(
    (home, mate) =>
      mate === at ||
      home !== names.homes[at] ||
      (draft.nodes[mate]?.isRelay !== true && !isGateway(draft, names, mate)),
  );
}

function isGateway({ sites }: Draft, { homes, nodes }: Names, at: number): boolean {
  const home = homes[at];
  if (home === undefined) return false;
  const members = nodes.filter((_, node) => homes[node] === home);
  const [first] = sites[home]?.gateways ?? [];
  return first !== undefined && pick(members, first) === nodes[at];
}

/** Ranges of its own, those that a whole site offers, and those that whoever likes offers, by metric. */
function buildSubnets(
  { subnets, metric, hasLan }: NodeDraft,
  at: number,
  home: number | undefined,
): readonly unknown[] {
  const isIn = home !== undefined;
  return subnets.flatMap((kind): unknown[] => {
    if (kind === "low") return [`192.168.${2 * at}.0/24`];
    if (kind === "high") return [`192.168.${2 * at + 1}.0/24`];
    if (kind === "wide") return [{ prefix: `172.24.${2 * at}.0/23`, masquerade: hasLan }];
    if (kind === "six") return [`fd99:0:0:${at}::/64`];
    if (kind === "network") return isIn ? [`172.16.${4 * home}.0/24`] : [];
    if (kind === "site") return isIn ? [{ prefix: `172.20.${home}.0/24`, metric }] : [];
    return [{ prefix: "172.22.0.0/16", metric }];
  });
}

function buildLinks({ links, sites, prices }: Draft, names: Names): readonly unknown[] {
  const ends = [...names.nodes, ...names.sites];
  const known = new Set<string>();
  return links.flatMap(({ ends: [one, other], path, price }) => {
    const between = pickAll(ends, [one, other]);
    const key = between.toSorted((a, b) => (a < b ? -1 : 1)).join(" ");
    if (between[0] === between[1] || known.has(key)) return [];
    known.add(key);
    const isGated = between.every((name) => hasGateway(name, { sites, names }));
    return [
      {
        between,
        ...(path === undefined || (path === "gateway" && !isGated) ? {} : { path }),
        ...(price === undefined ? {} : { costPerGiB: prices[price] }),
      },
    ];
  });
}

/** Whether `path: gateway` makes sense for an end: it has no site, or its site has a gateway. */
function hasGateway(
  name: string | undefined,
  { sites, names }: { readonly sites: readonly SiteDraft[]; readonly names: Names },
): boolean {
  const node = names.nodes.indexOf(name ?? "");
  const site = node === -1 ? names.sites.indexOf(name ?? "") : names.homes[node];
  if (site === undefined) return true;
  return names.homes.includes(site) && (sites[site]?.gateways.length ?? 0) > 0;
}

function buildClients({ clients, nodes }: Draft, names: Names): Readonly<Record<string, unknown>> {
  const doors = names.nodes.filter((_, at) => nodes[at]?.endpoint !== "");
  if (doors.length === 0) return {};
  return Object.fromEntries(
    clients.map(({ via, access, usesExit, isTagged }, at) => {
      const ways = access.some((each) => each === "exit" || each === "all-but-lan");
      const isOut = names.exits.length > 0 && (ways || usesExit);
      const through = [...new Set(pickAll(isOut ? names.exits : doors, via))];
      const reached = isOut
        ? access
        : access.filter((each) => each === "nodes" || each === "subnets");
      return [
        `c${at}`,
        {
          via: through,
          ...(reached.length === 0 ? {} : { access: reached }),
          ...(isOut && usesExit ? { exit: through[0] } : {}),
          ...(isTagged ? { tags: ["t"] } : {}),
        },
      ];
    }),
  );
}

function pick(list: readonly string[], number: number): string | undefined {
  return list[number % list.length];
}

function pickAll(list: readonly string[], numbers: readonly number[]): readonly string[] {
  return list.length === 0 ? [] : numbers.flatMap((number) => pick(list, number) ?? []);
}
