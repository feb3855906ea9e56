import { crc32, deflateRawSync, deflateSync } from 'node:zlib'

/**
 * @typedef {object} Pair PNG files
 * @property {Buffer} image
 * @property {Buffer} mask
 */

const side = 384
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A landscape of waves with some grain, and a mask of 48x48 in it; another for each number. @param {number} number @returns {Pair} */
export function makePair(number) {
  let grain = number + 1
  const nextGrain = () => {
    grain = (Math.imul(grain, 1_664_525) + 1_013_904_223) >>> 0
    return (grain >>> 28) - 8
  }
  const image = writePng(2, 3, (x, y) => {
    const at = x + number * 7
    return [
      128 + 90 * Math.sin(at / 41) * Math.cos(y / 37) + nextGrain(),
      128 + 80 * Math.sin((at + y) / 53) + nextGrain(),
      128 + 70 * Math.cos(at / 29 - y / 61) + nextGrain(),
    ]
  })
  const [left, top] = [((number * 37) % 300) + 10, ((number * 53) % 300) + 10]
  const isHole = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= left && x < left + 48 && y >= top && y < top + 48
  const mask = writePng(0, 1, (x, y) => [isHole(x, y) ? 255 : 0])
  return { image, mask }
}

/** With the filter `Sub` in every row. @param {number} kind @param {number} channels @param {(x: number, y: number) => number[]} pixel */
function writePng(kind, channels, pixel) {
  const row = 1 + side * channels
  const rows = Buffer.alloc(side * row)
  for (let y = 0; y < side; y += 1) {
    rows[y * row] = 1
    let before = new Array(channels).fill(0)
    for (let x = 0; x < side; x += 1) {
      const values = pixel(x, y).map((value) => Math.min(255, Math.max(0, Math.round(value))))
      values.forEach((value, channel) => {
        rows[y * row + 1 + x * channels + channel] = (value - before[channel]) & 255
      })
      before = values
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, kind, 0, 0, 0], 8)
  return Buffer.concat([
    signature,
    writeChunk('IHDR', header),
    writeChunk('IDAT', deflateSync(rows, { level: 6 })),
    writeChunk('IEND', Buffer.alloc(0)),
  ])
}

/** @param {string} name @param {Buffer} data */
function writeChunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** The form of one pair's upload. @param {string} datasetName @param {Pair} pair */
export function writeForm(datasetName, { image, mask }) {
  const boundary = 'pa-inpainting-bench-boundary'
  const file = (
    /** @type {string} */ name,
    /** @type {string} */ type,
    /** @type {Buffer} */ data,
  ) => [
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${name}.${type}"\r\n` +
      `content-type: image/${type}\r\n\r\n`,
    data,
    '\r\n',
  ]
  const parts = [
    `--${boundary}\r\ncontent-disposition: form-data; name="datasetName"\r\n\r\n${datasetName}\r\n`,
    ...file('image', image[0] === 0xff ? 'jpeg' : 'png', image),
    ...file('mask', 'png', mask),
    `--${boundary}--\r\n`,
  ]
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

/** An archive of so many pairs, from those given in turn. @param {readonly Pair[]} pairs @param {number} count */
export function writeZip(pairs, count) {
  const deflated = pairs.map(({ image, mask }) => [image, mask].map(deflateEntry))
  /** @type {Buffer[]} */
  const files = []
  /** @type {Buffer[]} */
  const directory = []
  let offset = 0
  for (let number = 1; number <= count; number += 1) {
    for (const [index, name] of ['image', 'mask'].entries()) {
      const entry = deflated[(number - 1) % pairs.length]?.[index]
      if (!entry) throw new Error('An archive needs a pair to repeat.')
      const path = Buffer.from(`${name}_${number}.png`)
      const facts = Buffer.alloc(26)
      facts.writeUInt16LE(20, 0)
      facts.writeUInt16LE(8, 4)
      facts.writeUInt32LE(0x21_0000, 6)
      facts.writeUInt32LE(entry.check, 10)
      facts.writeUInt32LE(entry.data.length, 14)
      facts.writeUInt32LE(entry.bytes, 18)
      facts.writeUInt16LE(path.length, 22)
      files.push(Buffer.from('PK\x03\x04'), facts, path, entry.data)
      const [version, rest] = [Buffer.from([20, 0]), Buffer.alloc(14)]
      rest.writeUInt32LE(offset, 10)
      directory.push(Buffer.from('PK\x01\x02'), version, facts, rest, path)
      offset += 30 + path.length + entry.data.length
    }
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(count * 2, 4)
  end.writeUInt16LE(count * 2, 6)
  const list = Buffer.concat(directory)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...files, list, Buffer.from('PK\x05\x06'), end])
}

/** @param {Buffer} bytes */
function deflateEntry(bytes) {
  return { data: deflateRawSync(bytes, { level: 1 }), check: crc32(bytes), bytes: bytes.length }
}
