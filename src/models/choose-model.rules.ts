import type { Model, ModelList } from './model-list.ts'

/** The name under which an inference uses the service's default model. */
export const defaultAlias = 'default_inpainting'

/** The models that every installation has: they need no weights. */
export const builtInIds = ['patchmatch', 'telea', 'navier-stokes'] as const

/** What was named, and the model behind it; null where the service does not tell, and every installation has it. */
export interface ChosenModel {
  readonly name: string
  readonly model: Model | null
}

export type ModelChoice =
  | { readonly kind: 'chosen'; readonly chosen: ChosenModel }
  /** Neither an id nor an alias of a model that can be used; `available` are those that can. */
  | { readonly kind: 'unknown'; readonly available: readonly string[] }
  /** Whether there is such a model shows in a while. */
  | { readonly kind: 'undecided'; readonly why: string }

const everywhere: readonly string[] = [defaultAlias, ...builtInIds]

/** Finds the model of that id or alias. `list` is null while the service cannot be asked. */
export function chooseModel(name: unknown, list: ModelList | null): ModelChoice {
  if (typeof name !== 'string' || name === '') {
    return { kind: 'unknown', available: list ? listAvailable(list) : everywhere }
  }
  const isEverywhere = everywhere.includes(name)
  if (list === null) {
    if (isEverywhere) return { kind: 'chosen', chosen: { name, model: null } }
    return { kind: 'undecided', why: 'the inference service does not answer' }
  }
  const id = name === defaultAlias ? list.defaultId : name
  const model = list.models.find((each) => each.id === id)
  if (model?.status === 'ready') return { kind: 'chosen', chosen: { name, model } }
  if (model?.status === 'starting') {
    // What needs no weights is ready in a moment; weights may take minutes to come, or fail.
    return isEverywhere
      ? { kind: 'chosen', chosen: { name, model: null } }
      : { kind: 'undecided', why: 'the model is being set up' }
  }
  return { kind: 'unknown', available: listAvailable(list) }
}

function listAvailable({ defaultId, models }: ModelList): string[] {
  const ready = models.filter((model) => model.status === 'ready').map((model) => model.id)
  return ready.includes(defaultId) ? [defaultAlias, ...ready] : ready
}
