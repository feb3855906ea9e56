import { beforeAll, describe, expect, inject, it } from 'vitest'
import { Client } from './client.ts'

const apiUrl = inject('apiUrl')
const partBytes = 8 * 1024 * 1024

interface Part {
  readonly number: number
  readonly bytes: number
  readonly received: boolean
  readonly url: string
}

describe('a file that is larger than a request may be', () => {
  let mario: Client
  let id: string
  let parts: readonly Part[]

  const refresh = async () => {
    const { body } = await mario.send('GET', `/api/uploads/${id}`)
    parts = body.data.parts
    return body.data
  }
  const put = async (url: string, bytes: number, headers: Record<string, string> = {}) => {
    const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers })
    await answer.arrayBuffer()
    return answer.status
  }

  beforeAll(async () => {
    mario = await Client.register(apiUrl)
    const file = { fileName: 'clip.mp4', bytes: 2 * partBytes + 100 }
    const opened = await mario.send('POST', '/api/uploads', file)
    expect(opened.status).toBe(201)
    id = opened.body.data.id
    parts = opened.body.data.parts
  })

  it('is sent in parts, which may come in any order and of whatever type', async () => {
    expect(await put(parts[2]?.url ?? '', 100, { 'content-type': 'video/mp4' })).toBe(200)
    expect(await put(parts[0]?.url ?? '', partBytes)).toBe(200)
    expect(await refresh()).toMatchObject({ state: 'open', receivedBytes: partBytes + 100 })
  })

  it('takes no part that is too short, too long or another’s', async () => {
    const { body } = await mario.send('POST', '/api/uploads', { fileName: 'a.png', bytes: 100 })
    const url = new URL(body.data.parts[0].url)
    expect(await put(url.href, 99)).toBe(403)
    expect(await put(url.href, 101)).toBe(403)
    url.pathname = url.pathname.replace(body.data.id, id)
    expect(await put(url.href, 100)).toBe(403)
    const other = await mario.send('GET', `/api/uploads/${body.data.id}`)
    expect(other.body.data).toMatchObject({ state: 'open', receivedBytes: 0 })
    expect((await refresh()).receivedBytes).toBe(partBytes + 100)
  })

  it('goes on where it was interrupted, and is complete with its last part', async () => {
    const missing = parts.filter(({ received }) => !received)
    expect(missing.map(({ number }) => number)).toEqual([2])
    for (const { url, bytes } of missing) expect(await put(url, bytes)).toBe(200)
    expect(await refresh()).toMatchObject({ state: 'complete' })
  })
})
