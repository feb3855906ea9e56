import { sweepFileUploads } from './datasets/file-uploads/sweep-file-uploads.ts'
import { freeMedia } from './datasets/free-media.ts'
import { sweepIngestions } from './datasets/uploads/ingestion/sweep-ingestions.ts'
import { sweepUploads } from './datasets/uploads/sweep-uploads.ts'
import { sweepInferences } from './inferences/sweep-inferences.ts'
import type { Services } from './services.ts'
import { describeError } from './shared/logger.ts'
import { ensureFirstAdministrator } from './users/ensure-first-administrator.ts'
import { openMissingAccounts } from './users/open-accounts.ts'
import { seedDevelopment } from './users/seed-development.ts'

/** What runs every minute. Each part goes on however the others end, and running any of them twice changes nothing. */
export async function sweep(services: Services): Promise<void> {
  const parts = {
    administrator: () => ensureAdministrator(services),
    accounts: () => openMissingAccounts(services),
    ingestions: () => sweepIngestions(services),
    uploads: () => sweepUploads(services),
    fileUploads: () => sweepFileUploads(services),
    deletedDatasets: () => freeMedia(services),
    inferences: () => sweepInferences(services),
  }
  for (const [part, run] of Object.entries(parts)) {
    try {
      await run()
    } catch (error) {
      services.logger.error('sweep.part_failed', { part, ...describeError(error) })
    }
  }
}

async function ensureAdministrator(services: Services): Promise<void> {
  if (services.settings.APP_ENV === 'development') await seedDevelopment(services)
  else await ensureFirstAdministrator(services)
}
