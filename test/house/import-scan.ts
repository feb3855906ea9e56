import path from 'node:path'
import type { SourceFile } from './repository.ts'

export interface Import {
  readonly from: string
  /** A path from the repository's root for a file, otherwise a package's name with its subpath. */
  readonly to: string
  /** Types are gone when the program runs. */
  readonly isTypeOnly: boolean
}

const statement =
  /^\s*(?:import|export)\s+(type\s+)?((?:[\w$*]|\{[^}]*\}|,|\s)*?)\s*from\s*['"]([^'"]+)['"]/gm
const sideEffect = /^\s*import\s*['"]([^'"]+)['"]/gm
const dynamic = /\bawait\s+import\(\s*['"]([^'"]+)['"]/g

/** Every static, bare and awaited import and every re-export of a file, in the order of these kinds. */
export function scanImports(file: SourceFile): Import[] {
  const create = (to: string, isTypeOnly: boolean): Import => ({
    from: file.path,
    to: to.startsWith('.') ? path.posix.join(path.posix.dirname(file.path), to) : to,
    isTypeOnly,
  })
  return [
    ...[...file.text.matchAll(statement)].map(([, type, names = '', to = '']) =>
      create(to, type !== undefined || holdsOnlyTypes(names)),
    ),
    ...[...file.text.matchAll(sideEffect)].map(([, to = '']) => create(to, false)),
    ...[...file.text.matchAll(dynamic)].map(([, to = '']) => create(to, false)),
  ]
}

/** `{ type A, type B }`, with no name outside the braces. */
function holdsOnlyTypes(names: string): boolean {
  const inside = /^\{([^}]*)\}$/.exec(names.trim())?.[1]
  if (inside === undefined) return false
  const parts = inside.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').every((part) => part.startsWith('type '))
}
