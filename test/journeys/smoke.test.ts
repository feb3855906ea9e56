import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, inject, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')

/** What a deployment does with the API that it has deployed, done with the one that runs here. */
const program = `
  const { playStory, tryDoors, waitUntilReady } = await import(${JSON.stringify(path.join(root, 'scripts/deploy/smoke-test.mjs'))})
  const place = { baseUrl: ${JSON.stringify(inject('apiUrl'))}, fetch, root: ${JSON.stringify(root)} }
  const ready = await waitUntilReady({ ...place, waitMsMax: 20_000, pauseMs: 200 })
  console.log(JSON.stringify([ready, ...(await tryDoors(place)), ...(await playStory(place))]))
`

it('the smoke test of a deployment finds the real system ready, closed to strangers, and able to repair a picture', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const findings = JSON.parse(stdout) as { state: string; name: string; what: string }[]
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(findings.map(({ name }) => name)).toEqual([
    'ready',
    'alive',
    'closed to strangers',
    'logs nobody unknown in',
    'a picture is repaired',
  ])
})
