import { uploadErrors } from '../uploads.errors.ts'

const fpsMin = 0.01
const fpsMax = 240

/** The frames a second to sample as they are kept: `source`, or a number in text. One a second where nothing is asked for. */
export function readFpsOrThrow(value: string | undefined): string {
  const text = (value ?? '').trim().toLowerCase()
  if (text === '') return '1'
  if (text === 'source') return text
  const fps = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (fps >= fpsMin && fps <= fpsMax) return String(fps)
  throw uploadErrors.createError(
    'upload.fps_invalid',
    `fps is '${text.slice(0, 40)}'; it must be a number from ${fpsMin} to ${fpsMax}, or 'source' for every frame of the video.`,
    { fps: text.slice(0, 40), minimum: fpsMin, maximum: fpsMax },
  )
}
