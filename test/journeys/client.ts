import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findServedCheck } from '../support/served-document.ts'

const pollMs = 50
const samples = path.resolve(import.meta.dirname, '../../docs/samples')

/** The bytes of a sample picture of the documents. */
export function readSample(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path.join(samples, name)))
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a journey names the very keys that it expects
  readonly body: any
}

/**
 * Somebody with an access token, as a client of the API over HTTP. An answer that the document does not allow fails the
 * journey.
 */
export class Client {
  private constructor(
    private readonly apiUrl: string,
    readonly accessToken: string,
    readonly email: string,
  ) {}

  static async logIn(apiUrl: string, email: string, password: string): Promise<Client> {
    const nobody = new Client(apiUrl, '', email)
    const { body } = await nobody.send('POST', '/api/users/login', { email, password })
    return new Client(apiUrl, body.data.token, email)
  }

  static logInAsAdministrator(apiUrl: string): Promise<Client> {
    return Client.logIn(apiUrl, 'admin@system.com', 'AdminPassword123!')
  }

  /** A new user with 100 tokens. */
  static async register(apiUrl: string): Promise<Client> {
    const email = `${crypto.randomUUID()}@example.com`
    const password = 'Passw0rd!'
    const nobody = new Client(apiUrl, '', email)
    const person = { name: 'Mario', surname: 'Rossi', email, password }
    await nobody.send('POST', '/api/users/user', person)
    return Client.logIn(apiUrl, email, password)
  }

  async send(method: string, route: string, json?: unknown): Promise<Answer> {
    return this.fetch(method, route, json === undefined ? null : JSON.stringify(json), {
      'content-type': 'application/json',
    })
  }

  upload(
    datasetName: string,
    image: Uint8Array<ArrayBuffer>,
    mask: Uint8Array<ArrayBuffer>,
  ): Promise<Answer> {
    const form = new FormData()
    form.append('datasetName', datasetName)
    form.append('image', new File([image], 'photo.png'))
    form.append('mask', new File([mask], 'mask.png'))
    return this.fetch('POST', '/api/datasets/data', form)
  }

  async balance(): Promise<number> {
    return (await this.send('GET', '/api/users/tokens')).body.data.balance
  }

  /**
   * Asks how far a job is, many times a second, until it has ended; answers every progress that it told, and how it
   * ended.
   */
  async watch(
    jobId: number,
    timeoutMs = 50_000,
  ): Promise<{ progress: number[]; job: Answer['body'] }> {
    const deadlineMs = Date.now() + timeoutMs
    const progress: number[] = []
    for (;;) {
      const { body } = await this.send('GET', `/api/inferences/job/${jobId}/status`)
      progress.push(body.data.progress)
      if (['completed', 'failed'].includes(body.data.status)) return { progress, job: body.data }
      if (Date.now() > deadlineMs) throw new Error(`Job ${jobId} is still ${body.data.status}.`)
      // Who asks without a pause takes the processor from the work that they wait for.
      await sleep(pollMs)
    }
  }

  private async fetch(
    method: string,
    route: string,
    body: BodyInit | null,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const ensureDocumented = await findServedCheck(this.apiUrl)
    const answer = await fetch(this.apiUrl + route, {
      method,
      body,
      headers: { ...headers, authorization: `Bearer ${this.accessToken}` },
    })
    const { status } = answer
    const told: Answer['body'] = await answer.json()
    const contentType = answer.headers.get('content-type')
    ensureDocumented({ method, path: route, status, contentType, body: told })
    return { status, body: told }
  }
}
