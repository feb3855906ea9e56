import type { ArchiveEntry } from '../../../media/archives/archive.model.ts'
import {
  createArchiveSource,
  readArchiveDirectory,
} from '../../../media/archives/read-directory.ts'
import { type PairedEntry, pairEntries } from '../pairing.rules.ts'
import { createNothingValidError } from '../uploads.errors.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { reservePrice } from './reserve-price.ts'
import { insertEntries, type NewEntry } from './upload-entries.repository.ts'

/**
 * Reads an archive's directory, pairs its files, reserves the price of all that may become data and writes the files
 * down. Nothing is inflated. Throws `archive.…` and `zip.nothing_valid`.
 */
export async function planArchive(context: IngestionContext, ingestion: Ingestion): Promise<void> {
  const { settings, database, media } = context
  const source = createArchiveSource(media, ingestion.request.image)
  const found = await readArchiveDirectory(source, {
    entriesMax: settings.ARCHIVE_ENTRIES_MAX,
    ratioMax: settings.ARCHIVE_RATIO_MAX,
    inflatedBytesMax: settings.ARCHIVE_INFLATED_BYTES_MAX,
  })
  const paired = pairEntries(found)
  const entries = paired.map((entry) => toRow(entry, found[entry.number] as ArchiveEntry))
  const mediaCount = entries.filter(
    ({ state, role }) => state === 'PENDING' && role !== 'mask',
  ).length
  if (mediaCount === 0) throw createNothingValidError(entries)
  const reservation = await reservePrice(context, ingestion, { kind: 'zip', count: mediaCount })
  await insertEntries(database, ingestion, {
    entries,
    totalCount: mediaCount,
    reservation,
    nowMs: context.clock.nowMs(),
  })
}

function toRow(
  { number, path, role, maskNumber, refusal }: PairedEntry,
  entry: ArchiveEntry,
): NewEntry {
  return {
    number,
    path,
    role,
    state: refusal?.state ?? 'PENDING',
    maskNumber,
    location: refusal ? null : JSON.stringify(entry),
    reasonCode: refusal?.code ?? null,
    reason: refusal?.reason ?? null,
  }
}
