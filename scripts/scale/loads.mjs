/** @typedef {import('./model.mjs').Load} Load */

/** Ten thousand users and ten million items a day. @type {Load} */
export const largeLoad = {
  users: 10_000,
  itemsPerDay: 10_000_000,
  pairsPerArchive: 1,
  peakFactor: 3,
  pairsPerInference: 160,
  pollsPerInference: 30,
  downloadsPerItem: 1,
  loginsPerUserDay: 2,
  retentionDays: 30,
  bytesPerPair: 450_000,
  secondsPerTask: 20,
}

/** The same, a hundred pairs an archive. @type {Load} */
export const archivesLoad = { ...largeLoad, pairsPerArchive: 100 }
