const ipv4Pattern = /^\d{1,3}(\.\d{1,3}){3}$/
const mappedPattern = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
const groupPattern = /^[0-9a-f]{1,4}$/i

/** What counts as one address where there is none, or none that can be read, as on a developer's machine. */
export const unknownAddress = 'unknown'

/**
 * What counts as one address: an IPv4 address, or the /64 of an IPv6 address, since whoever has one address of it has
 * all of them.
 */
export function scopeOfAddress(address: string | undefined): string {
  const text = address?.trim() ?? ''
  if (ipv4Pattern.test(text)) return text
  const mapped = mappedPattern.exec(text)?.[1]
  if (mapped !== undefined) return mapped
  const groups = readIpv6Groups(text)
  if (groups === null) return unknownAddress
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}

/** The eight groups of an IPv6 address, `::` written out; null for what is none. */
function readIpv6Groups(text: string): string[] | null {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0 || !text.includes(':')) return null
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const given = first.length + last.length
  if (tail === undefined ? given !== 8 : given > 7) return null
  const groups = [...first, ...Array.from({ length: 8 - given }, () => '0'), ...last]
  const isDotted = /^\d{1,3}(\.\d{1,3}){3}$/.test(groups[7] ?? '')
  const isRight = groups.every(
    (group, index) => groupPattern.test(group) || (index === 7 && isDotted),
  )
  return isRight ? groups : null
}
