/** What is worked out or begun once for each key, and then found again. */

/** What the map has at the key; made and put there, where it has nothing. */
export function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** What was at the key before; where nothing was, the value is put there. */
export function findEarlier<K, V>(map: Map<K, V>, key: K, value: V): V | undefined {
  const earlier = map.get(key);
  if (earlier === undefined) map.set(key, value);
  return earlier;
}
