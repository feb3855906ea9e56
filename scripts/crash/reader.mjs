/** @typedef {import('./client.mjs').Client} Client */

/**
 * @typedef {{ index: number, imagePath: string, maskPath: string, imageUrl: string, maskUrl: string }} Item
 * @typedef {{ kind: 'image' | 'frame', status: string, outputPath: string, sha256: string }} ResultItem
 * @typedef {{ outputPath: string, downloadUrl: string, sizeBytes: number }} ResultVideo
 * @typedef {{ operationType: string, amount: number, status: string }} LedgerEntry
 * @typedef {{ id: string, status: string, createdAt: string, updatedAt: string }} ListedInference
 */

const pageSize = 100
const downloadsAtOnce = 6

/** Reads whole lists and single things of one user. @param {Client} client @param {string} token */
export function createReader(client, token) {
  /** @param {string} path */
  const read = async (path, by = token) => {
    const { status, body } = await client.askOn({ method: 'GET', path, token: by })
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`)
    return body.data
  }

  /** Every page of a list. @param {(page: number) => Promise<readonly unknown[]>} readPage @returns {Promise<any[]>} */
  async function readAll(readPage) {
    const all = []
    for (let page = 1; ; page += 1) {
      const rows = await readPage(page)
      all.push(...rows)
      if (rows.length < pageSize) return all
    }
  }

  return {
    /** @returns {Promise<number>} */
    readBalance: async () => (await read('/api/users/tokens')).balance,

    /** @param {string} name @returns {Promise<Item[]>} */
    listItems: (name) => {
      const path = `/api/datasets/${encodeURIComponent(name)}/data?limit=${pageSize}`
      return readAll(async (page) => (await read(`${path}&page=${page}`)).items)
    },

    /** @returns {Promise<ListedInference[]>} */
    listInferences: () =>
      readAll(
        async (page) => (await read(`/api/inferences?limit=${pageSize}&page=${page}`)).inferences,
      ),

    /** @param {string} id */
    readInference: (id) => read(`/api/inferences/${id}`),

    /** @param {string} id @returns {Promise<{ items: ResultItem[], videos: ResultVideo[] }>} */
    readResults: (id) => read(`/api/inferences/${id}/results`),

    /** What the projection has of an account. @param {string} adminToken @param {string} userId @returns {Promise<LedgerEntry[]>} */
    listEntries: (adminToken, userId) => {
      const path = `/api/admin/transactions?userId=${userId}&limit=${pageSize}`
      return readAll(async (page) => (await read(`${path}&page=${page}`, adminToken)).transactions)
    },
  }
}

/** Downloads, some at a time. @param {Client} client @param {readonly string[]} addresses @param {string} [token] */
export async function downloadAll(client, addresses, token) {
  /** @type {{ address: string, status: number, bytes: Uint8Array }[]} */
  const downloads = []
  const left = [...addresses]
  const lane = async () => {
    for (let address = left.shift(); address !== undefined; address = left.shift()) {
      downloads.push({ address, ...(await client.download(address, token)) })
    }
  }
  await Promise.all(Array.from({ length: downloadsAtOnce }, lane))
  return downloads
}
