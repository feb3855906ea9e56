import { describe, expect, it } from 'vitest'
import { guards, takeOut } from '../../scripts/simulate/guards.mjs'

describe('the guards that the simulation takes out', () => {
  for (const guard of guards) {
    it(`stand where it looks for them: ${guard.name}`, () => {
      for (const edit of guard.edits) expect(takeOut(edit)).toContain(edit.without)
    })
  }
})
