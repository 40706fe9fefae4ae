/** The document of a mesh as plain data, as a YAML reader would give it; and the same without a part of it. */
import type { Path } from "../wording.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface MeshDocument {
  readonly network: Fields;
  readonly sites: Readonly<Record<string, Fields>>;
  readonly nodes: Readonly<Record<string, Fields>>;
  readonly links: readonly Fields[];
  readonly clients: Readonly<Record<string, Fields>>;
}

/** What is taken away where a path is at fault: the least that the document holds without. */
export interface Removal {
  readonly path: Path;
  readonly document: MeshDocument;
}

/** Undefined where there is nothing to take away. */
export function withoutPart(document: MeshDocument, path: Path): Removal | undefined {
  const [part, at, field, index] = path;
  if (part === "links" && typeof at === "number") {
    const links = document.links.filter((_, position) => position !== at);
    return { path: ["links", at], document: { ...document, links } };
  }
  if (part === "network") {
    const network = withoutField(document.network, String(at), field);
    return network === undefined
      ? undefined
      : { path: ["network", String(at)], document: { ...document, network } };
  }
  if (part !== "nodes" && part !== "sites" && part !== "clients") return undefined;
  const name = String(at);
  const fields = document[part][name];
  if (fields === undefined) return undefined;
  // What a node has from the network is not its own to lose.
  const isShared = field !== undefined && fields[field] === undefined;
  if (isShared && document.network[field] !== undefined) {
    return withoutPart(document, ["network", field]);
  }
  const chosen = field === undefined ? doubtful(part, fields) : String(field);
  const less = chosen === undefined ? undefined : withoutField(fields, chosen, index);
  if (less === undefined || chosen === undefined || chosen === "via") {
    const { [name]: _, ...others } = document[part];
    return { path: [part, name], document: { ...document, [part]: others } };
  }
  const changed = { ...document[part], [name]: less };
  const whole = [part, name, chosen, ...(index === undefined ? [] : [index])];
  return { path: whole, document: { ...document, [part]: changed } };
}

/** Sites without a word of their own, in which nobody dials anybody. */
export function withoutIdleSites(document: MeshDocument): MeshDocument {
  const nodes = Object.entries(document.nodes);
  const isIdle = (site: string): boolean => {
    const members = nodes.filter(([, fields]) => fields["site"] === site);
    const isSaid = Object.keys(document.sites[site] ?? {}).length > 0;
    return !isSaid && (members.length < 2 || members.every(([, { lan }]) => lan === undefined));
  };
  const kept = Object.entries(document.sites).filter(([site]) => !isIdle(site));
  const bare = nodes.map(([name, fields]) => {
    const { site, lan: _, ...rest } = fields;
    return [name, typeof site === "string" && isIdle(site) ? rest : fields] as const;
  });
  return { ...document, sites: Object.fromEntries(kept), nodes: Object.fromEntries(bare) };
}

/** What is wrong with a node as a whole is hardly ever its address or its key. */
const DOUBTFUL = ["exit", "subnets", "relay", "lan", "site", "mtu", "table", "endpoint"] as const;

function doubtful(part: string, fields: Fields): string | undefined {
  return part === "nodes" ? DOUBTFUL.find((field) => fields[field] !== undefined) : undefined;
}

function withoutField(fields: Fields, field: string, index: unknown): Fields | undefined {
  if (!(field in fields)) return undefined;
  const { [field]: value, ...others } = fields;
  if (!Array.isArray(value) || typeof index !== "number") return others;
  const rest: readonly unknown[] = value.filter((_, position) => position !== index);
  return rest.length === 0 ? others : { ...fields, [field]: rest };
}
