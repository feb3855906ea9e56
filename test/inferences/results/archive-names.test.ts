import { describe, expect, it } from 'vitest'
import {
  createNamer,
  frameFileName,
  stemOf,
} from '../../../src/inferences/results/archive-names.rules.ts'

const nameAll = (...names: string[]) => names.map(createNamer(['manifest.json']))

describe('a name in an archive', () => {
  it.each([
    [
      ['a.png', 'a.png', 'a.png'],
      ['a.png', 'a (2).png', 'a (3).png'],
    ],
    [
      ['a.png', 'A.PNG', 'a.jpg'],
      ['a.png', 'A (2).PNG', 'a.jpg'],
    ],
    [
      ['a (2).png', 'a.png', 'a.png'],
      ['a (2).png', 'a.png', 'a (3).png'],
    ],
    [
      ['caf\u00e9.png', 'cafe\u0301.png'],
      ['caf\u00e9.png', 'cafe\u0301 (2).png'],
    ],
    [['Manifest.json'], ['Manifest (2).json']],
    [
      ['noending', 'noending'],
      ['noending', 'noending (2)'],
    ],
  ])('is given once: %j', (wanted, given) => {
    expect(nameAll(...wanted)).toEqual(given)
  })

  it.each([
    ['../../etc/passwd.png', '_.._etc_passwd.png'],
    ['/a.png', '_a.png'],
    ['C:\\a.png', 'C__a.png'],
    ['a\u0000\n\u202eb.png', 'a___b.png'],
    ['..', '_'],
    ['.', '_'],
    ['', '_'],
    ['  ', '_'],
    ['.hidden.png', 'hidden.png'],
    ['a?*<>|":.png', 'a_______.png'],
    ['trailing. ', 'trailing'],
    ['\ud800.png', '\ufffd.png'],
    [`${'😀'.repeat(200)}.jpeg`, `${'😀'.repeat(150)}.jpeg`],
    ['città 日本.png', 'città 日本.png'],
  ])('of %j leads nowhere else', (wanted, given) => {
    expect(nameAll(wanted)).toEqual([given])
  })

  it('of a frame counts from one, in order of the alphabet', () => {
    expect(frameFileName({ index: 0, resultKey: 'x/y_0.png' })).toBe('frame_000001.png')
    expect(frameFileName({ index: 12_344, resultKey: 'x/y.jpg' })).toBe('frame_012345.jpg')
  })

  it('of a folder is the video’s without its ending', () => {
    expect(['clip.mp4', 'a.b.mov', 'clip'].map(stemOf)).toEqual(['clip', 'a.b', 'clip'])
  })

  it('stays quick when thousands want the same', () => {
    const name = createNamer()
    const given = new Set(Array.from({ length: 20_000 }, () => name('photo.png')))
    expect(given.size).toBe(20_000)
  })
})
