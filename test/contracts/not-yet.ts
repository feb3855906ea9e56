import type { Difference } from './deliberate-differences.ts'
import type { Departure } from './expectation.ts'

const later = 'Videos and ZIP archives come in a later version.'

/** Recorded requests that cannot hold yet, and the refusal, free of charge, that they get today. */
export const notYet: Readonly<Record<string, Difference>> = {
  datasets_upload_video_200: {
    status: 400,
    message:
      'The image is a video; this version takes pictures alone. Send a PNG, JPEG or WebP picture with its mask.',
    reason: later,
  },
  datasets_upload_zip_200: {
    status: 400,
    message:
      'The image is a ZIP archive; this version takes pictures alone. Send a PNG, JPEG or WebP picture with its mask.',
    reason: later,
  },
  inferences_download_video_200: {
    status: 404,
    message: 'File not found in inference results',
    reason: `${later} Without an upload there is no video among the results.`,
  },
}

/** Recorded bodies that hold video parts, and what stands there while there are pictures alone. */
export const picturesAlone: Readonly<Record<string, Departure>> = {
  datasets_data_page2_default: { body: { 'data.items.*.frameIndex': null } },
  inferences_get_200: { body: { 'data.result.videos': [] } },
  inferences_job_status_200: { body: { 'data.result.result.videos': [] } },
  inferences_results_200: { body: { 'data.videos': [] } },
}
