import { setTimeout as sleep } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { describe, expect, inject, it } from 'vitest'
import { Client, readSample } from './client.ts'
import { readSecrets } from './setup/system.ts'

const apiUrl = inject('apiUrl')
const photo = readSample('rocket.jpg')
const mask = readSample('rocket-object-mask.png')
const pictures = 36

/** What the inference service tells of its items: those that it has accepted and not ended, and those that it made. */
async function readService(): Promise<{ queued: number; made: number }> {
  const secret = readSecrets(inject('stateFolder')).INFERENCE_SECRET ?? ''
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('pa-inpainting')
    .setAudience('inference')
    .setIssuedAt()
    .setExpirationTime('1 minute')
    .sign(new TextEncoder().encode(secret))
  const answer = await fetch(`${inject('inferenceUrl')}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const metrics = await answer.text()
  const made = [...metrics.matchAll(/^inpainting_items_total\{status="succeeded",.*\} (\d+)$/gm)]
  return {
    queued: Number(/^inpainting_queued_items (\S+)$/m.exec(metrics)?.[1]),
    made: made.reduce((sum, [, count]) => sum + Number(count), 0),
  }
}

async function waitUntil(holds: () => Promise<boolean>, timeoutMs: number): Promise<number> {
  const startMs = Date.now()
  while (!(await holds())) {
    if (Date.now() - startMs > timeoutMs) throw new Error(`It does not hold after ${timeoutMs} ms.`)
    await sleep(100)
  }
  return Date.now() - startMs
}

describe('an abort while pictures are being filled', () => {
  it('stops the inference service within seconds, keeps what was made, and refunds the rest', async () => {
    const peach = await Client.register(apiUrl)
    const admin = await Client.logInAsAdministrator(apiUrl)
    await admin.send('POST', '/api/admin/user-tokens', { email: peach.email, amount: 100 })
    await peach.send('POST', '/api/datasets/', { name: 'rockets' })
    for (let sent = 0; sent < pictures; sent += 4) {
      await Promise.all(Array.from({ length: 4 }, () => peach.upload('rockets', photo, mask)))
    }
    const before = await peach.balance()
    const { made: madeBefore } = await readService()
    const started = await peach.send('POST', '/api/inferences/', {
      datasetName: 'rockets',
      modelId: 'patchmatch',
    })
    const { id } = started.body.inference
    const look = async () => (await peach.send('GET', `/api/inferences/${id}`)).body.data
    await waitUntil(async () => (await look()).succeededItems > 0, 40_000)
    expect((await readService()).queued).toBeGreaterThan(0)

    const aborted = await peach.send('POST', `/api/inferences/${id}/abort`)
    expect(aborted.status).toBe(200)
    const { status, succeededItems, abortedItems, tokensSpent } = aborted.body.data
    expect(status).toBe('ABORTED')
    expect(succeededItems).toBeGreaterThan(0)
    expect(abortedItems).toBe(pictures - succeededItems)
    expect(tokensSpent).toBeCloseTo(succeededItems * 2.75, 9)
    // The run hears of it within five seconds; the rest is for a busy machine.
    expect(await waitUntil(async () => (await readService()).queued === 0, 30_000)).toBeLessThan(
      15_000,
    )
    const made = (await readService()).made - madeBefore
    expect(made).toBeGreaterThanOrEqual(succeededItems)
    expect(made).toBeLessThan(pictures - 4)

    expect(await peach.balance()).toBeCloseTo(before - tokensSpent, 9)
    const results = await peach.send('GET', `/api/inferences/${id}/results`)
    expect(results.body.data.images).toHaveLength(succeededItems)
    for (const { downloadUrl } of results.body.data.images) {
      expect((await fetch(downloadUrl)).status).toBe(200)
    }
    const again = await peach.send('POST', `/api/inferences/${id}/abort`)
    expect(again.body.data).toEqual(await look())
  }, 120_000)
})
