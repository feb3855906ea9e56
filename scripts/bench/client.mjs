import { open } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** @param {string} url @returns {Promise<ReturnType<typeof createClient>>} a client of the first administrator */
export async function logIn(url) {
  const guest = createClient(url, null)
  const answer = await guest.send('POST', '/api/users/login', {
    email: 'admin@system.com',
    password: 'AdminPassword123!',
  })
  return createClient(url, answer.data.token)
}

/** @param {string} url @param {string | null} token */
function createClient(url, token) {
  /** Throws unless the answer is a success. @param {string} method @param {string} at @param {object} [body] @returns {Promise<any>} */
  async function send(method, at, body) {
    const answer = await fetch(url + at, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${at} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }

  return {
    send,

    /** Sends a file in parts, one after another; answers its id. @param {string} file */
    async sendFile(file) {
      const handle = await open(file)
      try {
        const { size } = await handle.stat()
        const request = { fileName: path.basename(file), bytes: size }
        const { data } = await send('POST', '/api/uploads', request)
        for (const part of data.parts) {
          const bytes = Buffer.alloc(part.bytes)
          await handle.read(bytes, 0, part.bytes, (part.number - 1) * data.partBytes)
          const answer = await fetch(part.url, { method: 'PUT', body: bytes })
          if (!answer.ok) throw new Error(`part ${part.number} answered ${answer.status}`)
        }
        return data.id
      } finally {
        await handle.close()
      }
    },

    /** Makes files that were sent a dataset's data; waits for its end. @param {{ datasetName: string, image: string, mask?: string }} files */
    async ingest(files) {
      let { upload } = await send('POST', '/api/datasets/data', files)
      while (upload?.status === 'RUNNING') {
        await sleep(250)
        upload = (await send('GET', `/api/datasets/uploads/${upload.id}`)).upload
      }
      if (upload && upload.status !== 'COMPLETED') throw new Error(JSON.stringify(upload.error))
    },

    async readBalance() {
      return (await send('GET', '/api/users/tokens')).data.balance
    },

    /** @param {string} name */
    async countItems(name) {
      return (await send('GET', `/api/datasets/${name}/data?limit=1`)).data.totalItems
    },
  }
}
