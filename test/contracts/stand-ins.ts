/** What stands in our answers for what stands in the recorded ones: ids, e-mail addresses, file names, amounts. */
export interface StandIns {
  /** From now on `ours` stands for the text `theirs`. */
  learn(theirs: string, ours: string): void
  /** A recorded text or JSON value, as it reads here. */
  apply<Value>(value: Value): Value
}

export function createStandIns(): StandIns {
  const known = new Map<string, string>()

  function applyToText(text: string): string {
    if (known.size === 0) return text
    const longestFirst = [...known.keys()].sort((one, other) => other.length - one.length)
    const pattern = new RegExp(longestFirst.map(escapeForPattern).join('|'), 'g')
    return text.replace(pattern, (theirs) => known.get(theirs) ?? theirs)
  }

  function applyTo(value: unknown): unknown {
    if (typeof value === 'string') return applyToText(value)
    if (Array.isArray(value)) return value.map(applyTo)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, applyTo(inner)]))
  }

  return {
    learn: (theirs, ours) => void known.set(theirs, ours),
    apply: <Value>(value: Value) => applyTo(value) as Value,
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
