import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { compareWithPhoto } from './pictures.ts'

const apiUrl = inject('apiUrl')
const python = path.resolve(import.meta.dirname, '../../inference-container/.venv/bin')

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#39': "'",
}

/** The blocks of commands in a section of a page, as a browser shows them. */
async function readCommands(address: string, section: string): Promise<string[]> {
  const page = await (await fetch(apiUrl + address)).text()
  const [, rest = ''] = page.split(`<section id="${section}"`)
  const [text = ''] = rest.split('</section>')
  const blocks = text.matchAll(/<pre[^>]* aria-label="Commands: [^>]*><code>([^<]*)<\/code>/g)
  return [...blocks].map(([, code = '']) =>
    code.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole),
  )
}

/** Hands the commands to a shell as if they were pasted; answers what it printed. */
function paste(commands: readonly string[], folder: string): Promise<string> {
  const programs = [path.dirname(process.execPath), python, process.env.PATH]
  const shell = spawn('bash', [], {
    cwd: folder,
    env: { ...process.env, HOME: folder, PATH: programs.join(path.delimiter) },
  })
  let printed = ''
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  }
  shell.stdin.end(commands.map((command) => `${command}\n`).join(''))
  return new Promise((resolve) => shell.once('close', () => resolve(printed)))
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'first-steps-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function expectRepaired() {
  const changed = compareWithPhoto(readFileSync(path.join(folder, 'repaired.png')))
  expect(changed.outside).toBe(0)
  expect(changed.inside).toBeGreaterThan(0.9 * changed.holePixels)
}

describe('who has nothing but the first page', () => {
  it('pastes its commands as they stand, and has a repaired picture', async () => {
    const commands = await readCommands('/docs', 'first-steps')
    expect(commands).toHaveLength(8)
    const printed = await paste(commands, folder)
    expect(printed).not.toContain('"success":false')
    expect(printed).toContain('"status":"completed"')
    expect(printed).toContain('"balance":96.6')
    expectRepaired()
  })

  it('may paste them twice', async () => {
    const commands = await readCommands('/docs', 'first-steps')
    await paste(commands, folder)
    rmSync(path.join(folder, 'repaired.png'))
    // E-mail addresses of the commands are made of the second.
    await paste(['sleep 1'], folder)
    expect(await paste(commands, folder)).toContain('"balance":96.6')
    expectRepaired()
  })

  it('is told what was refused where a command fails, and waits for nothing', async () => {
    const commands = await readCommands('/docs', 'first-steps')
    const withoutUpload = commands.filter((command) => !command.includes('/api/datasets/data'))
    const printed = await paste(withoutUpload, folder)
    expect(printed).toContain('"code":"inferences.dataset_not_found"')
    expect(printed).toContain(`"documentation":"${apiUrl}/docs/errors/inferences.`)
  })
})

describe('who goes on to the guides', () => {
  it('pastes their commands after the first steps, and each takes effect', async () => {
    const steps = await readCommands('/docs', 'first-steps')
    const again = await readCommands('/docs/guides', 'idempotency')
    const uploads = await readCommands('/docs/guides', 'uploads')
    const sent = again.map((command) => `${command}\n${command.split('\n').slice(1).join('\n')}`)
    const printed = await paste([...steps, ...sent, ...uploads], folder)
    expect(printed).not.toContain('"success":false')
    const jobs = [...printed.matchAll(/"jobId":(\d+)\}/g)].map(([, jobId]) => jobId)
    expect(jobs).toHaveLength(3)
    expect(new Set(jobs).size).toBe(2)
    expect(printed).toContain('"processedItems":20')
    expect(printed).toContain('"processedItems":2,')
  })
})

describe('who writes a program', () => {
  it.each(['repair.mjs', 'repair.py'])('runs %s of the guides as it stands', async (file) => {
    const commands = await readCommands('/docs/guides', 'programs')
    const wanted = commands.filter((command) => command.includes(file))
    expect(wanted).toHaveLength(1)
    expect((await paste(wanted, folder)).trim()).toBe('repaired.png')
    expectRepaired()
  })

  it('reads in the guides the very program that is downloaded', async () => {
    const page = await (await fetch(`${apiUrl}/docs/guides`)).text()
    for (const file of ['repair.mjs', 'repair.py']) {
      const program = await (await fetch(`${apiUrl}/docs/assets/${file}`)).text()
      const [, shown = ''] = page.split(`aria-label="${file}"><code>`)
      const text = shown
        .split('</code>')[0]
        ?.replace(/&(#?\w+);/g, (_all, name) => entities[name] ?? '')
      expect(text).toBe(program)
    }
  })
})
