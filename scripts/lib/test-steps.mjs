import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createToolsEnvironment } from './node-version.mjs'
import { fromRoot, inferenceFolder, pythonProgram } from './paths.mjs'
import { derivedSettingNames, workerSettingNames } from './start-settings.mjs'
import { readPytestCounts, readVitestCounts } from './test-counts.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {'static' | 'tests' | 'journeys'} kind static steps read the code only; steps of one kind may run at once
 * @property {Omit<import('./children.mjs').Command, 'name' | 'onLine'>} command
 * @property {readonly string[]} [share] further arguments where none are asked for: which of the tests are this step's
 * @property {() => import('./test-counts.mjs').Counts | undefined} [readCounts] a step without it counts as one test
 */

/** The Python tests of what moves: about half of the time that all take. */
const videoTests = ['tests/videos', 'tests/sequences', 'tests/temporal']

/**
 * Everything that is checked, in order.
 * @param {string} toolsNode
 * @returns {Step[]}
 */
export function listSteps(toolsNode) {
  const reports = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-reports-'))
  process.on('exit', () => rmSync(reports, { recursive: true, force: true }))
  const settings = [...workerSettingNames, ...derivedSettingNames]
  const env = createToolsEnvironment(toolsNode, [
    ...settings,
    'PORT',
    'INFERENCE_PORT',
    'STATE_DIR',
  ])
  return [
    node('types', 'tsc', []),
    node('scripts', 'tsc', ['--project', 'scripts']),
    node('format', 'biome', ['check', '--error-on-warnings', '.']),
    python('ruff', ['-m', 'ruff', 'check', '.']),
    python('ruff-format', ['-m', 'ruff', 'format', '--check', '.']),
    python('mypy', ['-m', 'mypy']),
    vitest('worker', 'tests', 'vitest.config.ts'),
    pytest(
      'python',
      videoTests.map((folder) => `--ignore=${folder}`),
    ),
    pytest('python-videos', videoTests),
    vitest('house', 'tests', 'vitest.house.config.ts'),
    vitest('journeys', 'journeys', 'vitest.journeys.config.ts'),
  ]

  /** @param {string} name @param {string} tool @param {string[]} args @returns {Step} */
  function node(name, tool, args) {
    const file = fromRoot('node_modules', '.bin', tool)
    return { name, kind: 'static', command: { file, args, cwd: fromRoot(), env } }
  }

  /** @param {string} name @param {string[]} args @returns {Step} */
  function python(name, args) {
    return {
      name,
      kind: 'static',
      command: { file: pythonProgram, args, cwd: inferenceFolder, env },
    }
  }

  /** @param {string} name @param {'tests' | 'journeys'} kind @param {string} config @returns {Step} */
  function vitest(name, kind, config) {
    const report = path.join(reports, `${name}.json`)
    const file = fromRoot('node_modules', '.bin', 'vitest')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const args = ['run', '--config', config, ...reporters]
    return {
      name,
      kind,
      command: { file, args, cwd: fromRoot(), env },
      readCounts: () => readVitestCounts(report),
    }
  }

  /** @param {string} name @param {readonly string[]} share @returns {Step} */
  function pytest(name, share) {
    const report = path.join(reports, `${name}.xml`)
    const args = ['-m', 'pytest', `--junit-xml=${report}`]
    return {
      name,
      kind: 'tests',
      command: { file: pythonProgram, args, cwd: inferenceFolder, env },
      share,
      readCounts: () => readPytestCounts(report),
    }
  }
}
