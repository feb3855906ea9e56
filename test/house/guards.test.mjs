import { describe, expect, it } from 'vitest'
import { guards, takeOut } from '../../scripts/simulate/guards.mjs'

describe('the guards that the simulation takes out', () => {
  it.each(guards.map((guard) => [guard.name, guard] as const))(
    'stand where it looks for them: %s',
    (_, guard) => {
      expect(takeOut(guard)).toContain(guard.without)
    },
  )
})
