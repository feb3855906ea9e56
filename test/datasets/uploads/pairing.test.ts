import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ArchivedFile, pairEntries } from '../../../src/datasets/uploads/pairing.rules.ts'

const file = (path: string, bytes = 10): ArchivedFile => ({ path, isFolder: false, bytes })
const pair = (paths: readonly string[]) => pairEntries(paths.map((path) => file(path)))

/** Who got which mask, by path: `picture → mask`. */
function pairsOf(paths: readonly string[]): string[] {
  return pair(paths).flatMap(({ path, maskNumber }) =>
    maskNumber === null ? [] : [`${path} → ${paths[maskNumber]}`],
  )
}

const refusals = (paths: readonly string[]) =>
  pair(paths).map(({ refusal }) => (refusal ? `${refusal.state} ${refusal.code}` : 'accepted'))
const unpaired = 'REJECTED entry.unpaired'
const ambiguous = 'REJECTED entry.ambiguous'

describe('the files of an archive', () => {
  it('pair as the documented example says, and its notes are ignored', () => {
    const paths = [
      'group1/image_1.png',
      'group1/mask_1.png',
      'group1/video_2.mp4',
      'group1/mask_2.png',
      'group1/notes.txt',
      'group2/sample_1.jpg',
      'group2/mask_1.jpg',
      'group2/sample_2.jpeg',
      'group2/mask_2.jpeg',
      'group3/clip_1.avi',
      'group3/mask_1.png',
    ]
    expect(pairsOf(paths)).toEqual([
      'group1/image_1.png → group1/mask_1.png',
      'group1/video_2.mp4 → group1/mask_2.png',
      'group2/sample_1.jpg → group2/mask_1.jpg',
      'group2/sample_2.jpeg → group2/mask_2.jpeg',
      'group3/clip_1.avi → group3/mask_1.png',
    ])
    expect(pair(paths)[4]).toMatchObject({
      number: 4,
      path: 'group1/notes.txt',
      role: 'none',
      refusal: { state: 'IGNORED', code: 'entry.format' },
    })
    expect(pair(paths).map(({ role }) => role)).toEqual([
      ...['image', 'mask', 'video', 'mask', 'none', 'image', 'mask', 'image', 'mask'],
      ...['video', 'mask'],
    ])
  })

  it.each([
    ['in any folder, however deep', ['a/b/c/d/x_1.png', 'a/b/c/d/mask_1.png']],
    ["in the archive's top folder", ['x_1.png', 'mask_1.png']],
    ['with the mask first', ['g/mask_1.png', 'g/x_1.png']],
    ['with endings and words in capitals', ['g/X_1.PNG', 'g/MASK_1.JPEG']],
    ['with the word inside a name', ['g/x_1.webp', 'g/x_1-Masked.png']],
    ['with leading zeros on one side', ['g/x_7.png', 'g/mask_007.png']],
    ['with the number zero', ['g/x_0.png', 'g/mask_000.png']],
    [
      'with numbers longer than a number can be',
      ['g/x_90071992547409931.png', 'g/mask_90071992547409931.png'],
    ],
    ['by the last number of several', ['g/2024_x_1.png', 'g/1999_mask_1.png']],
    ['without numbers when they are alone', ['g/x.png', 'g/mask.png']],
    ['when they are alone and only one has a number', ['g/x_5.png', 'g/mask.png']],
    ['when they are alone and only the mask has a number', ['g/x.png', 'g/mask_5.png']],
    ['with a name that has dots', ['g/x.v2.1.png', 'g/mask.1.png']],
    ['with separators of Windows', ['g\\x_1.png', 'g\\mask_1.png']],
    ['with a path that begins with a dot', ['./g/x_1.png', 'g/mask_1.png']],
    ['a video with a mask video', ['g/x_1.mov', 'g/mask_1.mkv']],
    ['a video with a picture as its mask', ['g/x_1.webm', 'g/mask_1.png']],
  ])('pair %s', (_case, paths) => {
    expect(pairsOf(paths)).toHaveLength(1)
    expect(refusals(paths)).toEqual(['accepted', 'accepted'])
  })

  it('pair those without a number with each other beside numbered ones', () => {
    expect(pairsOf(['x.png', 'mask.png', 'x_1.png', 'mask_1.png'])).toEqual([
      'x.png → mask.png',
      'x_1.png → mask_1.png',
    ])
  })

  it.each([
    ['the tenth picture and the first mask', ['g/image_10.png', 'g/mask_1.png']],
    ['lone files whose numbers differ', ['g/x_1.png', 'g/mask_2.png']],
    [
      'numbers that differ in a digit no float holds',
      ['g/x_90071992547409931.png', 'g/mask_90071992547409932.png'],
    ],
    ['files of different folders', ['a/x_1.png', 'b/mask_1.png']],
    ['files of a folder and the one above', ['a/x_1.png', 'a/b/mask_1.png']],
    ['folders whose names differ in capitals', ['A/x_1.png', 'a/mask_1.png']],
  ])('never pair: %s', (_case, paths) => {
    expect(refusals(paths)).toEqual([unpaired, unpaired])
  })

  it('are no masks by the name of their folder', () => {
    expect(refusals(['masks/a_1.png', 'masks/b_2.png'])).toEqual([unpaired, unpaired])
  })
})

