import { type ChosenModel, chooseModel, defaultAlias } from '../models/choose-model.rules.ts'
import type { ModelList } from '../models/model-list.ts'
import {
  describeParameters,
  readModelParameters,
  takesParameter,
} from '../models/model-parameters.rules.ts'
import { modelErrors } from '../models/models.errors.ts'
import { inferenceErrors } from './inferences.errors.ts'

/** The original's, whose values are text. */
const textNames = ['quality', 'blendMode', 'outputFormat', 'customParameter'] as const
const productNames: readonly string[] = [...textNames, 'temporal']
const formats = ['.png', '.jpg', '.jpeg', '.mp4', '.avi', '.webp'] as const
const formatOfSource = 'source'
const jsonBytesMax = 1000

/** What an inference may be told whatever its model. */
export type ProductParameters = Readonly<Partial<Record<(typeof textNames)[number], string>>> & {
  /** Whether videos are filled from what other frames show; they are unless this is false. */
  readonly temporal?: boolean
}

/** An inference's parameters: the product's, and those of its model by their names. */
export interface InferenceParameters {
  readonly product: ProductParameters
  readonly model: Readonly<Record<string, unknown>>
}

function refuse(message: string, details?: Readonly<Record<string, unknown>>) {
  return inferenceErrors.createError('inferences.parameters_invalid', message, details)
}

/**
 * The model that the request names, or the default. Throws `inferences.model_unknown`, and `models.unavailable` where it
 * shows only in a while whether there is such a model. `list` is null while the service cannot be asked.
 */
export function chooseModelOrThrow(value: unknown, list: ModelList | null): ChosenModel {
  const name = value === undefined || value === null ? defaultAlias : value
  const choice = chooseModel(name, list)
  if (choice.kind === 'chosen') return choice.chosen
  const shown = typeof name === 'string' ? name.slice(0, 100) : typeof name
  if (choice.kind === 'undecided') {
    throw modelErrors.createError(
      'models.unavailable',
      `The model ${shown} cannot be used now: ${choice.why}. Send the request again in a few seconds, or leave modelId out.`,
    )
  }
  const { available } = choice
  throw inferenceErrors.createError(
    'inferences.model_unknown',
    `Unknown model: ${shown}. Available models are: ${available.join(', ')}`,
    { available },
  )
}

/**
 * The request's `parameters`: at most 1000 bytes as JSON, under names of the product and of the model. Throws what is
 * wrong, and `models.unavailable` where what the model takes shows only in a while.
 */
export function readParametersOrThrow(value: unknown, chosen: ChosenModel): InferenceParameters {
  if (value === undefined || value === null) return { product: {}, model: {} }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw refuse('"parameters" must be a JSON object if provided.')
  }
  const bytes = new TextEncoder().encode(JSON.stringify(value)).byteLength
  if (bytes > jsonBytesMax) {
    throw refuse(
      `Parameters JSON exceeds maximum size of ${jsonBytesMax} bytes (current: ${bytes} bytes)`,
    )
  }
  const product: Record<string, unknown> = {}
  const own: [string, unknown][] = []
  for (const [name, content] of Object.entries(value)) {
    if (isProductName(name)) product[name] = readProductParameter(name, content)
    else own.push([name, content])
  }
  return { product, model: readOwnParameters(own, chosen) }
}

function readProductParameter(name: string, content: unknown): unknown {
  if (name === 'temporal') return readTemporal(content)
  if (typeof content !== 'string') {
    throw refuse(`Parameters must be a string value. Received: ${typeof content}`, {
      parameter: name,
    })
  }
  if (name === 'outputFormat' && !isFormat(content)) {
    throw refuse(
      `Parameter "outputFormat" must be one of the supported formats: ${[...formats, formatOfSource].join(', ')}. Received: ${content}`,
    )
  }
  return content
}

function readTemporal(content: unknown): boolean {
  if (content === true || content === 'true') return true
  if (content === false || content === 'false') return false
  throw refuse(`Parameter "temporal" must be true or false. Received: ${JSON.stringify(content)}`)
}

function readOwnParameters(
  own: readonly [string, unknown][],
  { name: modelName, model }: ChosenModel,
): InferenceParameters['model'] {
  const [first] = own
  if (!first) return {}
  if (!model) {
    throw modelErrors.createError(
      'models.unavailable',
      `What parameters ${modelName} takes is not known while the inference service does not answer. Send the request again in a few seconds, or without ${own.map(([name]) => name).join(', ')}.`,
    )
  }
  const details = { model: model.id, modelParameters: model.parameters.properties }
  for (const [name] of own) {
    if (takesParameter(model, name)) continue
    // The sentence is the original's, word for word; what the model takes stands beside it.
    throw refuse(`Invalid parameter: ${name}. Allowed parameters are: ${textNames.join(', ')}`, {
      ...details,
      allowed: [...productNames, ...Object.keys(model.parameters.properties)],
      hint: `Beside these, "temporal" may be true or false, and ${model.id} takes ${describeParameters(model)}.`,
    })
  }
  const read = readModelParameters(model, Object.fromEntries(own))
  if (read.ok) return read.values
  throw refuse(read.message, { ...details, parameter: read.name })
}

/** Whether a parameter is the product's, whatever the model. */
export function isProductName(name: string): boolean {
  return productNames.includes(name)
}

function isFormat(text: string): boolean {
  return isSource(text) || formats.some((format) => format === withDot(text))
}

function isSource(text: string): boolean {
  return text.toLowerCase() === formatOfSource
}

function withDot(format: string): string {
  const lower = format.toLowerCase()
  return lower.startsWith('.') ? lower : `.${lower}`
}

export type ResultExtension = 'png' | 'jpg' | 'webp'

export interface ResultFormat {
  /** `source` is each picture's own. */
  readonly format: 'png' | 'jpeg' | 'webp' | 'source'
  /** Of every result; null where each has its picture's. */
  readonly extension: ResultExtension | null
  /** JPEG and WebP quality, 1 to 100. */
  readonly quality: number
}

const qualityByWord: Readonly<Record<string, number>> = { low: 75, medium: 85, high: 95 }

/** The format of image results: PNG unless the parameters ask for another; a video format is for videos alone. */
export function resultFormatOf({ product }: InferenceParameters): ResultFormat {
  const word = product.quality?.toLowerCase() ?? 'high'
  const figure = /^\d{1,3}$/.test(word) ? Number(word) : qualityByWord[word]
  const quality = Math.min(100, Math.max(1, figure ?? 95))
  const wanted = product.outputFormat ?? 'png'
  if (isSource(wanted)) return { format: 'source', extension: null, quality }
  switch (withDot(wanted)) {
    case '.jpg':
    case '.jpeg':
      return { format: 'jpeg', extension: 'jpg', quality }
    case '.webp':
      return { format: 'webp', extension: 'webp', quality }
    default:
      return { format: 'png', extension: 'png', quality }
  }
}

const contentTypes: Readonly<Record<string, string>> = { jpg: 'image/jpeg', webp: 'image/webp' }

/** The content type of an image result, by the ending of its key. */
export function contentTypeOfResult(resultKey: string): string {
  return contentTypes[resultKey.slice(resultKey.lastIndexOf('.') + 1)] ?? 'image/png'
}
