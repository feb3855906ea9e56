import { decode } from 'fast-png'
import { readSample } from './client.ts'

const photo = readSample('chelsea-scratch.png')
const mask = readSample('chelsea-scratch-mask.png')

/**
 * How many pixels of a result differ from the scratched photo's, where the mask keeps and where it removes. Throws an
 * Error when it has another size or other channels.
 */
export function compareWithPhoto(result: Uint8Array) {
  const [before, after, hole] = [decode(photo), decode(result), decode(mask)]
  const formats = [before, after].map(({ width, height, channels }) => [width, height, channels])
  if (String(formats[0]) !== String(formats[1])) {
    throw new Error(`The result is ${formats[1]}, and the photo ${formats[0]}.`)
  }
  const changed = { outside: 0, inside: 0, holePixels: 0 }
  for (let pixel = 0; pixel < hole.width * hole.height; pixel += 1) {
    const isHole = (hole.data[pixel * hole.channels] ?? 0) >= 128
    const first = pixel * before.channels
    const differs = [0, 1, 2].some(
      (channel) => before.data[first + channel] !== after.data[first + channel],
    )
    if (isHole) changed.holePixels += 1
    if (differs) changed[isHole ? 'inside' : 'outside'] += 1
  }
  return changed
}
