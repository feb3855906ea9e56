import { mediaErrors } from '../media/media.errors.ts'
import { type ApiError, defineErrors, defineReasons, type ErrorDetails } from '../shared/errors.ts'

/** What the inference service refuses a file for; of an inference it is told of the item, without a status. */
export const serviceErrors = defineErrors({
  'video.undecodable': {
    status: 400,
    meaning:
      'The video, or the video that is its mask, cannot be read: it is damaged, was cut off before its end, or its pictures are in a codec that is not decoded here. `message` says what was found, `codec` names the codec where it is known.',
    remedy:
      'Play it to its end in a video player; if that works, export it as mp4 with H.264 and send that. In an archive only this video is rejected. Everything that was reserved for it was returned, and nothing was charged for it.',
  },
  'video.no_video_stream': {
    status: 400,
    meaning: 'The file is a video by its container, but holds no moving pictures: only sound, say.',
    remedy:
      'Send the file that has the pictures. Programs that record sound and pictures apart write two files; what is wanted is the one that shows something in a video player. Nothing was charged for it.',
  },
  'video.no_frames': {
    status: 400,
    meaning:
      'The video tells of a picture stream, but there is not one frame in it, as after a recording that never began.',
    remedy:
      'Send a video that plays in a video player. If yours does, export it anew as mp4 with H.264. Nothing was charged for it.',
  },
  'video.too_many_pixels': {
    status: 400,
    meaning:
      'The frames of the video have more pixels than are taken; `message` tells their size and the most, which is 64 million unless whoever runs the API set another limit.',
    remedy:
      'Scale the video down, to 3840×2160 for example, and send it again. Its mask need not be changed: the mask of a video is scaled to it. Nothing was charged for it.',
  },
  'video.too_many_frames': {
    status: 400,
    meaning:
      'The video would give more items than one may. `found` is how many at the `fps` that was asked for, `limit` the most (`VIDEO_FRAMES_MAX`, 10000 unless told otherwise).',
    remedy:
      'Ask for fewer frames a second by `fps`; `message` says how many fit. Or cut the video into parts, and send each with its part of the mask. Nothing was charged for it.',
  },
  'video.fps_too_high': {
    status: 400,
    meaning:
      'More frames a second were asked for than the video has. `asked` is what came as `fps`, `source` how many it has on average.',
    remedy:
      'Send `fps=source` for every frame of the video, or a number of at most `source`. Nothing was charged for it.',
  },
  'media.undecodable': {
    status: 400,
    meaning:
      'A picture or a mask was taken in, since its structure was right, but its pixels could not be decoded when it was worked on. `message` says which of the two it is.',
    remedy:
      'Open the file in a picture editor, save it anew as PNG, and upload the pair again. Of an inference the other items go on, and this one was refunded; of an upload nothing was charged.',
  },
  'media.fetch_failed': {
    status: 400,
    meaning:
      'The inference service could not read one of the files that it was to work on: the store refused it or it was gone. A frame of a video may fail for a frame near it, from which it is filled.',
    remedy:
      'Look whether the dataset still shows the item by its `imageUrl`. If it does, start the inference again, or send the upload again; if it stays, tell whoever runs the API the code and the time. What failed was refunded.',
  },
  'origin.refused': {
    status: 400,
    meaning:
      'The inference service is not allowed to read from, or write to, the store in which this installation keeps its files. It is about how the two were set up and not about your files.',
    remedy:
      'Tell whoever runs the API: the address of the store belongs into the setting `INFERENCE_MEDIA_ORIGINS` of the inference service. Trying again helps once that is mended. Nothing was charged, or it was refunded.',
  },
  'result.unencodable': {
    status: 400,
    meaning:
      'The result was made but could not be written in the format that was asked for, most often because it is too large for it: a WebP has at most 16383 pixels a side.',
    remedy:
      'Start the inference again with `"parameters": {"outputFormat": "png"}`, or scale the picture down. The item was refunded.',
  },
  'result.store_failed': {
    status: 400,
    meaning:
      'The result was made, but the store did not take it: it refused it, or could not be reached for as long as it was tried.',
    remedy:
      'Start the inference again, or send the upload again. If it stays, tell whoever runs the API the code and the time. The item was refunded.',
  },
  'item.timeout': {
    status: 400,
    meaning:
      'A picture, or a step of a video, took longer than one may: 120 seconds for a picture, some minutes for a step of a video, unless whoever runs the inference service set other limits.',
    remedy:
      'Scale the picture or the video down, mask less of it, or choose a quicker model, such as `"modelId": "telea"`. Sent again unchanged it takes as long again. What failed was refunded.',
  },
  'item.crashed': {
    status: 400,
    meaning:
      'The process that worked on this picture ended abnormally, and did so again when it was alone with it. Other items of the inference are not concerned.',
    remedy:
      'Save the picture and its mask anew, scale them down, or choose another model. If small pictures fail too, tell whoever runs the API: the inference service may have too little memory. The item was refunded.',
  },
  'item.out_of_memory': {
    status: 400,
    meaning:
      'The picture or the video needs more memory than the inference service gives to one. Very large pictures with 16 bits a channel or with transparency need the most.',
    remedy:
      'Scale it down, save it with 8 bits a channel, or cut a video shorter. Sent again unchanged it fails again. What failed was refunded, or was never charged.',
  },
  'service.refused': {
    status: 400,
    meaning:
      'The inference service refused the file for a reason that this version of the API has no code for. `message` is the reason in its words, `reason` its own code.',
    remedy:
      'Do what `message` says. If it says nothing about your file, the API and the inference service are of versions that do not fit together: tell whoever runs them. Nothing was charged.',
  },
})

