/**
 * The quickest store that there can be, for the inference service alone: `GET /image/3` and `/mask/3` answer pictures from
 * memory, `PUT` takes what comes. It says its port.
 */
import { createServer } from 'node:http'
import { makePair } from './pairs.mjs'

const pairs = Array.from({ length: Number(process.argv[2]) }, (_, index) => makePair(index + 1))

const server = createServer((request, answer) => {
  if (request.method === 'PUT') {
    request.resume().on('end', () => answer.end())
    return
  }
  const [, role, number] = request.url?.split('/') ?? []
  const pair = pairs[Number(number) % pairs.length]
  const file = role === 'mask' ? pair?.mask : pair?.image
  answer.writeHead(200, { 'content-type': 'image/png', 'content-length': file?.length ?? 0 })
  answer.end(file)
})
server.keepAliveTimeout = 60_000
server.listen(Number(process.argv[3]), '127.0.0.1', () => console.log('ready'))
