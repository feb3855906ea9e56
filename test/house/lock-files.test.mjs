import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findMissingPlatformPackages } from '../../scripts/lib/platform-packages.mjs'

/** @param {string} file */
const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

describe('the lock files', () => {
  const packages = JSON.parse(read('package-lock.json')).packages

  it('of npm names no host: everybody installs from their own registry', () => {
    const resolved = Object.entries(packages).filter(([, entry]) => 'resolved' in entry)
    expect(resolved.map(([folder]) => folder)).toEqual([])
  })

  it('of npm holds the packages of every platform (`node scripts/complete-lock.mjs` adds them)', () => {
    expect(findMissingPlatformPackages(packages)).toEqual([])
  })

  it('of npm agrees with package.json', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'))
    expect(packages['']).toMatchObject({ dependencies, devDependencies })
  })

  const pipLocks = ['requirements.lock', 'requirements-dev.lock']

  it.each(pipLocks)('of pip (%s) names no host, and a hash for every package', (name) => {
    const lines = read(`inference-container/${name}`).split('\n')
    expect(lines.filter((line) => /:\/\/|--(extra-)?index-url|--find-links/.test(line))).toEqual([])
    const pinned = lines.filter((line) => /^[\w.[\]-]+==/.test(line))
    expect(pinned.length).toBeGreaterThan(0)
    expect(pinned.filter((line) => !line.endsWith('\\'))).toEqual([])
  })

  it('of pip agree: the tests run on what the service runs on', () => {
    const [run, test] = pipLocks.map((name) =>
      read(`inference-container/${name}`).match(/^[\w.[\]-]+==\S+/gm),
    )
    expect(run?.length).toBeGreaterThan(10)
    expect(test).toEqual(expect.arrayContaining(run ?? []))
    expect(run?.filter((line) => /^(pytest|mypy|ruff|scikit-image|onnx)==/.test(line))).toEqual([])
  })
})

describe('the search for missing platform packages', () => {
  const parent = { version: '1.0.0', optionalDependencies: { 'native-linux-x64': '1.0.0' } }

  it('finds one that the lock leaves out', () => {
    expect(findMissingPlatformPackages({ 'node_modules/native': parent })).toHaveLength(1)
  })

  it('finds one beside its parent or further up, and minds its version', () => {
    const nested = 'node_modules/tool/node_modules/native'
    const held = { version: '1.0.0' }
    const other = { version: '2.0.0' }
    expect(
      findMissingPlatformPackages({ [nested]: parent, 'node_modules/native-linux-x64': held }),
    ).toEqual([])
    expect(
      findMissingPlatformPackages({ [nested]: parent, 'node_modules/native-linux-x64': other }),
    ).toMatchObject([{ path: 'node_modules/tool/node_modules/native-linux-x64' }])
  })
})
