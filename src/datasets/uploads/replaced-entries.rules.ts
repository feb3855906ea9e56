/**
 * The places in a list of files whose path a later one has again. Extracting an archive writes the later file over the
 * earlier, and programs that add to an archive rely on it: the later one is what people see.
 */
export function findReplaced(entries: readonly { readonly path: string }[]): ReadonlySet<number> {
  const lastByPath = new Map(entries.map(({ path }, place) => [path, place]))
  const places = entries.map((_, place) => place)
  return new Set(places.filter((place) => lastByPath.get(entries[place]?.path ?? '') !== place))
}
