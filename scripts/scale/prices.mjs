/*
 * Public list prices in US dollars, as the copies of the pages said that docs/costs.md names. What an account has free each
 * month is left out: it is some cents to dollars of a million pictures.
 */

/** Cloudflare, Workers Paid. */
export const cloudflare = {
  perMonth: 5,
  workerRequestsPerMillion: 0.3,
  workerCpuMsPerMillion: 0.02,
  d1RowsReadPerMillion: 0.001,
  d1RowsWrittenPerMillion: 1,
  d1GbMonth: 0.75,
  objectRequestsPerMillion: 0.15,
  objectGbSecondsPerMillion: 12.5,
  objectRowsReadPerMillion: 0.001,
  objectRowsWrittenPerMillion: 1,
  objectGbMonth: 0.2,
  queueOperationsPerMillion: 0.4,
  r2ClassAPerMillion: 4.5,
  r2ClassBPerMillion: 0.36,
  r2GbMonth: 0.015,
  containerVcpuSecond: 0.00002,
  containerGibSecond: 0.0000025,
  containerGbSecond: 0.00000007,
  containerEgressGb: 0.025,
}

/** One container of type standard-4. */
export const container = { vcpu: 4, gib: 12, gb: 20 }

/** Hosts for the inference service, by the hour. */
export const hosts = /** @type {const} */ ([
  { name: 'Runpod L4, A5000 or 3090, active worker', perHour: 0.00013 * 3600 },
  { name: 'Runpod L4, A5000 or 3090, flex worker', perHour: 0.00019 * 3600 },
  { name: 'Runpod 4090, active worker', perHour: 0.00021 * 3600 },
  { name: 'AWS g5.xlarge (A10G), on demand', perHour: 1.006 },
  { name: 'Runpod A100, active worker', perHour: 0.0006 * 3600 },
])
