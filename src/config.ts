import { z } from 'zod'

const secret = z.string().min(32, 'must have at least 32 characters')
const wholeNumber = (fallback: number) =>
  z.string().regex(/^\d+$/, 'must be a whole number').transform(Number).prefault(String(fallback))

const megabyte = 1_000_000

const settingsSchema = z.object({
  APP_ENV: z.enum(['development', 'staging', 'production']),
  PUBLIC_BASE_URL: z.url(),
  PRICE_PLAN: z.enum(['standard', 'specification']).default('standard'),
  CORS_ORIGINS: z.string().default('*'),

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

  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().optional(),
})

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
