import { readFileSync } from 'node:fs'
import path from 'node:path'
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
import { ownNames, readSettingsText } from '../../scripts/deploy/settings.mjs'
import { root } from '../../scripts/lib/paths.mjs'
import { settingNames } from '../../src/config.ts'

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

  it('are explained in deploy/example.env by names that exist, with every secret that they need', () => {
    const text = readFileSync(path.join(root, 'deploy', 'example.env'), 'utf8')
    const names = [...text.matchAll(/^([A-Z0-9_]+)=$/gm)].map(([, name = '']) => name)
    const known = /** @type {readonly string[]} */ ([...ownNames, ...settingNames])
    expect(names.filter((name) => !known.includes(name))).toEqual([])
    const needed = [...raw.env.production.secrets.required, 'D1_DATABASE_ID', 'PUBLIC_BASE_URL']
    expect(needed.filter((name) => !names.includes(name))).toEqual([])
    expect(readSettingsText(text, 'example.env')).toEqual({ values: new Map(), problems: [] })
  })

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
