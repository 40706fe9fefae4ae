/** What a mesh's document names, by the sections of its value, whether or not the rest has its form. */

/** Where in a document named things are. */
export type NamedSection = "nodes" | "clients" | "sites" | "groups";

/** Which section of a document has a name. */
export function findSection(value: unknown, name: string): NamedSection | undefined {
  const sections = ["nodes", "clients", "sites", "groups"] as const;
  return sections.find((section) => Object.hasOwn(fieldsOf(fieldsOf(value)[section]), name));
}

export function listNames(value: unknown, sections: readonly NamedSection[]): readonly string[] {
  return sections.flatMap((section) => Object.keys(fieldsOf(fieldsOf(value)[section])));
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
