/**
 * Shapes: each reads one form of value out of a document and describes it as JSON Schema, so that
 * what is parsed and what editors complete cannot differ. Knows no field of the mesh.
 */
import { say } from "../phrase.ts";
import type { Phrase } from "../phrase.ts";
import * as form from "../messages/form.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { Problem } from "../problem.ts";
import type { Path } from "../wording.ts";

export type JsonSchema = { readonly [keyword: string]: unknown };

export interface Shape<T> {
  readonly schema: JsonSchema;
  /** The value, or undefined after saying in `diagnostics` what is wrong with it. */
  read(value: unknown, path: Path, diagnostics: Diagnostics): T | undefined;
  /**
   * What words of a command line stand for, as a document would hold it: their form is found, but not
   * whether they are right. `readFlow` reads what is written as `[…]` or `{…}`.
   */
  fromWords(words: readonly string[], readFlow: (text: string) => unknown): unknown;
  /** Of a mapping with known fields. */
  readonly fields?: FieldTable;
}

/** What a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

export interface Field<T> {
  readonly shape: Shape<T>;
  readonly about: string;
  readonly isRequired: boolean;
}

export interface RequiredField<T> extends Field<T> {
  readonly isRequired: true;
}

export interface OptionalField<T> extends Field<T> {
  readonly isRequired: false;
}

type FieldTable = { readonly [name: string]: RequiredField<unknown> | OptionalField<unknown> };

/** What a table of fields reads: required ones are there, the others where they were written. */
export type FieldValues<F extends FieldTable> = {
  readonly [K in keyof F as F[K] extends RequiredField<unknown> ? K : never]: F[K] extends Field<
    infer T
  >
    ? T
    : never;
} & {
  readonly [K in keyof F as F[K] extends RequiredField<unknown> ? never : K]?: F[K] extends Field<
    infer T
  >
    ? T
    : never;
};

export function optional<T>(shape: Shape<T>, about: string): OptionalField<T> {
  return { shape, about, isRequired: false };
}

export function required<T>(shape: Shape<T>, about: string): RequiredField<T> {
  return { shape, about, isRequired: true };
}

/** Any value, as it is: whoever takes it reads it himself. */
export function anything(): Shape<unknown> {
  return { schema: {}, read: (value) => value, fromWords: only };
}

/** Text that `parse` understands; a whole number without quotes is taken as its digits. */
export function text<T>(parse: (text: string) => T | Problem, schema: JsonSchema = {}): Shape<T> {
  return {
    schema: { type: "string", ...schema },
    read(value, path, diagnostics) {
      const written = Number.isSafeInteger(value) ? String(value) : value;
      if (typeof written !== "string")
        return diagnostics.add(form.wrongType(path, say`text`, value));
      const parsed = parse(written);
      if (parsed instanceof Problem) return diagnostics.add(form.badValue(path, parsed));
      return parsed;
    },
    fromWords: only,
  };
}

export interface NumberLimits {
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
  /** What the number counts: "bytes", "seconds". */
  readonly unit?: Phrase;
}

export function number(limits: NumberLimits): Shape<number> {
  const isWhole = limits.isWhole ?? true;
  const type = isWhole ? "integer" : "number";
  return {
    schema: { type, minimum: limits.min, maximum: limits.max },
    read(value, path, diagnostics) {
      if (typeof value !== "number")
        return diagnostics.add(form.wrongType(path, say`a number`, value));
      const isFit = value >= limits.min && value <= limits.max;
      if (!isFit || (isWhole && !Number.isInteger(value))) {
        return diagnostics.add(form.outOfRange(path, value, limits));
      }
      return value;
    },
    fromWords(words) {
      const word = only(words);
      const isNumber = typeof word === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(word);
      return isNumber ? Number(word) : word;
    },
  };
}

export function flag(): Shape<boolean> {
  return {
    schema: { type: "boolean" },
    read(value, path, diagnostics) {
      if (typeof value !== "boolean")
        return diagnostics.add(form.wrongType(path, say`true or false`, value));
      return value;
    },
    fromWords(words) {
      const word = only(words);
      return word === "true" || (word === "false" ? false : word);
    },
  };
}

export function choice<const T extends string>(...words: readonly T[]): Shape<T> {
  return {
    schema: { enum: words },
    read(value, path, diagnostics) {
      const word = words.find((candidate) => candidate === value);
      return word ?? diagnostics.add(form.notAChoice(path, value, words));
    },
    fromWords: only,
  };
}

/** How words of a command line make a list. */
export interface ListHabits {
  /** One item is mostly all there is, and is written without brackets. */
  readonly isMostlyOne?: boolean;
  /** A word is an item, commas and all. */
  readonly isWhole?: boolean;
}

