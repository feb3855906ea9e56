import { defineErrors } from '../shared/errors.ts'

export const mediaErrors = defineErrors({
  'media.url_invalid': {
    status: 403,
    meaning:
      'The address under `/media/` is not one that this API signed for this method: it was changed, cut or put together by hand, or asked for by another method than GET.',
    remedy:
      'Use `imageUrl`, `maskUrl` or `downloadUrl` exactly as an answer gave it, with everything behind the `?`, by GET. When you copy it, take care that `&` is not turned into `&amp;`. Ask the API for the item or result again to get a fresh one.',
  },
  'media.url_expired': {
    status: 403,
    meaning:
      'The signed address was right, but its time is over: such addresses work for about an hour (`MEDIA_URL_TTL_SECONDS`). `expiredAt` says until when it worked.',
    remedy:
      'Ask for a new one: `GET /api/datasets/:name/data` for images and masks, `GET /api/inferences/:id/results` for results. Keep ids and names rather than signed addresses.',
  },
  'media.not_found': {
    status: 404,
    meaning:
      "The address is right, but the file behind it is not there any more: it was deleted with its dataset's media or with an inference's results.",
    remedy:
      'Ask for the item or the inference again and see whether it still has the file. Deleted files do not come back; upload the picture again, or start another inference. Reading charges nothing.',
  },
  'media.empty': {
    status: 400,
    meaning:
      'A file of the upload has no bytes at all. `file` says whether it is the image or the mask.',
    remedy:
      'Look whether the file on your side has content and its path is right (with curl a file is `-F image=@picture.png`, with the `@`), and send it again. Nothing was stored and nothing was charged.',
  },
  'media.kind_unsupported': {
    status: 400,
    meaning:
      'The bytes of a file are of no format that is taken, or of a variety of one that is not, such as a lossless JPEG or one of 12 bits a channel. `file` says which file it is about, `reason` or the end of `message` why. The name of a file does not count.',
    remedy:
      'Save pictures as PNG, JPEG or WebP, videos as mp4, mov, avi, mkv or webm, archives as ZIP; HEIC, AVIF, GIF, TIFF and BMP have to be converted first. Then send the upload again. Nothing was stored and nothing was charged.',
  },
  'media.truncated': {
    status: 400,
    meaning:
      'The picture ends before all of it is there, as a download does that was broken off. `file` says which file it is, `receivedBytes` how long it was.',
    remedy:
      'Open the file in a picture viewer: if its lower part is missing or grey, get a whole copy. If it is whole on your side, something on the way cut it; send it again. Nothing was stored and nothing was charged.',
  },
  'media.corrupt': {
    status: 400,
    meaning:
      'The file is of a known format, but its content contradicts itself: a wrong checksum, a header that cannot be, image data that does not fit it. `file` says which file it is, `message` what was found.',
    remedy:
      'Open the file in a picture editor and save it anew, or send another copy of it. Sending the same bytes again is refused again. Nothing was stored and nothing was charged.',
  },
  'media.animated': {
    status: 400,
    meaning:
      'The picture is an animation with several frames, and only still pictures are taken as pictures. `file` says whether it is the image or the mask.',
    remedy:
      'Save one of its frames as a PNG, or turn the animation into an mp4 and send that as a video with its mask. Nothing was stored and nothing was charged.',
  },
  'media.too_many_pixels': {
    status: 400,
    meaning:
      'The picture has more pixels than are taken, or a side longer than 65500 pixels. `width`, `height` and `pixels` are its size, `limitPixels` and `limitSide` the most (`PICTURE_PIXELS_MAX`, 64 million unless told otherwise); `file` says which file it is.',
    remedy:
      'Scale it down, or cut it into parts with their own masks; the mask has to be scaled in the same way. Nothing was stored and nothing was charged.',
  },
  'media.too_large': {
    status: 413,
    meaning:
      'A file has more bytes than one of its kind may. `file` says which it is, `limitBytes` the most: `PICTURE_BYTES_MAX` (64 MB unless told otherwise) for a picture, `MASK_BYTES_MAX` (32 MB) for a mask.',
    remedy:
      'Save a picture as JPEG or WebP or scale it down, and a mask as black and white PNG, which is small. Videos and archives that are too large for a form are sent in parts by `POST /api/uploads`. Nothing was stored and nothing was charged.',
  },
  'media.size_mismatch': {
    status: 400,
    meaning:
      'The image and its mask have different numbers of pixels, seen upright as a viewer shows them. `imageSize` and `maskSize` tell both. Only the mask of a video is scaled by itself.',
    remedy:
      'Make the mask at the size in `imageSize`, best by painting on a copy of the picture, and scale it without smoothing, so that it stays black and white. Nothing was stored and nothing was charged.',
  },
  'mask.not_binary': {
    status: 400,
    meaning:
      'Too much of the mask is neither black nor white: `greyShare` of its pixels have a brightness between 49 and 206 of 255, and `limitShare` (3 %) is the most, as the edges of a JPEG make it.',
    remedy:
      'Paint what is to be removed pure white on pure black, with a hard brush instead of a soft one, and save it as PNG. A photo that came as mask by mistake is refused in this way too: check that `image` and `mask` are not swapped. Nothing was stored and nothing was charged.',
  },
  'mask.covers_everything': {
    status: 400,
    meaning:
      'Every pixel of the mask is white, so that the whole picture would be removed and nothing be left to fill it from. `holePixels` is how many that are.',
    remedy:
      'Paint only what is to be removed white, and leave the rest black; if your mask means it the other way round, invert it. Nothing was stored and nothing was charged.',
  },
  'mask.too_many_pixels': {
    status: 400,
    meaning:
      'The mask is a JPEG or WebP that is too large to be decoded here. `pixels` and `bytes` are its size, `limitPixels` (8388608) and `limitBytes` (8388608) the most for these two formats.',
    remedy:
      'Save the mask as a black and white PNG: a PNG may be as large as the picture. Nothing was stored and nothing was charged.',
  },
})
