import path from 'node:path'
import { fromRoot } from './paths.mjs'
import { Refusal } from './say.mjs'

/** Settings of the Worker that may be given to `npm start`: `PRICE_PLAN=specification npm start`. */
export const workerSettingNames = /** @type {const} */ ([
  'APP_ENV',
  'PRICE_PLAN',
  'CORS_ORIGINS',
  'JWT_SECRET_PREVIOUS',
  'MEDIA_URL_SECRET_PREVIOUS',
  'MEDIA_DELIVERY',
  'MEDIA_URL_TTL_SECONDS',
  'UPLOAD_BYTES_MAX',
  'FILE_BYTES_MAX',
  'FILE_UPLOAD_TTL_HOURS',
  'PICTURE_BYTES_MAX',
  'MASK_BYTES_MAX',
  'PICTURE_PIXELS_MAX',
  'ARCHIVE_ENTRIES_MAX',
  'ARCHIVE_RATIO_MAX',
  'ARCHIVE_INFLATED_BYTES_MAX',
  'VIDEO_FRAMES_MAX',
  'DATASET_RETENTION_DAYS',
  'JOBS_RUNNING_PER_USER_MAX',
  'TASKS_QUEUED_PER_USER',
  'GRID_GRAMS_PER_KWH',
  'LOGINS_BY_ADDRESS',
  'REGISTRATIONS_BY_ADDRESS',
  'REGISTRATIONS_BY_ACCOUNT',
  'UPLOADS_BY_ADDRESS',
  'UPLOADS_BY_ACCOUNT',
  'LOGIN_FAILURES_FREE',
  'LOGIN_FAILURES_WINDOW_SECONDS',
  'LOGIN_WAIT_SECONDS_MAX',
  'LOGIN_KNOWN_FOR_DAYS',
  'ADMIN_EMAIL',
  'ADMIN_PASSWORD',
])

/** Settings that follow from the ports, and secrets that are made: the environment never overrides them. */
export const derivedSettingNames = /** @type {const} */ ([
  'PUBLIC_BASE_URL',
  'INFERENCE_BASE_URL',
  'S3_ENDPOINT',
  'S3_BUCKET',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'JWT_SECRET',
  'MEDIA_URL_SECRET',
  'INFERENCE_SECRET',
])

const logLevels = /** @type {const} */ (['error', 'warn', 'info', 'debug'])

/**
 * @typedef {object} StartSettings
 * @property {number} port
 * @property {number} inferencePort
 * @property {string} stateFolder absolute
 * @property {(typeof logLevels)[number]} logLevel
 * @property {string} workerUrl
 * @property {string} inferenceUrl
 * @property {Record<string, string>} workerSettings what the caller set of the Worker's own settings
 */

/**
 * Reads PORT, INFERENCE_PORT, STATE_DIR, LOG_LEVEL and the Worker's settings. Throws a Refusal for a wrong value.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {StartSettings}
 */
export function readStartSettingsOrThrow(environment) {
  const port = readPort(environment, 'PORT', 8787)
  const inferencePort = readPort(environment, 'INFERENCE_PORT', 8788)
  if (port === inferencePort) {
    throw new Refusal(`PORT and INFERENCE_PORT are both ${port}: set one of them to another port.`)
  }
  const logLevel = logLevels.find((level) => level === (environment.LOG_LEVEL || 'warn'))
  if (!logLevel) {
    throw new Refusal(`LOG_LEVEL is '${environment.LOG_LEVEL}': it can be ${logLevels.join(', ')}.`)
  }
  return {
    port,
    inferencePort,
    stateFolder: path.resolve(fromRoot(), environment.STATE_DIR || path.join('.wrangler', 'state')),
    logLevel,
    workerUrl: `http://127.0.0.1:${port}`,
    inferenceUrl: `http://127.0.0.1:${inferencePort}`,
    workerSettings: Object.fromEntries(
      workerSettingNames.flatMap((name) => {
        const value = environment[name]
        return value ? [[name, value]] : []
      }),
    ),
  }
}

/** @param {NodeJS.ProcessEnv} environment @param {string} name @param {number} fallback */
function readPort(environment, name, fallback) {
  const text = environment[name] || String(fallback)
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new Refusal(`${name} is '${text}': it must be a whole number from 1 to 65535.`)
}
