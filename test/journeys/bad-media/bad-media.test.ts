import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createArchive } from '../../media/archives/archive-builder.ts'
import type { RefusedCase } from './cases.ts'
import { cutStills } from './cut-stills.ts'
import { type Lane, type Lanes, openLane, openLanes } from './lanes.ts'
import { lyingStills } from './lying-stills.ts'
import { mediaFolder, runPython } from './media.ts'
import { otherFormats } from './other-formats.ts'
import {
  type TakenPicture,
  type TakenVideo,
  takenMasks,
  takenPictures,
  takenVideos,
} from './taken-media.ts'
import { rotten, wrongArchives } from './wrong-archives.ts'
import { wrongMasks } from './wrong-masks.ts'
import { wrongVideos } from './wrong-videos.ts'

const place = { apiUrl: inject('apiUrl'), stateFolder: inject('stateFolder') }
const atOnce = 4

/** With how many cases each must hold at the least, so that none goes missing unseen. */
const refusedFamilies: readonly [name: string, cases: readonly RefusedCase[], least: number][] = [
  ['pictures and masks that are cut off', cutStills, 100],
  ['pictures and masks whose headers lie', lyingStills, 104],
  ['files of other formats, or in another place', otherFormats, 86],
  ['masks that are none', wrongMasks, 23],
  ['videos without pictures, and their masks', wrongVideos, 60],
  ['archives', wrongArchives, 62],
]
const takenFamilies: readonly [
  name: string,
  cases: readonly (TakenPicture | TakenVideo)[],
  least: number,
][] = [
  ['pictures', takenPictures, 90],
  ['masks', takenMasks, 23],
  ['videos', takenVideos, 60],
]
const families = [...refusedFamilies, ...takenFamilies]
const caseCount = families.reduce((sum, [, cases]) => sum + cases.length, rotten.length)

describe('what a file can be', () => {
  it(`is held by ${caseCount} cases`, () => {
    const missing = families.filter(([, cases, least]) => cases.length < least)
    expect(missing.map(([name, cases, least]) => `${name}: ${cases.length} of ${least}`)).toEqual(
      [],
    )
    for (const [, cases] of families) {
      expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length)
    }
  })
})

/** A look lists the lane's objects, its data and its balance, so it is for some cases together, which it then names. */
const casesALook = 8

describe('refused, and nothing is left of it:', () => {
  let lanes: Lanes
  const before = new Map<Lane, Awaited<ReturnType<Lane['look']>>>()
  const unseen = new Map<Lane, string[]>()

  const expectUnchanged = async (lane: Lane) => {
    const cases = unseen.get(lane)?.splice(0) ?? []
    expect(await lane.look(), `what one of these left: ${cases}`).toEqual(before.get(lane))
  }

  beforeAll(async () => {
    lanes = await openLanes(place, atOnce)
    for (const lane of lanes.all) {
      const look = await lane.look()
      expect(look).toMatchObject({ items: 1, objects: [expect.any(String), expect.any(String)] })
      before.set(lane, look)
    }
  })

  describe.each(refusedFamilies)('%s', (_name, cases) => {
    it.concurrent.each(cases)('$what', (wrong) =>
      lanes.use(async (lane) => {
        const waiting = unseen.get(lane) ?? []
        unseen.set(lane, waiting)
        waiting.push(wrong.what)
        const { status, body } = await lane.send(wrong)
        expect([status, body.code], body.message).toEqual([wrong.status ?? 400, wrong.code])
        if (typeof wrong.says === 'string') expect(body.message).toBe(wrong.says)
        else expect(body.message).toMatch(wrong.says)
        if (waiting.length >= casesALook) await expectUnchanged(lane)
      }),
    )
  })

  it('the last of each lane too', async () => {
    for (const lane of lanes.all) await expectUnchanged(lane)
  })
})

