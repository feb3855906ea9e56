import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chooseModelOrThrow,
  contentTypeOfResult,
  readParametersOrThrow,
  resultFormatOf,
} from '../../src/inferences/parameters.rules.ts'
import {
  formatAskedParameters,
  readStoredParameters,
  writeParameters,
} from '../../src/inferences/stored-parameters.rules.ts'
import { findTold, readTold, told, toldList, unready } from '../support/models.ts'

const patchmatch = { name: 'default_inpainting', model: findTold('patchmatch') }
const telea = { name: 'telea', model: findTold('telea') }
const away = { name: 'telea', model: null }

const list = (...models: object[]) => readTold({ default: 'patchmatch', models })

describe('choosing a model', () => {
  it.each([
    [undefined, 'default_inpainting', 'patchmatch'],
    [null, 'default_inpainting', 'patchmatch'],
    ['default_inpainting', 'default_inpainting', 'patchmatch'],
    ['telea', 'telea', 'telea'],
  ])('%j is taken for %s', (wanted, name, id) => {
    expect(chooseModelOrThrow(wanted, readTold())).toMatchObject({ name, model: { id } })
  })

  it.each([
    ['dall-e', 'dall-e'],
    ['lama', 'lama'],
    ['migan', 'migan'],
    ['TELEA', 'TELEA'],
    ['', ''],
    [7, 'number'],
    [{}, 'object'],
    ['x'.repeat(500), 'x'.repeat(100)],
  ])('refuses %j and names those that are ready', (wanted, shown) => {
    const available = ['default_inpainting', 'patchmatch', 'telea', 'navier-stokes']
    expect(() => chooseModelOrThrow(wanted, readTold())).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'inferences.model_unknown',
        message: `Unknown model: ${shown}. Available models are: ${available.join(', ')}`,
        details: { available },
      }),
    )
  })

  it('refuses the alias where its model cannot be used', () => {
    const broken = list(unready('patchmatch', 'failed'), told('telea'))
    expect(() => chooseModelOrThrow(undefined, broken)).toThrow(
      'Unknown model: default_inpainting. Available models are: telea',
    )
  })

  it.each(['default_inpainting', 'patchmatch', 'telea', 'navier-stokes'])(
    'takes %s while the service is away or begins: every installation has it',
    (name) => {
      const starting = list(...toldList.models.map(({ id }) => unready(id, 'starting')))
      expect(chooseModelOrThrow(name, null)).toEqual({ name, model: null })
      expect(chooseModelOrThrow(name, starting)).toEqual({ name, model: null })
    },
  )

  it.each([
    ['while the service is away', null],
    ['while it is being set up', list(told('patchmatch'), unready('lama', 'starting'))],
  ])('asks to come back for a learned one %s', (_case, models) => {
    expect(() => chooseModelOrThrow('lama', models)).toThrow(
      expect.objectContaining({ status: 503, code: 'models.unavailable' }),
    )
  })

  it.each([[7], [''], [false]])('refuses %j at once, though the service is away', (wanted) => {
    expect(() => chooseModelOrThrow(wanted, null)).toThrow(expect.objectContaining({ status: 400 }))
  })
})

