import { sweepFileUploads } from './datasets/file-uploads/sweep-file-uploads.ts'
import { freeMedia } from './datasets/free-media.ts'
import { sweepIngestions } from './datasets/uploads/ingestion/sweep-ingestions.ts'
import { sweepUploads } from './datasets/uploads/sweep-uploads.ts'
import { sweepIdempotencyKeys } from './idempotency/sweep-idempotency-keys.ts'
import { sweepInferences } from './inferences/sweep-inferences.ts'
import { type SweptPart, saveSweepReport } from './operations/sweep-report.repository.ts'
import { sweepReconciliation } from './reconciliation/reconcile.ts'
import type { Services } from './services.ts'
import { describeError, type Logger } from './shared/logger.ts'
import { ensureFirstAdministrator } from './users/ensure-first-administrator.ts'
import { openMissingAccounts } from './users/open-accounts.ts'
import { seedDevelopment } from './users/seed-development.ts'

const parts: Readonly<Record<string, (services: Services) => Promise<unknown>>> = {
  administrator: ensureAdministrator,
  accounts: openMissingAccounts,
  ingestions: sweepIngestions,
  uploads: sweepUploads,
  fileUploads: sweepFileUploads,
  deletedDatasets: freeMedia,
  inferences: sweepInferences,
  idempotencyKeys: sweepIdempotencyKeys,
  // Last, since it may take its time.
  reconciliation: sweepReconciliation,
}

/** A run of the cron has 15 minutes: one part that hangs, or three, must leave the others their time. */
const partMsMax = 3 * 60_000

/**
 * What runs every minute. Each part goes on however the others end, or do not, and running any of them twice, or twice at
 * once, changes nothing. How each ended is kept for the metrics.
 */
export async function sweep(services: Services, limits = { partMsMax }): Promise<void> {
  const startedAt = services.clock.nowMs()
  const swept: SweptPart[] = []
  for (const [part, run] of Object.entries(parts)) {
    const runInTime = (given: Services) => waitAtMost(limits.partMsMax, run(given))
    swept.push(await runPart(services, part, runInTime))
  }
  try {
    const endedAt = services.clock.nowMs()
    await saveSweepReport(services.database, { startedAt, endedAt, parts: swept })
  } catch (error) {
    services.logger.error('sweep.report_not_saved', describeError(error))
  }
}

const errorNamesMax = 5

/** A part that goes on after a failure of its own logs it as an error, and has failed all the same. */
async function runPart(
  services: Services,
  part: string,
  run: (services: Services) => Promise<unknown>,
): Promise<SweptPart> {
  const startMs = services.clock.nowMs()
  const errors = new Set<string>()
  const logger: Logger = {
    ...services.logger,
    error(event, fields) {
      errors.add(event)
      services.logger.error(event, fields)
    },
  }
  try {
    await run({ ...services, logger })
  } catch (error) {
    logger.error('sweep.part_failed', { part, ...describeError(error) })
  }
  return {
    part,
    ms: services.clock.nowMs() - startMs,
    failed: errors.size > 0,
    errors: [...errors].slice(0, errorNamesMax),
  }
}

/** Waits for work so long and no longer; it goes on unwatched, and the next sweep does again what it left. */
async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done in ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function ensureAdministrator(services: Services): Promise<void> {
  if (services.settings.APP_ENV === 'development') await seedDevelopment(services)
  else await ensureFirstAdministrator(services)
}
