/** @typedef {Record<string, number>} Counts what the platform counts of a piece of work, as in counts.json */

/**
 * @typedef {object} Load
 * @property {number} users
 * @property {number} itemsPerDay pairs that are uploaded, each inferred once
 * @property {number} pairsPerArchive 1 where each is uploaded in a request of its own, or 100
 * @property {number} peakFactor how many times the average the busiest minutes have
 * @property {number} pairsPerInference
 * @property {number} pollsPerInference
 * @property {number} downloadsPerItem results that are fetched, of those that are made
 * @property {number} loginsPerUserDay
 * @property {number} retentionDays how long rows and bytes are kept
 * @property {number} bytesPerPair of picture, mask and result together
 * @property {number} secondsPerTask that a consumer waits for the inference service
 *
 * @typedef {object} Measured
 * @property {Readonly<Record<string, Counts>>} counts
 * @property {Readonly<Record<string, number>>} bytes
 * @property {Readonly<Record<string, number>>} cpuMs
 */

export const secondsPerDay = 86_400
const taskItems = 16
/** Of the archive that was counted. */
const archivePairs = 100
/** Beside what the Worker does itself, the inference service reads picture and mask and writes the result. */
const serviceReads = 2
const serviceWrites = 1

/** @param {Counts} counts @param {number} factor */
const times = (counts, factor) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count * factor]))

/** @param {...Counts} all @returns {Counts} */
function sum(...all) {
  /** @type {Counts} */
  const total = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count
  }
  return total
}

/**
 * What an inference of any size takes, from what two sizes were counted to take: so much once, and so much for each pair.
 * @param {Measured['counts']} counts @param {number} pairs @returns {Counts}
 */
export function countsOfInference({ inferenceOf16, inferenceOf160 }, pairs) {
  if (!inferenceOf16 || !inferenceOf160)
    throw new Error('counts.json lacks inferences of 16 and 160.')
  return Object.fromEntries(
    Object.keys(inferenceOf16).map((name) => {
      const [few, many] = [inferenceOf16[name] ?? 0, inferenceOf160[name] ?? 0]
      const perPair = (many - few) / (160 - 16)
      return [name, few + perPair * (pairs - 16)]
    }),
  )
}

/** What one item takes from its upload to the download of its result. @param {Measured} measured @param {Load} load @returns {Counts} */
export function countsPerItem({ counts, cpuMs }, load) {
  const { pairsPerInference: pairs } = load
  const of = (/** @type {string} */ name) => {
    const found = counts[name]
    if (!found) throw new Error(`counts.json lacks ${name}.`)
    return found
  }
  const perPair = 1 / pairs
  const logins = (load.loginsPerUserDay * load.users) / load.itemsPerDay
  const pages = perPair * Math.ceil(pairs / 100)
  const upload =
    load.pairsPerArchive === 1 ? of('upload') : times(of('archiveOf100'), 1 / archivePairs)
  const total = sum(
    upload,
    times(countsOfInference(counts, pairs), perPair),
    times(of('pollRunningOf16'), perPair * load.pollsPerInference),
    times(of('resultsOf16'), pages),
    times(of('download'), load.downloadsPerItem),
    times(of('login'), logins),
  )
  const polls = perPair * load.pollsPerInference
  const uploads = 1 / load.pairsPerArchive
  const requests = uploads + perPair + polls + pages + load.downloadsPerItem + logins
  const tasks = Math.ceil(pairs / taskItems) * perPair
  const cpu =
    (cpuMs.upload ?? 0) +
    (cpuMs.inferredPair ?? 0) +
    (cpuMs.request ?? 0) * (requests - uploads - logins) +
    (cpuMs.login ?? 0) * logins
  return {
    ...total,
    // Three operations bring a message: it is written, read and deleted.
    queueOperations: 3 * (total.queueMessages ?? 0),
    r2ClassA: (total.r2ClassA ?? 0) + serviceWrites,
    // A download is followed by the client's own read at R2.
    r2ClassB: (total.r2ClassB ?? 0) + serviceReads + load.downloadsPerItem,
    // A consumer's run is billed as its messages are, and not as a request.
    workerRequests: requests,
    workerCpuMs: cpu,
    tasks,
  }
}

/** Dollars of so many items, by what is paid for, without storage and inference. @param {Counts} item @param {number} items @param {typeof import('./prices.mjs').cloudflare} prices */
export function costOfItems(item, items, prices) {
  const of = (/** @type {string} */ name, /** @type {number} */ perMillion) =>
    ((item[name] ?? 0) * items * perMillion) / 1e6
  return {
    'Worker requests': of('workerRequests', prices.workerRequestsPerMillion),
    'Worker processor time': of('workerCpuMs', prices.workerCpuMsPerMillion),
    'D1 rows read': of('d1RowsRead', prices.d1RowsReadPerMillion),
    'D1 rows written': of('d1RowsWritten', prices.d1RowsWrittenPerMillion),
    'object requests': of('objectRequests', prices.objectRequestsPerMillion),
    'object rows read': of('objectRowsRead', prices.objectRowsReadPerMillion),
    'object rows written': of('objectRowsWritten', prices.objectRowsWrittenPerMillion),
    'queue operations': of('queueOperations', prices.queueOperationsPerMillion),
    'R2 writes (class A)': of('r2ClassA', prices.r2ClassAPerMillion),
    'R2 reads (class B)': of('r2ClassB', prices.r2ClassBPerMillion),
  }
}

/** Dollars a month of what so many items leave behind. @param {Measured['bytes']} bytes @param {Load} load @param {number} items @param {typeof import('./prices.mjs').cloudflare} prices */
export const storageCostOfItems = (bytes, load, items, prices) => ({
  R2: ((load.bytesPerPair * items) / 1e9) * prices.r2GbMonth,
  D1: ((((bytes.d1OfUpload ?? 0) + (bytes.d1OfResult ?? 0)) * items) / 1e9) * prices.d1GbMonth,
  'token accounts': (((bytes.accountOfUpload ?? 0) * items) / 1e9) * prices.objectGbMonth,
})

/**
 * How many hosts, so that the busiest minutes are worked off as they come.
 * @param {{ imagesPerDay: number, msPerImage: number, peakFactor: number, utilisation: number, atOnce?: number }} options
 *   `msPerImage` is one worker's time for an image, `atOnce` how many workers a host has, `utilisation` how busy it may be
 */
export function hostsNeeded({ imagesPerDay, msPerImage, peakFactor, utilisation, atOnce = 1 }) {
  const imagesPerSecond = (imagesPerDay * peakFactor) / secondsPerDay
  return Math.ceil((imagesPerSecond * msPerImage) / 1000 / atOnce / utilisation)
}

/** Dollars of a million images on a host that is busy for its share of the time. @param {{ perHour: number, msPerImage: number, busyShare: number, atOnce?: number }} options */
export const costOfMillionImages = ({ perHour, msPerImage, busyShare, atOnce = 1 }) =>
  (((1e6 * msPerImage) / 1000 / atOnce / 3600) * perHour) / busyShare

/** Dollars of a second of a container that runs. @param {typeof import('./prices.mjs').container} type @param {typeof import('./prices.mjs').cloudflare} prices */
export const containerPerSecond = ({ vcpu, gib, gb }, prices) =>
  vcpu * prices.containerVcpuSecond +
  gib * prices.containerGibSecond +
  gb * prices.containerGbSecond