describe('an archive of one right pair among rotten entries', () => {
  it('gives the pair, is paid for it, and says of each entry what is wrong', async () => {
    const lane = await openLane(place)
    const before = await lane.look()
    const image = createArchive(rotten.flatMap(({ files }) => files))
    const { status, body } = await lane.send({ image, mask: null, imageName: 'rotten.zip' })
    expect(status, body.message).toBe(200)
    expect(body).toMatchObject({ processedItems: 1, tokenSpent: 0.7 })
    const after = await lane.look()
    expect([after.items, after.objects.length]).toEqual([
      before.items + 1,
      before.objects.length + 2,
    ])
    expect(after.balance).toBeCloseTo(before.balance - 0.7, 9)
    const reported = new Map<
      string,
      { status: string; code: string | null; reason: string | null }
    >(body.upload.report.entries.map((entry: { path: string }) => [entry.path, entry]))
    for (const { files, status: wanted, code, says } of rotten) {
      const entry = reported.get(String(files[0]?.name))
      expect(entry).toMatchObject({ status: wanted, code })
      expect(String(entry?.reason)).toMatch(says)
    }
  })
})

type Result = { readonly url: string; readonly status: string }

/** Uploads all cases into one dataset, some at a time; answers them by the index of the case. */
async function sendAll(lane: Lane, cases: readonly (TakenPicture | TakenVideo)[]) {
  const answers: Awaited<ReturnType<Lane['send']>>[] = []
  const waiting = [...cases.keys()]
  const run = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      answers[index] = await lane.send(cases[index] as TakenPicture)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  return answers
}

/** Inpaints the lane's dataset; answers where the results are, by the names of pictures and videos. */
async function inpaint(lane: Lane, outputFormat: string): Promise<Map<string, Result>> {
  const { client, datasetName } = lane
  const started = await client.send('POST', '/api/inferences', {
    datasetName,
    modelId: 'telea',
    parameters: { outputFormat },
  })
  expect(started.status, started.body.message).toBe(201)
  await client.watch(started.body.jobId, 150_000)
  const { body } = await client.send('GET', `/api/inferences/${started.body.inference.id}/results`)
  const { images, videos, items } = body.data
  const urlByPath = new Map<string, string>(
    images.map((image: { outputPath: string; downloadUrl: string }) => [
      image.outputPath,
      image.downloadUrl,
    ]),
  )
  const named: [string, Result][] = items
    .filter(({ kind }: { kind: string }) => kind === 'image')
    .map((item: { imageName: string; outputPath: string; status: string }) => [
      item.imageName,
      { url: urlByPath.get(item.outputPath) ?? '', status: item.status },
    ])
  for (const video of videos) {
    const name = new URL(video.downloadUrl).searchParams.get('filename') ?? ''
    named.push([
      name.replace('_inpainted.mp4', ''),
      { url: video.downloadUrl, status: video.status },
    ])
  }
  return new Map(named)
}

async function save(url: string, file: string): Promise<string> {
  const target = path.join(mediaFolder, file)
  mkdirSync(path.dirname(target), { recursive: true })
  const answer = await fetch(url)
  expect(answer.status, file).toBe(200)
  writeFileSync(target, new Uint8Array(await answer.arrayBuffer()))
  return target
}

function write(file: string, bytes: Uint8Array): string {
  const target = path.join(mediaFolder, file)
  mkdirSync(path.dirname(target), { recursive: true })
  writeFileSync(target, bytes)
  return target
}

function compare<Comparison>(name: string, jobs: readonly unknown[]): Record<string, Comparison> {
  return JSON.parse(
    runPython('compare_looks.py', write(`${name}.json`, Buffer.from(JSON.stringify(jobs)))),
  )
}

interface PictureLooks {
  readonly sizes: readonly (readonly number[])[]
  readonly colour: number
  readonly alpha: number
  readonly jpeg: number
  readonly filledShare: number
}

