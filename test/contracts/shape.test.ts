import { describe, expect, it } from 'vitest'
import { findShapeProblems, type ShapeOptions, shapeOf } from './shape.ts'

const problems = (sample: unknown, value: unknown, options?: ShapeOptions) =>
  findShapeProblems(shapeOf([sample]), value, options)

describe('an answer of the same shape', () => {
  it('may have other values and further keys', () => {
    expect(problems({ a: 1, b: { c: 'x' } }, { a: 2, b: { c: 'y', d: null }, e: [] })).toEqual([])
  })

  it('may have more or fewer elements', () => {
    expect(problems({ list: [{ a: 1 }] }, { list: [{ a: 2 }, { a: 3 }] })).toEqual([])
  })

  it('may have null where the samples have null beside something else', () => {
    const sample = [{ at: null }, { at: '2026-01-01' }]
    expect(problems(sample, [{ at: null }, { at: 'x' }])).toEqual([])
  })

  it('may leave out a key that only some elements have', () => {
    expect(problems([{ a: 1, b: 1 }, { a: 1 }], [{ a: 5 }])).toEqual([])
  })

  it('may have an empty list inside an element', () => {
    expect(problems([{ tags: ['a'] }], [{ tags: [] }])).toEqual([])
    expect(problems([{ tags: [] }], [{ tags: ['a'] }])).toEqual([])
  })
})

describe('an answer of another shape', () => {
  it.each([
    ['a missing key', { a: 1 }, {}, ['a: missing']],
    ['a missing nested key', { a: { b: { c: 1 } } }, { a: { b: {} } }, ['a.b.c: missing']],
    ['a wrong type', { a: '1' }, { a: 1 }, ['a: number instead of string']],
    ['null for an object', { a: { b: 1 } }, { a: null }, ['a: null instead of object']],
    ['an object for null', { a: null }, { a: {} }, ['a: object instead of null']],
    ['an object for a list', { a: [1] }, { a: {} }, ['a: object instead of array']],
    ['a list for an object', { a: {} }, { a: [] }, ['a: array instead of object']],
    ['another kind of body', { a: 1 }, 'text', ['the body: string instead of object']],
    ['an element without a key', [{ a: 1 }], [{ a: 1 }, {}], ['.*.a: missing']],
    ['an element of another type', { l: [1] }, { l: [1, 'x'] }, ['l.*: string instead of number']],
    ['an empty list', { l: [1] }, { l: [] }, ['l: empty']],
    ['a filled list', { l: [] }, { l: [1] }, ['l: not empty']],
  ])('is told by %s', (_what, sample, value, expected) => {
    expect(problems(sample, value)).toEqual(expected)
  })

  it('is told by each of its problems', () => {
    expect(problems({ a: 1, b: { c: 'x' } }, { b: { c: 1 } })).toEqual([
      'a: missing',
      'b.c: number instead of string',
    ])
  })
})

describe('an object whose keys are data', () => {
  const options = { dictionaries: ['counts'] }

  it('may have other keys', () => {
    expect(problems({ counts: { empty: 2 } }, { counts: { other: 1 } }, options)).toEqual([])
  })

  it('has values of the same type', () => {
    expect(problems({ counts: { empty: 2 } }, { counts: { other: '1' } }, options)).toEqual([
      'counts.other: string instead of number',
    ])
  })
})
