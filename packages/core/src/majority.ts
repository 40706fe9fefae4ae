/** What most say, where several say different things of one. */

/** Of values that are equally common the one that comes first; undefined of none. */
export function findMostCommon<T>(values: readonly T[]): T | undefined {
  const groups = [...Map.groupBy(values, (value) => value).values()];
  const most = Math.max(...groups.map(({ length }) => length));
  return groups.find(({ length }) => length === most)?.[0];
}
