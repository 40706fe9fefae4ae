/** Reads FIELD=VALUE from the command line, each value in the form that its field has in a mesh file. */
import { quote, say, valueOfWords } from "@warren/core";
import type { Section } from "@warren/core";
import { AppError } from "@warren/api";
import { readDocument } from "./yaml/document.ts";

export interface Assignment {
  /** `hooks.postUp` is two steps. */
  readonly field: readonly string[];
  readonly value: unknown;
  /** Nothing stands behind the equals sign. */
  readonly isEmpty: boolean;
}

/** In their order; a field that stands there several times has several values. */
export function readAssignments(section: Section, words: readonly string[]): readonly Assignment[] {
  const fields = new Map<string, string[]>();
  for (const word of words) {
    const [, field, value] = /^([a-z]+(?:\.[a-z]+)*)=(.*)$/is.exec(word) ?? [];
    if (field === undefined || value === undefined) {
      const fix = say`write a field, an equals sign and its value, such as endpoint=a.example.com`;
      throw new AppError("usage", say`${quote(word)} is not FIELD=VALUE`, { fix });
    }
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return [...fields].map(([name, values]) => {
    const field = name.split(".");
    const value = valueOfWords(section, field, values, readFlow);
    return { field, value, isEmpty: values.join("") === "" };
  });
}

/** Lists and mappings as YAML writes them, for what words cannot say. */
function readFlow(text: string): unknown {
  const { value, faults } = readDocument(text);
  const [fault] = faults;
  if (fault === undefined) return value;
  const message = say`cannot read ${quote(text)}: ${fault.message}`;
  throw new AppError("usage", message, { fix: fault.fix });
}