/** Why an item or a video of an inference failed, or why a task of it runs again, where it is about the service. */
export const serviceReasons = defineReasons({
  'model.failed': {
    meaning:
      'The model failed on this picture, though others of the same inference may be fine, or it could not be loaded.',
    remedy:
      'Start an inference with another `modelId`; `GET /api/models` lists those that are ready. The item was refunded.',
  },
  'model.unknown': {
    meaning:
      'The model that the inference was started with is no longer there: the inference service was set up without it meanwhile.',
    remedy:
      'Choose another one from `GET /api/models`, or leave `modelId` out, and start the inference again. The items were refunded.',
  },
  'model.parameters_invalid': {
    meaning:
      'The model no longer takes the parameters that the inference was started with: it was replaced by another version meanwhile.',
    remedy:
      'Look at its parameters in `GET /api/models` and start the inference again with such as it takes. The items were refunded.',
  },
  'frame.undecodable': {
    meaning: 'One frame of a video is missing or damaged, so that it could not be made an item.',
    remedy:
      'Nothing needs to be done if the rest is enough: the frame is left out, `upload.notes` counts such frames, and they are not charged. To have it, upload a whole copy of the video.',
  },
  'segment.size_mismatch': {
    meaning:
      'Stretches of a result video do not fit together: they have different sizes, or were encoded by different versions of the inference service.',
    remedy:
      'Start the inference again, so that all of it is made anew. The results of the frames are kept, and only they are charged.',
  },
  'segment.unreadable': {
    meaning:
      'A stretch of a result video could not be read when the video was to be put together: it was gone or not whole.',
    remedy:
      'Start the inference again to get the video. The results of its frames are there as pictures, in `GET /api/inferences/:id/results.zip`, and only they are charged.',
  },
  'segment.out_of_order': {
    meaning:
      'The stretches of a result video do not follow each other in time, so that no video could be made of them.',
    remedy:
      'Start the inference again; if it fails in the same way, upload the video anew, exported as mp4 with H.264 and a constant frame rate. Its frames are kept as pictures, and only they are charged.',
  },
  'service.busy': {
    meaning:
      'The inference service has no room for more work at the moment, and the task waits for it.',
    remedy:
      'Nothing needs to be done: the task is tried again after some seconds, and this is not counted as a failure. If it stays so for long, whoever runs the API adds hosts.',
  },
  'service.not_ready': {
    meaning: 'The inference service is starting, or could not be set up, and takes no work yet.',
    remedy:
      'Nothing needs to be done while it starts: the task is tried again. For whoever runs the API, `GET /health` of the inference service says why one stays so.',
  },
  'service.stopping': {
    meaning:
      'The inference service was being stopped, for an update say, while it worked on this, and did not end it.',
    remedy: 'Nothing needs to be done: the work is tried again by itself, and charged once.',
  },
  'service.failed': {
    meaning: 'The inference service failed on this for a reason of its own, which is in its log.',
    remedy:
      'It is tried again by itself. If it fails for good, start a new inference for it later and tell whoever runs the API. What failed was refunded.',
  },
  'service.unreachable': {
    meaning:
      'The inference service could not be reached, broke its answer off, or answered what nobody could make sense of.',
    remedy:
      'The work is tried again by itself, with growing pauses. If items failed in the end they were refunded: start a new inference for them when `GET /api/models` answers again.',
  },
  'route.not_found': {
    meaning:
      'The inference service has no such route: it is of another version than the API that called it.',
    remedy:
      'Tell whoever runs the API to bring both to the same version, and start the inference again then. What failed was refunded.',
  },
  'method.not_allowed': {
    meaning:
      'The inference service does not take this call in this way: it, or something between it and the API, was set up wrongly.',
    remedy:
      'Tell whoever runs the API to look at `INFERENCE_BASE_URL` and what stands there, and start the inference again then. What failed was refunded.',
  },
})

const restart = 'Start the inference again; if that does not help, tell whoever runs the API.'

/** In place of the service's own sentences where those are for whoever runs it, and name places that are nobody else's business. */
const told: Readonly<Record<string, string>> = {
  'origin.refused':
    'The inference service may not reach the store of this installation. Tell whoever runs the API.',
  'segment.size_mismatch': `The stretches of the result video do not fit together. ${restart}`,
  'segment.unreadable': `A stretch of the result video could not be read. ${restart}`,
  'segment.out_of_order': `The stretches of the result video do not follow each other. ${restart}`,
  'request.invalid': `The inference service could not make sense of this. ${restart}`,
  'request.too_large': `The inference service was asked for too much at a time. ${restart}`,
}

/** What the service said of a failure, as its user may read it. */
export function tellFailure<Failure extends { readonly code: string; readonly message: string }>(
  failure: Failure,
): Failure {
  return { ...failure, message: told[failure.code] ?? failure.message }
}

/** The service's refusal of a file as the API's own; a code that only a later service knows becomes `service.refused`. */
export function createServiceRefusal(refusal: {
  readonly code: string
  readonly message: string
  readonly details?: ErrorDetails
}): ApiError {
  const { code, message, details } = tellFailure(refusal)
  if (serviceErrors.has(code)) return serviceErrors.createError(code, message, details)
  if (mediaErrors.has(code)) return mediaErrors.createError(code, message, details)
  return serviceErrors.createError('service.refused', message, { ...details, reason: code })
}
