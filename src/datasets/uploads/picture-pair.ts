import type { ReceivedFile } from '../../media/received-file.ts'
import { ensureSameSize } from '../../media/stills/mask.ts'
import { createFilesRequiredError } from './uploads.errors.ts'
import type { NewItem } from './uploads.repository.ts'

export interface PicturePair {
  readonly image: ReceivedFile
  readonly mask: ReceivedFile
  readonly item: NewItem
}

/** A form's picture and mask as the item they make; throws when one is missing or their sizes differ. */
export function readPairOrThrow({
  image,
  mask,
}: {
  readonly image: ReceivedFile | null
  readonly mask: ReceivedFile | null
}): PicturePair {
  if (!image?.still || !mask?.mask) {
    const missing = [image ? null : 'image', mask ? null : 'mask'].filter((file) => file !== null)
    throw createFilesRequiredError({ missing })
  }
  ensureSameSize(image.still, mask.mask)
  return {
    image,
    mask,
    item: {
      kind: 'image',
      frameIndex: null,
      imageKey: image.key,
      maskKey: mask.key,
      imageName: image.fileName,
      width: image.still.uprightWidth,
      height: image.still.uprightHeight,
      holePixels: mask.mask.holePixels,
      imageBytes: image.bytes,
      maskBytes: mask.bytes,
      imageSha256: image.sha256,
      maskSha256: mask.sha256,
    },
  }
}
