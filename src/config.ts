import { z } from 'zod'
import { readQuota } from './rate-limits/quotas.rules.ts'

const secret = z.string().min(32, 'must have at least 32 characters')
const wholeNumber = (fallback: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).prefault(String(fallback))

/** Requests in seconds, as `30/60`. */
const quota = (fallback: string) =>
  z
    .string()
    .transform((text, context) => {
      const read = readQuota(text)
      if (read !== null) return read
      context.addIssue("must be requests/seconds, as '30/60'")
      return z.NEVER
    })
    .prefault(fallback)

const countFromOne = (fallback: number) =>
  z
    .string()
    .regex(/^[1-9]\d*$/, 'must be a whole number from 1')
    .transform(Number)
    .prefault(String(fallback))

const megabyte = 1_000_000

/** Origins separated by commas, or `*`. */
const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .transform((list) => (list.length === 1 && list[0] === '*' ? ('*' as const) : list))
  .refine(
    (list) => list === '*' || list.every(isOrigin),
    "must be origins as 'https://app.example.com', separated by commas, or '*' for every site",
  )

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

const settingsShape = z.object({
  APP_ENV: z.enum(['development', 'staging', 'production']),
  PUBLIC_BASE_URL: z.url().transform((url) => url.replace(/\/+$/, '')),
  PRICE_PLAN: z.enum(['standard', 'specification']).default('standard'),
  CORS_ORIGINS: origins.optional(),

  JWT_SECRET: secret,
  JWT_SECRET_PREVIOUS: secret.optional(),
  MEDIA_URL_SECRET: secret,
  MEDIA_URL_SECRET_PREVIOUS: secret.optional(),
  INFERENCE_SECRET: secret,

  MEDIA_DELIVERY: z.enum(['stream', 'redirect']).default('stream'),
  MEDIA_URL_TTL_SECONDS: wholeNumber(3600),
  S3_ENDPOINT: z.url(),
  S3_BUCKET: z.string().min(3),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),

  INFERENCE_BASE_URL: z.url(),
  GRID_GRAMS_PER_KWH: wholeNumber(400),

  UPLOAD_BYTES_MAX: wholeNumber(95 * megabyte),
  FILE_BYTES_MAX: wholeNumber(5_000 * megabyte),
  FILE_UPLOAD_TTL_HOURS: wholeNumber(24),
  PICTURE_BYTES_MAX: wholeNumber(64 * megabyte),
  MASK_BYTES_MAX: wholeNumber(32 * megabyte),
  PICTURE_PIXELS_MAX: wholeNumber(64_000_000),
  ARCHIVE_ENTRIES_MAX: wholeNumber(20_000),
  ARCHIVE_RATIO_MAX: wholeNumber(200),
  ARCHIVE_INFLATED_BYTES_MAX: wholeNumber(20_000 * megabyte),
  VIDEO_FRAMES_MAX: wholeNumber(10_000),
  DATASET_RETENTION_DAYS: wholeNumber(30),
  TASKS_QUEUED_PER_USER: countFromOne(8),
  JOBS_RUNNING_PER_USER_MAX: countFromOne(50),

  // Wide enough for load from one machine; wrangler.toml narrows them for production.
  LOGINS_BY_ADDRESS: quota('6000/60'),
  REGISTRATIONS_BY_ADDRESS: quota('6000/60'),
  REGISTRATIONS_BY_ACCOUNT: quota('600/60'),
  UPLOADS_BY_ADDRESS: quota('120000/60'),
  UPLOADS_BY_ACCOUNT: quota('60000/60'),
  LOGIN_FAILURES_FREE: wholeNumber(200),
  LOGIN_FAILURES_WINDOW_SECONDS: wholeNumber(3600),
  LOGIN_WAIT_SECONDS_MAX: wholeNumber(300),
  LOGIN_KNOWN_FOR_DAYS: wholeNumber(30),

  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().optional(),
})

/** The name of every setting and secret. */
export const settingNames: readonly string[] = Object.keys(settingsShape.shape)

/** Which sites' scripts may call the API: every site's in development, and elsewhere those that are named. */
const settingsSchema = settingsShape.transform(({ CORS_ORIGINS, ...settings }) => ({
  ...settings,
  CORS_ORIGINS: CORS_ORIGINS ?? (settings.APP_ENV === 'development' ? ('*' as const) : []),
}))

export type Settings = Readonly<z.infer<typeof settingsSchema>>

/**
 * Parses the environment's variables and secrets.
 * Throws an Error that names every variable that is missing or wrong, and never its value.
 */
export function readSettingsOrThrow(environment: Readonly<Record<string, unknown>>): Settings {
  const result = settingsSchema.safeParse(environment)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`The configuration is wrong. ${problems.join('; ')}`)
}