describe("a model's own parameters", () => {
  it.each([
    [patchmatch, { seed: 7 }, { seed: 7 }],
    [patchmatch, { seed: '7' }, { seed: 7 }],
    [patchmatch, { seed: ' 7.0 ', patchSize: '5' }, { seed: 7, patchSize: 5 }],
    [patchmatch, { seed: '4.294967295e9' }, { seed: 4_294_967_295 }],
    [telea, { radius: 20, quality: 'high' }, { radius: 20 }],
    [telea, {}, {}],
    [away, { quality: 'low' }, {}],
  ])('of %o are read from %j', (chosen, given, model) => {
    expect(readParametersOrThrow(given, chosen).model).toEqual(model)
  })

  it.each([
    ['above', { radius: 500 }, '500'],
    ['below', { radius: 0 }, '0'],
    ['between', { radius: 2.5 }, '2.5'],
    ['as text above', { radius: '21' }, '21'],
    ['as text that is no number', { radius: '5px' }, '5px'],
    ['as a number of another notation', { radius: '0x5' }, '0x5'],
    ['as nothing', { radius: '' }, ''],
    ['as infinity', { radius: '1e999' }, '1e999'],
    ['as null', { radius: null }, 'null'],
    ['as a boolean', { radius: true }, 'true'],
    ['as a list', { radius: [5] }, '[5]'],
    ['as an object', { radius: { $gt: 1 } }, '{"$gt":1}'],
  ])('are refused %s their range, with value, range and model', (_case, given, received) => {
    expect(() => readParametersOrThrow(given, telea)).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'inferences.parameters_invalid',
        message: `Parameter "radius" of telea must be an integer from 1 to 20, 3 if left out. Received: ${received}`,
        details: expect.objectContaining({ model: 'telea', parameter: 'radius' }),
      }),
    )
  })

  it('are refused under a name that the model does not take, in the words of the original and beside them in ours', () => {
    expect(() => readParametersOrThrow({ radius: 5 }, patchmatch)).toThrow(
      expect.objectContaining({
        message:
          'Invalid parameter: radius. Allowed parameters are: quality, blendMode, outputFormat, customParameter',
        details: expect.objectContaining({
          model: 'patchmatch',
          allowed: [
            'quality',
            'blendMode',
            'outputFormat',
            'customParameter',
            'temporal',
            'seed',
            'patchSize',
          ],
          hint: expect.stringContaining(
            'patchmatch takes seed (an integer from 0 to 4294967295, 1 if left out)',
          ),
        }),
      }),
    )
  })

  it.each(['constructor', 'toString', '__proto__', 'resolvedModelId', 'tokenCost'])(
    'have none by the name of %s',
    (name) => {
      const given = JSON.parse(`{"${name}":"x"}`)
      expect(() => readParametersOrThrow(given, patchmatch)).toThrow(`Invalid parameter: ${name}.`)
    },
  )

  it('are asked for again later while the service is away, and named', () => {
    expect(() => readParametersOrThrow({ radius: 5, quality: 'low' }, away)).toThrow(
      expect.objectContaining({
        status: 503,
        code: 'models.unavailable',
        message: expect.stringMatching(/telea takes is not known .* or without radius\./),
      }),
    )
  })

  it.each([
    [{ type: 'boolean' }, 'yes', 'true or false. Received: yes'],
    [{ type: 'number', exclusiveMinimum: 0 }, 0, 'a number, above 0. Received: 0'],
    [{ type: 'number', minimum: 1 }, '0.5', 'a number, at least 1. Received: 0.5'],
    [
      { enum: ['fast', 'fine'], default: 'fast' },
      'slow',
      'one of fast, fine, fast if left out. Received: slow',
    ],
    [{ type: 'string' }, 5, 'text. Received: 5'],
    [
      { anyOf: [{ type: 'integer' }, { type: 'null' }], default: null },
      'x',
      'an integer. Received: x',
    ],
  ])('of the kind %j refuse %j', (schema, value, told) => {
    expect(() => readParametersOrThrow({ x: value }, modelWith(schema))).toThrow(
      `Parameter "x" of odd must be ${told}`,
    )
  })

  it.each([
    [{ type: 'boolean' }, 'false', false],
    [{ type: 'string' }, '5', '5'],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }] }, '5', 5],
    [{ type: ['number', 'null'] }, '-.5', -0.5],
  ])('of the kind %j read %j', (schema, value, read) => {
    expect(readParametersOrThrow({ x: value }, modelWith(schema)).model).toEqual({ x: read })
  })

  it('that the model must have are missed', () => {
    const chosen = modelWith({ type: 'integer' }, ['y'])
    expect(() => readParametersOrThrow({ x: 1 }, chosen)).toThrow(/"y" of odd .* It is missing\.$/)
  })
})

