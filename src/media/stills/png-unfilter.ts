/**
 * Undoes a row's filter in place (PNG, third edition, 9.2). Both rows begin with their filter type; `previous` is the
 * row above, already undone, or null for the first. `step` is the bytes of a whole pixel, at least 1.
 */
export function unfilterRow(row: Uint8Array, previous: Uint8Array | null, step: number): void {
  const type = row[0]
  if (type === 1) addLeft(row, step)
  else if (type === 2) previous && addAbove(row, previous)
  else if (type === 3) addAverage(row, previous ?? new Uint8Array(row.length), step)
  else if (type === 4) addPaeth(row, previous ?? new Uint8Array(row.length), step)
}

function addLeft(row: Uint8Array, step: number): void {
  const length = row.length
  for (let i = 1 + step; i < length; i += 1) {
    row[i] = (row[i] as number) + (row[i - step] as number)
  }
}

function addAbove(row: Uint8Array, above: Uint8Array): void {
  const length = row.length
  for (let i = 1; i < length; i += 1) row[i] = (row[i] as number) + (above[i] as number)
}

function addAverage(row: Uint8Array, above: Uint8Array, step: number): void {
  const length = row.length
  const first = Math.min(1 + step, length)
  for (let i = 1; i < first; i += 1) row[i] = (row[i] as number) + ((above[i] as number) >> 1)
  for (let i = first; i < length; i += 1) {
    row[i] = (row[i] as number) + (((row[i - step] as number) + (above[i] as number)) >> 1)
  }
}

function addPaeth(row: Uint8Array, above: Uint8Array, step: number): void {
  const length = row.length
  const first = Math.min(1 + step, length)
  for (let i = 1; i < first; i += 1) row[i] = (row[i] as number) + (above[i] as number)
  for (let i = first; i < length; i += 1) {
    const left = row[i - step] as number
    const up = above[i] as number
    const corner = above[i - step] as number
    const toLeft = Math.abs(up - corner)
    const toUp = Math.abs(left - corner)
    const toCorner = Math.abs(left + up - corner - corner)
    const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner
    row[i] = (row[i] as number) + nearest
  }
}