describe('a file that is refused', () => {
  it.each([
    [['g/x_3.png', 'g/x_1.png', 'g/mask_1.png'], "No mask with the number 3 is in the folder 'g'"],
    [['g/x_3.png'], "No mask is in the folder 'g': a mask's file name contains 'mask'"],
    [['x_3.png'], "No mask is in the archive's top folder"],
    [['g/mask_3.png'], "No picture or video is in the folder 'g'"],
    [
      ['g/mask_3.png', 'g/x_1.png'],
      "No picture or video with the number 3 is in the folder 'g': give both the same number.",
    ],
    [
      ['g/x.png', 'g/x_1.png', 'g/mask_1.png'],
      "Its name has no number, and which mask in the folder 'g' belongs to it cannot be told",
    ],
    [
      ['g/a_1.png', 'g/b_01.jpg', 'g/mask_1.png'],
      "Several files with the number 1 are in the folder 'g': 'a_1.png', 'b_01.jpg' (picture or video) and " +
        "'mask_1.png' (mask). Give each pair a number of its own.",
    ],
    [
      ['g/cat.png', 'g/dog.png', 'g/cat_mask.png', 'g/dog_mask.png'],
      "Several files without a number are in the folder 'g': 'cat.png', 'dog.png' (picture or video)",
    ],
    [
      ['a_1.png', 'b_1.png', 'c_1.png', 'd_1.png', 'e_1.png', 'mask_1.png'],
      "'a_1.png', 'b_1.png', 'c_1.png' and 2 more (picture or video) and 'mask_1.png' (mask)",
    ],
    [
      ['g/x_1.png', 'g/mask_1.mp4'],
      "'x_1.png' is a picture and its mask 'mask_1.mp4' a video: a picture's mask must be a picture.",
    ],
  ])('is told why: %j', (paths, sentence) => {
    expect(pair(paths)[0]?.refusal?.reason).toContain(sentence)
  })

  it.each([
    [
      'two pictures for one mask',
      ['a_1.png', 'b_1.png', 'mask_1.png'],
      [ambiguous, ambiguous, ambiguous],
    ],
    [
      'a picture and a video for one mask',
      ['a_1.png', 'a_1.mp4', 'mask_1.png'],
      [ambiguous, ambiguous, ambiguous],
    ],
    [
      'two masks for one picture',
      ['a_1.png', 'mask_1.png', 'mask_01.jpg'],
      [ambiguous, ambiguous, ambiguous],
    ],
    ['two pictures without any mask', ['a_1.png', 'b_1.png'], [unpaired, unpaired]],
    [
      'several files and one mask, without numbers',
      ['a.png', 'b.png', 'mask.png'],
      [ambiguous, ambiguous, ambiguous],
    ],
    [
      'a video as the mask of a picture',
      ['a.png', 'mask.mp4'],
      ['REJECTED entry.video_mask', 'REJECTED entry.video_mask'],
    ],
  ])('is one of %s', (_case, paths, expected) => {
    expect(refusals(paths)).toEqual(expected)
  })

  it('leaves the other pairs of its folder alone', () => {
    const paths = ['a_1.png', 'b_1.png', 'mask_1.png', 'a_2.png', 'mask_2.png', 'a_3.png']
    expect(pairsOf(paths)).toEqual(['a_2.png → mask_2.png'])
  })

  it.each([
    ['__MACOSX/g/._x_1.png', 'entry.hidden'],
    ['g/__MACOSX/x_1.png', 'entry.hidden'],
    ['g/._x_1.png', 'entry.hidden'],
    ['g/.x_1.png', 'entry.hidden'],
    ['.git/x_1.png', 'entry.hidden'],
    ['g/.DS_Store', 'entry.hidden'],
    ['g/Thumbs.db', 'entry.hidden'],
    ['g/desktop.ini', 'entry.hidden'],
    ['g/mask_1.bmp', 'entry.format'],
    ['g/photo.heic', 'entry.format'],
    ['g/inner.zip', 'entry.format'],
    ['g/png', 'entry.format'],
    ['g/image_1.png.exe', 'entry.format'],
    ['', 'entry.format'],
  ])('is ignored where it is none of ours: %j', (path, code) => {
    expect(pair([path])[0]).toMatchObject({ role: 'none', refusal: { state: 'IGNORED', code } })
  })

  it('is a folder: it is ignored, whatever its name', () => {
    const [folder] = pairEntries([{ path: 'g/mask_1.png/', isFolder: true, bytes: 0 }])
    expect(folder).toMatchObject({ role: 'none', refusal: { state: 'IGNORED' } })
  })

  it('is empty: it is rejected, and so is what it belongs to', () => {
    const entries = pairEntries([file('x_1.png', 0), file('mask_1.png')])
    expect(entries.map(({ refusal }) => refusal?.code)).toEqual(['entry.empty', 'entry.unpaired'])
    expect(entries[1]?.refusal?.reason).toBe(
      "The picture 'x_1.png' that it belongs to is empty: it has 0 bytes.",
    )
  })

  it('is empty: it hands its mask to no other file', () => {
    const entries = pairEntries([file('cat.png', 0), file('dog.png'), file('mask.png')])
    expect(entries.map(({ refusal }) => refusal?.code)).toEqual([
      'entry.empty',
      'entry.ambiguous',
      'entry.ambiguous',
    ])
  })

  it('has the path of a later one: that one counts, as when the archive is extracted', () => {
    const entries = pairEntries([
      file('g/x_1.png'),
      file('g/mask_1.png'),
      file('g/x_1.png'),
      file('x_1.png'),
      file('g/notes.txt'),
      file('g/notes.txt'),
    ])
    expect(entries.map(({ refusal }) => refusal?.code ?? null)).toEqual([
      'entry.replaced',
      null,
      null,
      'entry.unpaired',
      'entry.replaced',
      'entry.format',
    ])
    expect(entries[2]).toMatchObject({ role: 'image', maskNumber: 1 })
    expect(entries[0]).toMatchObject({
      role: 'none',
      refusal: { state: 'IGNORED', reason: 'A later entry has its path and takes its place.' },
    })
  })

  it('gets a sentence of bounded length, however long the names are', () => {
    const name = `${'🎞'.repeat(16_000)}_1.png`
    const [refused] = pair([`${name}/${name}`, `${name}/x${name}`, `${name}/mask_1.png`])
    expect(refused?.refusal?.reason.length).toBeLessThan(1500)
    expect(refused?.refusal?.reason.isWellFormed()).toBe(true)
  })
})

