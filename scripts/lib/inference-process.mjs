import { inferenceFolder, pythonProgram } from './paths.mjs'

const logLevels = { error: 'error', warn: 'warning', info: 'info', debug: 'debug' }

/**
 * The command that runs the inference service. INFERENCE_… settings of the caller reach it too.
 * @param {import('./start-settings.mjs').StartSettings} settings
 * @param {Record<string, string>} secrets
 */
export function createInferenceCommand(settings, secrets) {
  return {
    file: pythonProgram,
    args: ['-m', 'inpainting', 'serve'],
    cwd: inferenceFolder,
    env: {
      INFERENCE_STOP_SECONDS_MAX: '3',
      INFERENCE_LOG_LEVEL: logLevels[settings.logLevel],
      ...process.env,
      PYTHONUNBUFFERED: '1',
      INFERENCE_HOST: '127.0.0.1',
      INFERENCE_PORT: String(settings.inferencePort),
      INFERENCE_SECRET: secrets.INFERENCE_SECRET,
      INFERENCE_MEDIA_ORIGINS: settings.workerUrl,
    },
  }
}
