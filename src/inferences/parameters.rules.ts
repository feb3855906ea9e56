import { inferenceErrors } from './inferences.errors.ts'

const allowedNames = ['quality', 'blendMode', 'outputFormat', 'customParameter'] as const
const formats = ['.png', '.jpg', '.jpeg', '.mp4', '.avi'] as const
const jsonBytesMax = 1000

export type InferenceParameters = Readonly<Partial<Record<(typeof allowedNames)[number], string>>>

function refuse(message: string) {
  return inferenceErrors.createError('inferences.parameters_invalid', message)
}

/** The request's `parameters` (text values under known names, at most 1000 bytes as JSON); throws what is wrong. */
export function readParametersOrThrow(value: unknown): InferenceParameters {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw refuse('"parameters" must be a JSON object if provided.')
  }
  const bytes = new TextEncoder().encode(JSON.stringify(value)).byteLength
  if (bytes > jsonBytesMax) {
    throw refuse(
      `Parameters JSON exceeds maximum size of ${jsonBytesMax} bytes (current: ${bytes} bytes)`,
    )
  }
  for (const [name, content] of Object.entries(value)) ensureParameter(name, content)
  return { ...value }
}

function ensureParameter(name: string, content: unknown): void {
  if (!allowedNames.some((allowed) => allowed === name)) {
    throw refuse(`Invalid parameter: ${name}. Allowed parameters are: ${allowedNames.join(', ')}`)
  }
  if (typeof content !== 'string') {
    throw refuse(`Parameters must be a string value. Received: ${typeof content}`)
  }
  if (name === 'outputFormat' && !formats.some((format) => format === withDot(content))) {
    throw refuse(
      `Parameter "outputFormat" must be one of the supported formats: ${formats.join(', ')}. Received: ${content}`,
    )
  }
}

function withDot(format: string): string {
  const lower = format.toLowerCase()
  return lower.startsWith('.') ? lower : `.${lower}`
}

export interface ResultFormat {
  readonly format: 'png' | 'jpeg'
  readonly extension: 'png' | 'jpg'
  readonly contentType: 'image/png' | 'image/jpeg'
  /** JPEG quality, 1 to 100. */
  readonly quality: number
}

const qualityByWord: Readonly<Record<string, number>> = { low: 75, medium: 85, high: 95 }

/** The format of image results: PNG unless the parameters ask for JPEG; a video format is for videos alone. */
export function resultFormatOf(parameters: InferenceParameters): ResultFormat {
  const word = parameters.quality?.toLowerCase() ?? 'high'
  const figure = /^\d{1,3}$/.test(word) ? Number(word) : qualityByWord[word]
  const quality = Math.min(100, Math.max(1, figure ?? 95))
  const wanted = withDot(parameters.outputFormat ?? 'png')
  return wanted === '.jpg' || wanted === '.jpeg'
    ? { format: 'jpeg', extension: 'jpg', contentType: 'image/jpeg', quality }
    : { format: 'png', extension: 'png', contentType: 'image/png', quality }
}

/** The models of the inference service that need no weights; the alias names its configured default. */
export const modelIds = ['default_inpainting', 'patchmatch', 'telea', 'navier-stokes'] as const

export type ModelId = (typeof modelIds)[number]

export function readModelIdOrThrow(value: unknown): ModelId {
  if (value === undefined || value === null) return 'default_inpainting'
  const known = modelIds.find((id) => id === value)
  if (known) return known
  throw inferenceErrors.createError(
    'inferences.model_unknown',
    `Unknown model: ${typeof value === 'string' ? value.slice(0, 100) : typeof value}. Available models are: ${modelIds.join(', ')}`,
    { available: modelIds },
  )
}
