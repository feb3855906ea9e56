import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isSource, listFiles, root } from './repository.ts'

const registry = 'src/documentation/errors/all-errors.ts'
const sources = listFiles(isSource)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** The lists that a text declares, by the names under which it exports them. */
const findLists = (text: string) =>
  [...text.matchAll(/export const (\w+) = define(?:Errors|Reasons)\(/g)].map(([, name]) => name)

describe('the lists of error codes', () => {
  const lists = sources.flatMap(({ path: file, text }) =>
    findLists(text).map((name) => ({ file, name })),
  )

  it('are all among those that have pages', () => {
    const text = read(registry)
    expect(lists.filter(({ name }) => !text.includes(`${name}.all`))).toEqual([])
    expect(lists.length).toBeGreaterThan(15)
  })

  it('are declared in files that are named so', () => {
    const strange = lists.filter(({ file }) => !/(\.errors|^src\/shared\/errors)\.ts$/.test(file))
    expect(strange).toEqual([])
  })

  it('are found by this scan', () => {
    expect(findLists('export const aErrors = defineErrors({})')).toEqual(['aErrors'])
    expect(findLists('export const aReasons = defineReasons({\n')).toEqual(['aReasons'])
  })
})

/** Codes by which the service refuses what only this product's own mistakes could ask for, or asks to be tried again. */
const neverTold = ['auth.invalid', 'request.invalid', 'request.too_large']

describe('the codes of the inference service', () => {
  const codes = [
    ...read('inference-container/inpainting/errors.py').matchAll(/= "([a-z_]+\.[a-z_]+)"/g),
  ]
    .map(([, code]) => code ?? '')
    .filter((code) => !neverTold.includes(code))

  it('each have a page, for they stand beside what failed', () => {
    const known = sources
      .filter(({ path: file }) => file.endsWith('errors.ts'))
      .flatMap(({ text }) => [...text.matchAll(/^ {2}'([a-z_]+\.[a-z_]+)': \{$/gm)])
      .map(([, code]) => code)
    expect(codes.filter((code) => !known.includes(code))).toEqual([])
    expect(codes.length).toBeGreaterThan(25)
  })
})
