import { type ChosenModel, defaultAlias } from '../models/choose-model.rules.ts'
import { type InferenceParameters, isProductName } from './parameters.rules.ts'

/** What an inference keeps of how it was asked for. */
export interface StoredParameters extends InferenceParameters {
  /** The model that works on it; null where the default was asked for and nobody knew which it was. */
  readonly resolvedModelId: string | null
}

const resolvedName = 'resolvedModelId'

/**
 * The text of `inferences.parameters`: what was asked for, flat as it was asked, and which model the alias stood for, so
 * that all of an inference is made by one model and parameters reach the one that they were checked for.
 */
export function writeParameters(parameters: InferenceParameters, { model }: ChosenModel): string {
  const resolved = model === null ? {} : { [resolvedName]: model.id }
  return JSON.stringify({ ...parameters.product, ...parameters.model, ...resolved })
}

export function readStoredParameters(inference: {
  readonly parameters: string
  readonly modelId: string
}): StoredParameters {
  const stored = JSON.parse(inference.parameters) as Record<string, unknown>
  const { [resolvedName]: resolved, ...asked } = stored
  const named = inference.modelId === defaultAlias ? null : inference.modelId
  const entries = Object.entries(asked)
  return {
    product: Object.fromEntries(entries.filter(([name]) => isProductName(name))),
    model: Object.fromEntries(entries.filter(([name]) => !isProductName(name))),
    resolvedModelId: typeof resolved === 'string' ? resolved : named,
  }
}

/** The parameters as they were asked for. */
export function formatAskedParameters(stored: StoredParameters): Record<string, unknown> {
  return { ...stored.product, ...stored.model }
}