function modelWith(x: object, required: readonly string[] = []) {
  const properties = {
    x,
    ...Object.fromEntries(required.map((name) => [name, { type: 'string' }])),
  }
  const parameters = { type: 'object', additionalProperties: false, properties, required }
  return {
    name: 'odd',
    model: findTold('odd', { default: 'odd', models: [told('odd', { parameters })] }),
  }
}

describe('temporal', () => {
  it.each([
    [true, true],
    ['true', true],
    [false, false],
    ['false', false],
  ])('%j is %j', (given, temporal) => {
    const { product, model } = readParametersOrThrow({ temporal: given }, away)
    expect([product.temporal, model]).toEqual([temporal, {}])
  })

  it.each([[1], [null], ['yes'], ['']])('refuses %j', (temporal) => {
    expect(() => readParametersOrThrow({ temporal }, telea)).toThrow(
      `Parameter "temporal" must be true or false. Received: ${JSON.stringify(temporal)}`,
    )
  })
})

describe('the format of results', () => {
  it.each([
    [{}, 'png', 'png', 95],
    [{ outputFormat: '.PNG' }, 'png', 'png', 95],
    [{ outputFormat: 'jpg', quality: 'low' }, 'jpeg', 'jpg', 75],
    [{ outputFormat: '.jpeg', quality: '60' }, 'jpeg', 'jpg', 60],
    [{ outputFormat: 'jpg', quality: '0' }, 'jpeg', 'jpg', 1],
    [{ outputFormat: 'jpg', quality: 'superb' }, 'jpeg', 'jpg', 95],
    [{ outputFormat: 'mp4' }, 'png', 'png', 95],
    [{ outputFormat: 'webp', quality: 'medium' }, 'webp', 'webp', 85],
    [{ outputFormat: 'Source' }, 'source', null, 95],
  ])('%j is %s', (parameters, format, extension, quality) => {
    expect(resultFormatOf(readParametersOrThrow(parameters, away))).toEqual({
      format,
      extension,
      quality,
    })
  })

  it.each(['gif', '.source', 'tiff', '', 'source.png'])('refuses %j', (outputFormat) => {
    expect(() => readParametersOrThrow({ outputFormat }, away)).toThrow(
      `Parameter "outputFormat" must be one of the supported formats: .png, .jpg, .jpeg, .mp4, .avi, .webp, source. Received: ${outputFormat}`,
    )
  })

  it.each([
    ['a/processed_1.png', 'image/png'],
    ['a/processed_1.jpg', 'image/jpeg'],
    ['a/processed_1.webp', 'image/webp'],
  ])('of %s is stored as %s', (key, contentType) => {
    expect(contentTypeOfResult(key)).toBe(contentType)
  })
})

describe('parameters', () => {
  it('that any client can send do no harm', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(patchmatch, telea), (value, chosen) => {
        try {
          readParametersOrThrow(value, chosen)
        } catch (error) {
          expect(error).toMatchObject({ status: 400 })
        }
      }),
    )
  })

  it('with any value of a model’s own are taken as the schema wants them, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.double().map(String)), (seed) => {
        try {
          const { model } = readParametersOrThrow({ seed }, patchmatch)
          expect(Number.isInteger(model.seed)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ status: 400 })
        }
      }),
    )
  })

  it('are stored as they were asked for, with the model behind the alias', () => {
    const given = { quality: 'low', temporal: 'false', seed: '7' }
    const text = writeParameters(readParametersOrThrow(given, patchmatch), patchmatch)
    const stored = readStoredParameters({ parameters: text, modelId: 'default_inpainting' })
    expect(stored).toEqual({
      product: { quality: 'low', temporal: false },
      model: { seed: 7 },
      resolvedModelId: 'patchmatch',
    })
    expect(formatAskedParameters(stored)).toEqual({ quality: 'low', temporal: false, seed: 7 })
  })

  it.each([
    ['default_inpainting', null],
    ['telea', 'telea'],
  ])('of %s that were stored without a model name %s', (modelId, resolvedModelId) => {
    const stored = readStoredParameters({ parameters: '{"quality":"low"}', modelId })
    expect(stored).toEqual({ product: { quality: 'low' }, model: {}, resolvedModelId })
  })
})
