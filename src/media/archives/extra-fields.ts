/** The content of the extra field of that id; null without one. Ends quietly where the fields are cut off. */
export function findExtraField(extra: Buffer, id: number): Buffer | null {
  let at = 0
  while (at + 4 <= extra.length) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (end > extra.length) return null
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end)
    at = end
  }
  return null
}
