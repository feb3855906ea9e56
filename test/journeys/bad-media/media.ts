import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const here = import.meta.dirname
const python = path.resolve(here, '../../../inference-container/.venv/bin/python')

/** Where the suite's media are made, and where results are put beside them. */
export const mediaFolder = mkdtempSync(path.join(tmpdir(), 'bad-media-'))

export type MediaGroup = 'looks' | 'masks' | 'parts' | 'clips' | 'clip-masks' | 'wrong-clips'

export function runPython(script: string, argument: string): string {
  return execFileSync(python, [path.join(here, script), argument], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 16_000_000,
  })
}

// Tables of cases name the media, so these are made before the tables are read.
for (const script of ['make_stills.py', 'make_videos.py']) runPython(script, mediaFolder)

export function readMedia(group: MediaGroup, name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path.join(mediaFolder, group, name)))
}

export function listMedia(group: MediaGroup): string[] {
  return readdirSync(path.join(mediaFolder, group)).sort()
}
