import { formatTime } from '../shared/clock.ts'
import { defaultAlias } from './choose-model.rules.ts'
import type { Model } from './model-list.ts'
import type { KnownModels } from './models.client.ts'

const reasons: Readonly<Record<Model['status'], string | null>> = {
  ready: null,
  starting: 'It is being set up. Ask again in a few seconds.',
  failed: 'It could not be set up on this installation.',
  notConfigured: 'This installation has no weights for it.',
}

export function formatModelsForApi(
  { list, asOfMs, isCurrent }: KnownModels,
  limits: { picturePixelsMax: number },
) {
  return {
    default: list.defaultId,
    models: list.models.map((model) => ({
      ...formatModel(model, limits),
      isDefault: model.id === list.defaultId,
      aliases: model.id === list.defaultId ? [defaultAlias] : [],
    })),
    asOf: formatTime(asOfMs),
    isCurrent,
  }
}

function formatModel(model: Model, { picturePixelsMax }: { picturePixelsMax: number }) {
  const { status, parameters, sizes, ...told } = model
  const isReady = status === 'ready'
  return {
    ...told,
    ready: isReady,
    reason: reasons[status],
    parameters: isReady ? parameters : null,
    limits: {
      picturePixelsMax,
      kernelSizes: sizes.rule,
      kernelSideMax: sizes.sideMax,
      kernelPixelsMax: sizes.cropPixelsMax,
    },
  }
}