describe('pairing', () => {
  const name = fc
    .tuple(
      fc.constantFrom('', 'a/', 'a/b/', '__MACOSX/'),
      fc.constantFrom('x', 'y_', 'mask', 'Mask_', '.x'),
      fc.constantFrom('', '1', '01', '10', '2'),
      fc.constantFrom('png', 'JPG', 'mp4', 'txt'),
    )
    .map(([folder, word, number, extension]) => `${folder}${word}${number}.${extension}`)
  const entry = fc.record({
    path: name,
    isFolder: fc.constant(false),
    bytes: fc.constantFrom(0, 5, 5, 5),
  })
  const archive = fc.array(entry, { maxLength: 12 })

  it('answers every entry once, and gives each accepted file exactly one partner', () => {
    fc.assert(
      fc.property(archive, (entries) => {
        const paired = pairEntries(entries)
        expect(paired.map(({ number, path }) => [number, path])).toEqual(
          entries.map(({ path }, number) => [number, path]),
        )
        const accepted = paired.filter(({ refusal }) => refusal === null)
        const masks = accepted.filter(({ role }) => role === 'mask').map(({ number }) => number)
        const media = accepted.filter(({ role }) => role !== 'mask')
        expect(media.map(({ maskNumber }) => maskNumber).sort()).toEqual(masks.sort())
        for (const { refusal, maskNumber } of paired) {
          if (refusal) expect(maskNumber).toBeNull()
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('says the same in whatever order the entries lie', () => {
    const outcome = (entries: readonly ArchivedFile[]) =>
      pairEntries(entries)
        .map(({ path, role, maskNumber, refusal }) =>
          JSON.stringify([path, role, maskNumber === null ? null : entries[maskNumber], refusal]),
        )
        .sort()
    const distinct = fc.uniqueArray(entry, { maxLength: 12, selector: ({ path }) => path })
    const shuffled = distinct.chain((entries) =>
      fc.tuple(
        fc.constant(entries),
        fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([entries, other]) => {
        expect(outcome(other)).toEqual(outcome(entries))
      }),
      { numRuns: 1_000 },
    )
  })

  it('takes no longer for names made to be slow and for a hundred thousand files', () => {
    const slow = pair([`${'1'.repeat(60_000)}a${'1a'.repeat(2_000)}.png`, 'mask.png'])
    expect(slow).toHaveLength(2)
    const many = Array.from({ length: 50_000 }, (_, index) => [
      `x_${index}.png`,
      `mask_${index}.png`,
    ])
    expect(pair(many.flat())).toHaveLength(100_000)
    const letters = (index: number) =>
      [...String(index)].map((digit) => 'abcdefghij'[Number(digit)])
    const alike = Array.from({ length: 100_000 }, (_, index) => {
      return `${index % 2 ? 'x' : 'mask'}_${letters(index).join('')}.png`
    })
    expect(refusals(alike).every((outcome) => outcome === ambiguous)).toBe(true)
    const one = Array.from({ length: 100_000 }, (_, index) => (index % 2 ? 'x.png' : 'mask.png'))
    expect(refusals(one).filter((outcome) => outcome === 'IGNORED entry.replaced')).toHaveLength(
      99_998,
    )
  })
})