describe('taken, and comes back with its look unchanged:', () => {
  const pictures = [...takenPictures, ...takenMasks]
  const looks: Record<string, PictureLooks> = {}
  let answers: Awaited<ReturnType<typeof sendAll>>
  let spent = 0

  beforeAll(async () => {
    const lane = await openLane(place)
    const before = await lane.look()
    answers = await sendAll(lane, pictures)
    const after = await lane.look()
    spent = before.balance - after.balance
    expect(after.items - before.items).toBe(answers.filter(({ status }) => status === 200).length)
    const [png, jpeg] = [await inpaint(lane, 'png'), await inpaint(lane, 'jpg')]
    const jobs = await Promise.all(
      pictures.map(async ({ what, imageName = '', image, mask }) => {
        const results = [png.get(imageName), jpeg.get(imageName)]
        if (results.some((result) => result?.status !== 'SUCCEEDED')) return []
        return {
          name: what,
          kind: 'picture',
          source: write(`sources/${what}`, image),
          mask: write(`sources/${what}.mask`, mask),
          png: await save(results[0]?.url ?? '', `results/${what}.png`),
          jpeg: await save(results[1]?.url ?? '', `results/${what}.jpg`),
        }
      }),
    )
    Object.assign(looks, compare('pictures', jobs.flat()))
  })

  it('each picture is one item and is paid once', () => {
    const refused = pictures.flatMap(({ what }, index) => {
      const { status, body } = answers[index] as (typeof answers)[number]
      return status === 200 ? [] : [`${what}: ${body.message}`]
    })
    expect(refused).toEqual([])
    expect(spent).toBeCloseTo(0.65 * pictures.length, 6)
  })

  it.each(pictures)('$what', ({ what, colour }) => {
    const look = looks[what]
    expect(look, 'its results are there').toBeDefined()
    expect(look?.sizes).toEqual([look?.sizes[0], look?.sizes[0], look?.sizes[0]])
    expect(look?.colour, 'colours').toBeLessThanOrEqual(colour)
    expect(look?.alpha, 'alpha').toBe(0)
    expect(look?.jpeg, 'colours of a JPEG result').toBeLessThan(4)
    expect(look?.filledShare, 'pixels that were filled').toBeGreaterThan(0.5)
  })
})

interface VideoLooks {
  readonly sizes: readonly (readonly number[])[]
  readonly times: readonly (readonly number[])[]
  readonly colour: number
}

describe('taken, and comes back as a video with its look unchanged:', () => {
  const looks: Record<string, VideoLooks> = {}
  let answers: Awaited<ReturnType<typeof sendAll>>
  let spent = 0

  beforeAll(async () => {
    const lane = await openLane(place)
    const before = await lane.look()
    answers = await sendAll(lane, takenVideos)
    const after = await lane.look()
    spent = before.balance - after.balance
    const results = await inpaint(lane, 'png')
    const jobs = await Promise.all(
      takenVideos.map(async ({ what, imageName = '', image }) => {
        const result = results.get(imageName.replace(/\.[^.]*$/, ''))
        if (result?.status !== 'SUCCEEDED') return []
        return {
          name: what,
          kind: 'video',
          source: write(`sources/${what}`, image),
          result: await save(result.url, `results/${what}.mp4`),
        }
      }),
    )
    Object.assign(looks, compare('videos', jobs.flat()))
  })

  it('each frame is one item and is paid once', () => {
    const refused = takenVideos.flatMap(({ what, items }, index) => {
      const { status, body } = answers[index] as (typeof answers)[number]
      if (status === 200 && body.processedItems === items) return []
      return [`${what}: ${status} ${body.message} ${body.processedItems} items`]
    })
    expect(refused).toEqual([])
    const frames = takenVideos.reduce((sum, { items }) => sum + items, 0)
    expect(spent).toBeCloseTo(0.4 * frames, 6)
  })

  it.each(takenVideos)('$what', ({ what, fps, notes }) => {
    const answer = answers[takenVideos.findIndex((video) => video.what === what)]
    const told = (answer?.body.upload.notes ?? []).join('\n')
    if (notes) expect(told).toMatch(notes)
    else expect(told).toBe('')
    const look = looks[what]
    expect(look, 'its result is there').toBeDefined()
    const [width = 0, height = 0] = look?.sizes[0] ?? []
    expect(look?.sizes[1]).toEqual([width + (width % 2), height + (height % 2)])
    if (fps === 'source') expect(look?.times[1]).toEqual(look?.times[0])
    expect(look?.colour, 'colours').toBeLessThan(6)
  })
})
