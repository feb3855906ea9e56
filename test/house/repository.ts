import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

const binary = /\.(png|jpe?g|webp|gif|mp4|avi|mov|mkv|webm|zip|onnx|wasm|ico|pdf)$/

/** The text files that git has or would take: what is ignored is nobody's business. */
export function listFiles(isWanted: (file: string) => boolean = () => true): SourceFile[] {
  return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((file) => file !== '' && !binary.test(file) && isWanted(file))
    .filter((file) => existsSync(path.join(root, file)))
    .map((file) => ({ path: file, text: readFileSync(path.join(root, file), 'utf8') }))
}

export const isSource = (file: string) => /^src\/.*\.ts$/.test(file) && !file.endsWith('.d.ts')

/** Where a text matches, as `path:line: match`, for a failure that can be clicked on. */
export function findMatches(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const match = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(line)
      return match ? [`${file.path}:${index + 1}: ${match[0].trim()}`] : []
    }),
  )
}
