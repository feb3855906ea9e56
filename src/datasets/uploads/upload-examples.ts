import { createAmount } from '../../ledger/amounts.ts'
import { exampleDataset, examplePairs } from '../dataset-examples.ts'
import { formatStored } from './uploads.format.ts'
import type { Upload } from './uploads.schemas.ts'

const [{ uploadId }] = examplePairs
const times = { createdAt: '2026-11-21T08:56:59.694Z', updatedAt: '2026-11-21T08:57:01.120Z' }

/** A video that is being taken apart. */
export const exampleRunning: Upload = {
  id: uploadId,
  status: 'RUNNING',
  phase: 'store',
  kind: 'video',
  datasetName: exampleDataset.name,
  progress: 31,
  totalItems: 240,
  storedItems: 75,
  tokensReserved: 96,
  tokensSpent: null,
  notes: ["The mask of film.mp4 is 852×480 pixels and was scaled to the video's 1280×720."],
  error: null,
  report: null,
  ...times,
  endedAt: null,
}

const entry = { itemCount: null, itemIndex: null, code: null, reason: null }

/** An archive that has become data. */
export const exampleCompleted: Upload = {
  ...exampleRunning,
  status: 'COMPLETED',
  phase: null,
  kind: 'zip',
  progress: 100,
  totalItems: 1,
  storedItems: 1,
  tokensReserved: 0.7,
  tokensSpent: 0.7,
  notes: [],
  report: {
    accepted: 2,
    rejected: 0,
    ignored: 1,
    note: null,
    entries: [
      {
        ...entry,
        path: 'a/image_1.png',
        status: 'accepted',
        role: 'image',
        itemIndex: 0,
        itemCount: 1,
      },
      { ...entry, path: 'a/mask_1.png', status: 'accepted', role: 'mask' },
      {
        ...entry,
        path: 'notes.txt',
        status: 'ignored',
        role: 'none',
        code: 'entry.format',
        reason:
          'Not a format that is read by its name: those are png, jpg, jpeg, webp, mp4, avi, mov, mkv, webm.',
      },
    ],
  },
  endedAt: times.updatedAt,
}

/** What a request is answered that has brought one item; both amounts in thousandths of a token. */
export const createExampleUploaded = (spent: number, balance: number) =>
  formatStored({ processedItems: 1, spent: createAmount(spent), balance: createAmount(balance) })

/** Where an upload is watched. */
export const exampleLocation = `/api/datasets/uploads/${uploadId}`
