/**
 * Turns the YAML library's tree into plain data, each alias into what it stands for. The library
 * can do it too, but in quadratic time, and it counts an honest alias in 200 nodes as an attack.
 */
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, Document as YamlDocument } from "yaml";

/** Aliases may stand for many copies of themselves ("billion laughs"): no mesh has so many values. */
const MOST_VALUES = 2_000_000;

export interface Reading {
  readonly value: unknown;
  /** Aliases of nothing that stands before them. */
  readonly unresolved: readonly Alias[];
  /** Written out, the value would be larger than any mesh. */
  readonly isTooLarge: boolean;
}

export function readValue({ contents }: YamlDocument): Reading {
  const reader = new ValueReader();
  const value = reader.read(contents);
  return { value, unresolved: reader.unresolved, isTooLarge: reader.sizeOf(value) > MOST_VALUES };
}

class ValueReader {
  readonly unresolved: Alias[] = [];
  readonly #anchors = new Map<string, unknown>();
  /** How many values are in one, each as often as it is reached. */
  readonly #sizes = new Map<unknown, number>();

  read(node: unknown): unknown {
    if (isAlias(node)) return this.#resolve(node);
    const value = this.#plain(node);
    // Only now, so that nothing can stand inside itself.
    if (hasAnchor(node)) this.#anchors.set(node.anchor, value);
    return value;
  }

  sizeOf(value: unknown): number {
    return this.#sizes.get(value) ?? 1;
  }

  #plain(node: unknown): unknown {
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      const list = node.items.map((item) => this.read(item));
      return this.#sized(list, list);
    }
    if (isMap(node)) {
      const pairs = node.items.map(({ key, value }): [string, unknown] => {
        return [isScalar(key) ? String(key.value) : "", this.read(value)];
      });
      // Of all ways to make an object, this one takes __proto__ for a name like any other.
      const object: unknown = Object.fromEntries(pairs);
      return this.#sized(object, Object.values(object as object));
    }
    return null;
  }

  #resolve(alias: Alias): unknown {
    if (!this.#anchors.has(alias.source)) this.unresolved.push(alias);
    return this.#anchors.get(alias.source);
  }

  #sized(value: unknown, parts: readonly unknown[]): unknown {
    const size = parts.reduce<number>((sum, part) => sum + this.sizeOf(part), 1);
    this.#sizes.set(value, size);
    return value;
  }
}

function hasAnchor(node: unknown): node is { readonly anchor: string } {
  return typeof node === "object" && node !== null && "anchor" in node && Boolean(node.anchor);
}
