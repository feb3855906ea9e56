import { describe, expect, it } from 'vitest'
import {
  checkBindings,
  checkDeadLetters,
  checkNothingShared,
  flattenConfig,
  readEffectiveConfig,
} from '../../scripts/deploy/check-configuration.mjs'
import { environmentNames } from '../../scripts/deploy/options.mjs'
import { queuesOf, readRawConfig } from '../../scripts/deploy/rendered-config.mjs'
import { root } from '../../scripts/lib/paths.mjs'

const raw = readRawConfig(root)

describe('the environments of wrangler.toml', () => {
  it('are those that can be deployed', () => {
    expect(Object.keys(raw.env).sort()).toEqual([...environmentNames].sort())
  })

  it.each(environmentNames)(
    '%s has what the tests run on: classes, queues with their settings, cron, assets, limits',
    (environmentName) => {
      expect(checkBindings({ root, environmentName })).toMatchObject([{ state: 'ok' }])
      expect(checkDeadLetters(raw.env[environmentName])).toMatchObject([{ state: 'ok' }])
      const environment = flattenConfig(readEffectiveConfig(root, environmentName))
      const places = [...environment.keys()].map((place) => place.replace(/\[.*/, ''))
      // What is compared is really there, and not lost on the way.
      for (const kind of [
        'durable_objects.bindings',
        'queues.consumers',
        'triggers.crons',
        'r2_buckets',
        'd1_databases',
      ]) {
        expect(places).toContain(kind)
      }
      for (const place of [
        'exports.TokenAccount.storage',
        'limits.cpu_ms',
        'assets.directory',
        'observability.enabled',
      ]) {
        expect(environment.has(place), place).toBe(true)
      }
    },
  )

  it.each(environmentNames)(
    '%s has stores and queues of its own, named after its Worker',
    (name) => {
      expect(checkNothingShared({ config: raw, environmentName: name })).toMatchObject([
        { state: 'ok' },
      ])
      const environment = raw.env[name]
      const names = [
        ...queuesOf(environment),
        environment.d1_databases[0].database_name,
        environment.r2_buckets[0].bucket_name,
        environment.vars.S3_BUCKET,
      ]
      expect(names.filter((one) => !one.startsWith(environment.name))).toEqual([])
    },
  )

  it('have queues whose names say to the Worker what they carry', () => {
    for (const name of environmentNames) {
      const ends = queuesOf(raw.env[name]).map((queue) => queue.slice(raw.env[name].name.length))
      expect(ends).toEqual([
        '-tasks',
        '-tasks-dead',
        '-uploads',
        '-uploads-dead',
        '-videos',
        '-videos-dead',
      ])
    }
  })
})