/** A list; one item alone may stand without brackets. */
export function list<T>(item: Shape<T>, habits: ListHabits = {}): Shape<readonly T[]> {
  return {
    schema: { anyOf: [{ type: "array", items: item.schema }, item.schema] },
    read(value, path, diagnostics) {
      if (!Array.isArray(value)) {
        const only = item.read(value, path, diagnostics);
        return only === undefined ? undefined : [only];
      }
      const items = value.map((each, at) =>
        diagnostics.isFull ? undefined : item.read(each, [...path, at], diagnostics),
      );
      return items.filter((each) => each !== undefined);
    },
    fromWords(words, readFlow) {
      const [word = ""] = words;
      if (words.length === 1 && isFlow(word)) return readFlow(word);
      const parts = habits.isWhole === true ? words : words.flatMap((each) => each.split(","));
      const items = parts.map((each) => item.fromWords([each.trim()], readFlow));
      return habits.isMostlyOne === true ? only(items) : items;
    },
  };
}

/** A list of exactly two. */
export function pair<T>(item: Shape<T>): Shape<readonly [T, T]> {
  return {
    schema: { type: "array", items: item.schema, minItems: 2, maxItems: 2 },
    read(value, path, diagnostics) {
      if (!Array.isArray(value) || value.length !== 2) {
        return diagnostics.add(form.wrongType(path, say`a list of two`, value));
      }
      const [one, other] = value.map((each, at) => item.read(each, [...path, at], diagnostics));
      return one === undefined || other === undefined ? undefined : [one, other];
    },
    fromWords: only,
  };
}

/** A mapping from names to values, in the order of the names as they are written. */
export function record<K, T>(
  parseKey: (text: string) => K | Problem,
  item: Shape<T>,
): Shape<readonly (readonly [K, T])[]> {
  return {
    schema: { type: "object", additionalProperties: item.schema },
    read(value, path, diagnostics) {
      if (!isObject(value))
        return diagnostics.add(form.wrongType(path, say`a mapping of names`, value));
      const entries: (readonly [K, T])[] = [];
      const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
      for (const [written, each] of sorted) {
        if (diagnostics.isFull) break;
        const key = parseKey(written);
        if (key instanceof Problem) diagnostics.add(form.badValue([...path, written], key));
        const read = item.read(each, [...path, written], diagnostics);
        if (!(key instanceof Problem) && read !== undefined) entries.push([key, read]);
      }
      return entries;
    },
    fromWords: onlyFlow,
  };
}

/** A mapping with known fields. An empty value (`name:`) is one with none of them. */
export function fields<F extends FieldTable>(table: F): Shape<FieldValues<F>> {
  const names = Object.keys(table);
  const properties = Object.entries(table).map(([name, { shape, about }]) => [
    name,
    { description: about, ...shape.schema },
  ]);
  return {
    schema: {
      type: ["object", "null"],
      properties: Object.fromEntries(properties) as JsonSchema,
      required: names.filter((name) => table[name]?.isRequired),
      additionalProperties: false,
    },
    read(value, path, diagnostics) {
      const written = value === null ? {} : value;
      if (!isObject(written))
        return diagnostics.add(form.wrongType(path, say`a mapping of fields`, value));
      for (const name of diagnostics.isLenient ? [] : Object.keys(written)) {
        if (diagnostics.isFull) break;
        if (!Object.hasOwn(table, name))
          diagnostics.add(form.unknownField([...path, name], name, names));
      }
      return readFields(table, written, path, diagnostics);
    },
    fromWords: onlyFlow,
    fields: table,
  };
}

/** The first shape whose kind of value this is: a mapping goes to `mapping`, all else to `plain`. */
export function plainOrMapping<T>(plain: Shape<T>, mapping: Shape<T>): Shape<T> {
  return {
    schema: { anyOf: [plain.schema, mapping.schema] },
    read(value, path, diagnostics) {
      return (isObject(value) ? mapping : plain).read(value, path, diagnostics);
    },
    fromWords: (words, readFlow) => plain.fromWords(words, readFlow),
  };
}

/** Another view of what `shape` reads. */
export function mapped<S, T>(shape: Shape<S>, change: (value: S) => T): Shape<T> {
  return {
    schema: shape.schema,
    read(value, path, diagnostics) {
      const read = shape.read(value, path, diagnostics);
      return read === undefined ? undefined : change(read);
    },
    fromWords: (words, readFlow) => shape.fromWords(words, readFlow),
  };
}

/** Several where one is wanted are a list, for the parser to refuse. */
function only(items: readonly unknown[]): unknown {
  return items.length === 1 ? items[0] : items;
}

function onlyFlow(words: readonly string[], readFlow: (text: string) => unknown): unknown {
  const [word = ""] = words;
  return words.length === 1 && isFlow(word) ? readFlow(word) : only(words);
}

function isFlow(word: string): boolean {
  return /^(\[.*\]|\{.*\})$/.test(word);
}

function readFields<F extends FieldTable>(
  table: F,
  written: Readonly<Record<string, unknown>>,
  path: Path,
  diagnostics: Diagnostics,
): FieldValues<F> | undefined {
  const values: Record<string, unknown> = {};
  let isComplete = true;
  for (const [name, { shape, isRequired }] of Object.entries(table)) {
    const value = Object.hasOwn(written, name)
      ? shape.read(written[name], [...path, name], diagnostics)
      : undefined;
    if (value !== undefined) values[name] = value;
    if (value !== undefined || !isRequired) continue;
    isComplete = false;
    if (!Object.hasOwn(written, name)) diagnostics.add(form.missingField(path, name));
  }
  return isComplete ? (values as FieldValues<F>) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
