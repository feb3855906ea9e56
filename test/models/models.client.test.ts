import { describe, expect, it } from 'vitest'
import { createServiceCall } from '../../src/inference-service/service-call.ts'
import { createModelCatalogue } from '../../src/models/models.client.ts'
import { told, toldList, unready } from '../support/models.ts'

type Answer = () => Response | Promise<Response>

/** A catalogue over staged HTTP answers, with a clock of the test's own. */
function stage(...answers: Answer[]) {
  let nowMs = 1000
  const asked: Request[] = []
  const clock = { nowMs: () => nowMs }
  const serviceCall = createServiceCall({
    baseUrl: 'http://inference.invalid',
    secret: 'staged-inference-secret-0123456789-01',
    clock,
    fetch: async (...request) => {
      asked.push(new Request(...request))
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (!answer) throw new TypeError('Network connection lost')
      return answer()
    },
  })
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const catalogue = createModelCatalogue({ serviceCall, clock, logger })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { catalogue, asked, pass }
}

const away: Answer = () => Promise.reject(new TypeError('Network connection lost'))
const answering =
  (list: object = toldList): Answer =>
  () =>
    Response.json(list)

describe('the list of models', () => {
  it('is asked for with an access token, once in 30 seconds', async () => {
    const { catalogue, asked, pass } = stage(answering())
    expect(await catalogue.find()).toMatchObject({ asOfMs: 1000, isCurrent: true })
    pass(29_999)
    expect((await catalogue.find())?.list.models).toHaveLength(5)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      method: 'GET',
      url: 'http://inference.invalid/v1/models',
      body: null,
    })
    expect(asked[0]?.headers.get('authorization')).toMatch(/^Bearer ey/)
    pass(1)
    expect(await catalogue.find()).toMatchObject({ asOfMs: 31_000 })
    expect(asked).toHaveLength(2)
  })

  it('is asked for again after two seconds while a model is being set up', async () => {
    const starting = { ...toldList, models: [unready('patchmatch', 'starting')] }
    const { catalogue, pass } = stage(answering(starting), answering())
    expect((await catalogue.find())?.list.models).toHaveLength(1)
    pass(2000)
    expect((await catalogue.find())?.list.models).toHaveLength(5)
  })

  it('is the last one, and said to be, while the service is away', async () => {
    const { catalogue, pass } = stage(answering(), away, away, answering())
    await catalogue.find()
    pass(30_000)
    expect(await catalogue.find()).toMatchObject({ asOfMs: 1000, isCurrent: false })
    pass(2000)
    expect(await catalogue.find()).toMatchObject({ asOfMs: 1000, isCurrent: false })
    pass(2000)
    expect(await catalogue.find()).toMatchObject({ asOfMs: 35_000, isCurrent: true })
  })

  it('goes on without waiting for another request that asks', async () => {
    const slow = Promise.withResolvers<Response>()
    const { catalogue, asked, pass } = stage(answering(), () => slow.promise)
    await catalogue.find()
    pass(30_000)
    const waiting = catalogue.find()
    expect(await catalogue.find()).toMatchObject({ asOfMs: 1000, isCurrent: true })
    slow.resolve(Response.json(toldList))
    expect(await waiting).toMatchObject({ asOfMs: 31_000 })
    expect(asked).toHaveLength(2)
  })

  it('waits two seconds at most for a service that says nothing', async () => {
    const silent = createModelCatalogue({
      serviceCall: {
        getJson: (_path, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve({ kind: 'broken', reason: 'timeout' }))
          }),
      },
      clock: { nowMs: () => Date.now() },
      logger: { info: () => {}, warn: () => {}, error: () => {} },
    })
    const startedMs = Date.now()
    expect(await silent.find()).toBeNull()
    expect(Date.now() - startedMs).toBeLessThan(2500)
  })

  it.each([
    ['is away', away],
    ['is busy', () => new Response('{}', { status: 503 })],
    ['refuses the access token', () => Response.json({ error: {} }, { status: 401 })],
    ['answers 404', () => new Response('Not found', { status: 404 })],
    ['answers what is no JSON', () => new Response('<html>')],
    ['answers a list alone', answering([])],
    ['names no default', answering({ models: [] })],
    ['tells a model without its parameters', answering({ ...toldList, models: [{ id: 'x' }] })],
  ])(
    'is not known where the service %s, and not asked for at once again',
    async (_case, answer) => {
      const { catalogue, asked, pass } = stage(answer)
      expect(await catalogue.find()).toBeNull()
      pass(1999)
      expect(await catalogue.find()).toBeNull()
      expect(asked).toHaveLength(1)
    },
  )

  it('holds a model to be out of use whose parameters are told in words that are not understood', async () => {
    const parameters = { type: 'object', properties: { x: { type: 'colour' } } }
    const { catalogue } = stage(
      answering({ default: 'odd', models: [told('odd', { parameters })] }),
    )
    expect((await catalogue.find())?.list.models).toMatchObject([{ id: 'odd', status: 'failed' }])
  })

  it('holds a model in a state that is not of the contract to be out of use', async () => {
    const list = { default: 'odd', models: [told('odd', { status: 'dancing' })] }
    expect((await stage(answering(list)).catalogue.find())?.list.models[0]?.status).toBe('failed')
  })
})
