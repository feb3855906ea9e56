import { adminErrors } from '../../admin/admin.errors.ts'
import { datasetErrors } from '../../datasets/datasets.errors.ts'
import { fileUploadErrors } from '../../datasets/file-uploads/file-uploads.errors.ts'
import { uploadErrors } from '../../datasets/uploads/uploads.errors.ts'
import { idempotencyErrors } from '../../idempotency/idempotency.errors.ts'
import { inferenceErrors } from '../../inferences/inferences.errors.ts'
import { ledgerErrors } from '../../ledger/ledger.errors.ts'
import { archiveErrors } from '../../media/archives/archives.errors.ts'
import { mediaErrors } from '../../media/media.errors.ts'
import { modelErrors } from '../../models/models.errors.ts'
import { rateLimitErrors } from '../../rate-limits/rate-limits.errors.ts'
import { reconciliationErrors } from '../../reconciliation/reconciliations.errors.ts'
import { type ErrorStatus, type ListedError, requestErrors } from '../../shared/errors.ts'
import { userErrors } from '../../users/users.errors.ts'

/** What the page of an error code tells. */
export interface ErrorPage {
  readonly code: string
  /** The status of the answer; null for what only ends a part of a job or of an upload, and never a request. */
  readonly status: ErrorStatus | null
  /** What happened: one to three sentences. */
  readonly meaning: string
  /** What to do now: one to some sentences. */
  readonly remedy: string
  /** Under which heading the code stands in the list of all. */
  readonly feature: string
}

/** Every list of codes that the product has, under the heading that a reader looks for it. */
const listsByFeature: Readonly<Record<string, readonly (readonly ListedError[])[]>> = {
  Requests: [requestErrors.all, idempotencyErrors.all, rateLimitErrors.all],
  'Accounts and access': [userErrors.all],
  Tokens: [ledgerErrors.all],
  Datasets: [datasetErrors.all],
  Uploads: [uploadErrors.all, fileUploadErrors.all],
  'Pictures and masks': [mediaErrors.all],
  Archives: [archiveErrors.all],
  Models: [modelErrors.all],
  Inferences: [inferenceErrors.all],
  Administration: [adminErrors.all, reconciliationErrors.all],
}

/** Every error code of the product, by feature. */
export const allErrors: readonly ErrorPage[] = Object.entries(listsByFeature).flatMap(
  ([feature, lists]) => lists.flat().map((listed) => ({ ...listed, feature })),
)

const pageByCode = new Map(allErrors.map((page) => [page.code, page]))

/** What the page of a code tells; null for a code that the product does not have. */
export function findErrorPage(code: string): ErrorPage | null {
  return pageByCode.get(code) ?? null
}
