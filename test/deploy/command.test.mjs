import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ensurePageAssets } from '../../scripts/lib/page-assets.mjs'
import { fromRoot } from '../../scripts/lib/paths.mjs'
import { commitAll, createStage, runOn } from './stage.mjs'

const stage = createStage()
afterAll(() => rmSync(stage.place, { recursive: true }))

describe('npm run deploy -- --dry-run', () => {
  it('ends with 1 on what the repository holds, where nobody has filled in anything', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [fromRoot('scripts', 'deploy.mjs'), '--env=production', '--dry-run'],
      { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: stage.place } },
    )
    expect(stdout).toContain("PUBLIC_BASE_URL is 'https://api.example.com'")
    expect(stdout).toMatch(/ok +bindings/)
    expect(stdout).toMatch(/ok +build/)
    expect(status).toBe(1)
  })

  it('refuses an option that it does not know, in a sentence', () => {
    const args = [fromRoot('scripts', 'deploy.mjs'), '--prod']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^'--prod' is no option\. Usage: .*\n$/),
    ])
  })

  it('holds with the real wrangler and the real Worker, where every value is given', async () => {
    ensurePageAssets()
    for (const folder of ['src', 'dist', 'package.json', 'tsconfig.json']) {
      cpSync(fromRoot(folder), path.join(stage.place, folder), { recursive: true, force: true })
    }
    symlinkSync(fromRoot('node_modules'), path.join(stage.place, 'node_modules'))
    mkdirSync(path.join(stage.place, '.wrangler'), { recursive: true })
    const commit = commitAll(stage.place)
    const { isGood, said } = await runOn(stage, {
      isDryRun: true,
      environment: { TESTED_COMMIT: commit },
      wranglerProgram: [
        process.execPath,
        fromRoot('node_modules', 'wrangler', 'bin', 'wrangler.js'),
      ],
    })
    expect(said).not.toContain('WRONG')
    expect(said).toMatch(/ok +build +\d+ KiB \(\d+ compressed\) of 65536/)
    expect(isGood).toBe(true)
  })
})
