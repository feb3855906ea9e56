import { mask, photo, type RefusedCase, refuseImage, refuseMask } from './cases.ts'
import { readMedia } from './media.ts'

const part = (name: string) => readMedia('parts', name)
const grey = (share: RegExp): ['mask.not_binary', RegExp] => [
  'mask.not_binary',
  new RegExp(
    `^${share.source} of the mask's pixels are grey \\(brightness 49 to 206 of 255\\); at most 3\\.0 % may be\\. Paint what to remove white and the rest black, without soft edges\\.$`,
  ),
]
const everything: ['mask.covers_everything', string] = [
  'mask.covers_everything',
  'The mask is white everywhere, so nothing is left to fill from. Paint only what to remove white and leave the rest black.',
]
const size = (image: string, other: string): ['media.size_mismatch', string] => [
  'media.size_mismatch',
  `The image is ${image} pixels and the mask ${other}; both must be the same. Scale the mask to ${image}.`,
]
const tooLarge = (bytes: string): ['mask.too_many_pixels', RegExp] => [
  'mask.too_many_pixels',
  new RegExp(
    `^The mask has 3200×2700 = 8640000 pixels in ${bytes} bytes; as JPEG or WebP at most 8388608 pixels and 8388608 bytes are taken\\. Save it as a PNG, which may be larger\\.$`,
  ),
]

/** Masks that say nothing about what to remove, or say it about another picture. */
export const wrongMasks: readonly RefusedCase[] = [
  refuseMask('a mask of grey', part('mask-half-grey.png'), grey(/100\.0 %/)),
  refuseMask('a mask that is a ramp', part('mask-ramp.png'), grey(/6\d\.\d %/)),
  refuseMask('a JPEG mask that is a ramp', part('mask-ramp.jpg'), grey(/6\d\.\d %/)),
  refuseMask('a WebP mask that is a ramp', part('mask-ramp.webp'), grey(/6\d\.\d %/)),
  refuseMask('a mask of wide soft edges', part('mask-very-soft.png'), grey(/\d+\.\d %/)),
  refuseMask('a mask that is a photo', part('mask-photo.png'), grey(/\d+\.\d %/)),
  refuseMask('a JPEG mask that is a photo', part('mask-photo.jpg'), grey(/\d+\.\d %/)),
  refuseMask('a mask painted red around white', part('mask-red.png'), grey(/9\d\.\d %/)),
  refuseMask('a mask painted green on black', part('mask-green.png'), grey(/4\.7 %/)),
  refuseMask(
    'a white mask that is half transparent',
    part('mask-half-transparent.png'),
    grey(/100\.0 %/),
  ),
  refuseMask('a mask that is white everywhere', part('mask-white.png'), everything),
  refuseMask('a JPEG mask that is white everywhere', part('mask-white.jpg'), everything),
  refuseMask('a WebP mask that is white everywhere', part('mask-white.webp'), everything),
  refuseMask('a mask of half the size', part('mask-small.png'), size('64×48', '32×24')),
  refuseMask('a JPEG mask of half the size', part('mask-small.jpg'), size('64×48', '32×24')),
  refuseMask('a mask that lies on its side', part('mask-turned.png'), size('64×48', '48×64')),
  refuseMask(
    'a mask that its EXIF data turns',
    part('mask-exif-turned.jpg'),
    size('64×48', '48×64'),
  ),
  refuseImage(
    'a picture that its EXIF data turns, and a mask as it is stored',
    readMedia('looks', 'orientation-6.jpg'),
    size('64×48', '48×64'),
    {
      mask: part('mask-turned.png'),
    },
  ),
  refuseImage(
    'a picture of another size than its mask',
    part('photo-large.png'),
    size('3200×2700', '64×48'),
  ),
  refuseMask('a JPEG mask of 8.6 megapixels', part('mask-large.jpg'), tooLarge('\\d+'), {
    image: part('photo-large.png'),
  }),
  refuseMask('a WebP mask of 8.6 megapixels', part('mask-large.webp'), tooLarge('\\d+'), {
    image: part('photo-large.png'),
  }),
  refuseMask('a mask in CMYK', part('mask-cmyk.jpg'), [
    'media.corrupt',
    'The mask is damaged: its jpeg data is broken, or is in CMYK, which a mask cannot be. Save it again with a picture editor, or send another copy.',
  ]),
  refuseImage('a mask and its picture that changed places', mask, grey(/\d+\.\d %/), {
    mask: photo,
  }),
]
