/** The oracle's own arithmetic of addresses, by first and last: it shares none with what it judges. */
import type { Address, Prefix } from "@warren/core";

export interface Span {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

export function spanOf({ family, bits, length }: Prefix): Span {
  const size = 1n << BigInt((family === 4 ? 32 : 128) - length);
  return { family, first: bits, last: bits + size - 1n, length };
}

export function hostSpan({ family, bits }: Address): Span {
  return { family, first: bits, last: bits, length: family === 4 ? 32 : 128 };
}

export function isIn(span: Span, { family, bits }: Address): boolean {
  return span.family === family && span.first <= bits && bits <= span.last;
}

export function isInAny(spans: readonly Span[], address: Address): boolean {
  for (const span of spans) if (isIn(span, address)) return true;
  return false;
}

/** Whether the one has all of the other. */
export function isOver(one: Span, other: Span): boolean {
  return one.family === other.family && one.first <= other.first && other.last <= one.last;
}

export function isOverlap(one: Span, other: Span): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/**
 * One address for each part of `whole` that no edge of `cuts` divides: what holds for it holds for
 * the whole part. Always the same object for the same address, as `intern` sees to.
 */
export function cutSpan(
  whole: Span,
  cuts: Iterable<Span>,
  intern: (address: Address) => Address,
): readonly Address[] {
  const starts = new Set([whole.first]);
  for (const cut of cuts) {
    if (cut.family !== whole.family || cut.last < whole.first || whole.last < cut.first) continue;
    if (cut.first > whole.first) starts.add(cut.first);
    if (cut.last < whole.last) starts.add(cut.last + 1n);
  }
  return [...starts].map((bits) => intern({ family: whole.family, bits }));
}

/** What two spans share, which is one of them or nothing. */
export function meetSpans(one: Span, other: Span): readonly Span[] {
  if (!isOverlap(one, other)) return [];
  return [one.length > other.length ? one : other];
}

/** The same text for the same addresses, however they are cut. */
export function printSet(spans: readonly Span[]): string {
  const sorted = spans.toSorted((one, other) =>
    one.family === other.family ? Number(one.first > other.first) || -1 : one.family - other.family,
  );
  const runs: { family: 4 | 6; first: bigint; last: bigint }[] = [];
  for (const { family, first, last } of sorted) {
    const run = runs.at(-1);
    if (run === undefined || run.family !== family || run.last + 1n < first) {
      runs.push({ family, first, last });
    } else if (run.last < last) run.last = last;
  }
  return runs
    .map(({ family, first, last }) =>
      [first, last].map((bits) => printAddress({ family, bits })).join("-"),
    )
    .join();
}

export function printAddress({ family, bits }: Address): string {
  const width = family === 4 ? 8n : 16n;
  const groups = Array.from({ length: family === 4 ? 4 : 8 }, (_, at) =>
    Number((bits >> (width * BigInt((family === 4 ? 3 : 7) - at))) & ((1n << width) - 1n)),
  );
  return family === 4 ? groups.join(".") : groups.map((group) => group.toString(16)).join(":");
}

export function printSpan({ family, first, length }: Span): string {
  return `${printAddress({ family, bits: first })}/${length}`;
}
