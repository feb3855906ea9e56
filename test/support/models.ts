import { vi } from 'vitest'
import { type Model, readModelList } from '../../src/models/model-list.ts'
import type { ModelCatalogue } from '../../src/models/models.client.ts'

const noParameters = {
  type: 'object',
  title: 'Parameters',
  additionalProperties: false,
  properties: {},
}

const radius = {
  ...noParameters,
  properties: {
    radius: { type: 'integer', minimum: 1, maximum: 20, default: 3, title: 'Radius' },
  },
}

/** A model of the service's answer, with what is for those who run the service alone. */
export const told = (id: string, changes: object = {}) => ({
  id,
  version: '1.0.0',
  title: `The ${id}`,
  description: 'Fills holes.',
  licence: 'MIT',
  commercialUse: true,
  runtime: 'opencv',
  device: 'cpu',
  source: null,
  sha256: null,
  inputs: [],
  output: { name: 'image', composited: true },
  sizes: { rule: 'any', padding: 'none', sideMin: 0, sideMax: null, cropPixelsMax: 612_244 },
  status: 'ready',
  ready: true,
  reason: null,
  aliases: [],
  parameters: noParameters,
  speed: { milliseconds: 205, picture: '256x256, hole 64x64', device: 'cpu' },
  ...changes,
})

export const patchmatch = told('patchmatch', {
  aliases: ['default_inpainting'],
  parameters: {
    ...noParameters,
    properties: {
      seed: { type: 'integer', minimum: 0, maximum: 4_294_967_295, default: 1 },
      patchSize: { type: 'integer', minimum: 1, maximum: 15, default: 3 },
    },
  },
})

export const secretPlace = '/srv/secret-weights/lama.onnx'

export const unready = (id: string, status: string) =>
  told(id, {
    status,
    ready: false,
    reason: `${secretPlace} does not exist`,
    source: secretPlace,
    speed: null,
  })

/** What `GET /v1/models` answers where no weights are named. */
export const toldList = {
  default: 'patchmatch',
  models: [
    patchmatch,
    told('telea', { parameters: radius, speed: null }),
    told('navier-stokes', { parameters: radius, speed: null }),
    unready('lama', 'failed'),
    unready('migan', 'notConfigured'),
  ],
}

export function readTold(list: object = toldList) {
  const read = readModelList(list)
  if (!read) throw new Error('This is no list of models.')
  return read
}

export function findTold(id: string, list: object = toldList): Model {
  const model = readTold(list).models.find((each) => each.id === id)
  if (!model) throw new Error(`${id} is not told.`)
  return model
}

/** A catalogue that knows that list. */
export const catalogueOf = (list: object = toldList): ModelCatalogue => ({
  find: async () => ({ list: readTold(list), asOfMs: 0, isCurrent: true }),
})

/** Has the inference service answer `GET /v1/models`, and nothing else, until mocks are restored. Tells what was asked. */
export function stageModels(answer: () => Response | Promise<Response>): URL[] {
  const asked: URL[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    asked.push(new URL(request.url))
    if (request.method === 'GET' && request.url.endsWith('/v1/models')) return answer()
    throw new TypeError('Network connection lost')
  })
  return asked
}
