import { adminErrors } from '../../admin/admin.errors.ts'
import { datasetErrors } from '../../datasets/datasets.errors.ts'
import { fileUploadErrors } from '../../datasets/file-uploads/file-uploads.errors.ts'
import { entryReasons } from '../../datasets/uploads/entries.errors.ts'
import { uploadErrors } from '../../datasets/uploads/uploads.errors.ts'
import { idempotencyErrors } from '../../idempotency/idempotency.errors.ts'
import { serviceErrors, serviceReasons } from '../../inference-service/service.errors.ts'
import { inferenceErrors } from '../../inferences/inferences.errors.ts'
import { taskReasons } from '../../inferences/tasks/tasks.errors.ts'
import { ledgerErrors } from '../../ledger/ledger.errors.ts'
import { archiveErrors } from '../../media/archives/archives.errors.ts'
import { mediaErrors } from '../../media/media.errors.ts'
import { modelErrors } from '../../models/models.errors.ts'
import { rateLimitErrors } from '../../rate-limits/rate-limits.errors.ts'
import { reconciliationErrors } from '../../reconciliation/reconciliations.errors.ts'
import { type CodeExplanation, type ErrorStatus, requestErrors } from '../../shared/errors.ts'
import { userErrors } from '../../users/users.errors.ts'

/** What the page of a code tells. In its sentences backticks stand around what is typed. */
export interface ErrorPage extends CodeExplanation {
  readonly code: string
  /** The status of the answer; null for what only ends a part of some work, and is told in an answer that is good. */
  readonly status: ErrorStatus | null
  /** Under which heading the code stands in the list of all. */
  readonly feature: string
}

type Listed = CodeExplanation & Pick<ErrorPage, 'code'> & { readonly status?: ErrorStatus }

/** Every list of codes that the product has, under the heading where a reader looks for it. */
const listsByFeature: Readonly<Record<string, readonly (readonly Listed[])[]>> = {
  Requests: [requestErrors.all, idempotencyErrors.all, rateLimitErrors.all],
  'Accounts and access': [userErrors.all],
  Tokens: [ledgerErrors.all],
  Datasets: [datasetErrors.all],
  Uploads: [uploadErrors.all, fileUploadErrors.all],
  'Pictures and masks': [mediaErrors.all],
  Archives: [archiveErrors.all, entryReasons.all],
  Models: [modelErrors.all],
  Inferences: [inferenceErrors.all, taskReasons.all],
  'The inference service': [serviceErrors.all, serviceReasons.all],
  Administration: [adminErrors.all, reconciliationErrors.all],
}

/** Every code that an answer can hold, by feature. */
export const allErrors: readonly ErrorPage[] = Object.entries(listsByFeature).flatMap(
  ([feature, lists]) =>
    lists.flat().map(({ status = null, ...listed }) => ({ ...listed, status, feature })),
)

const pageByCode = new Map(allErrors.map((page) => [page.code, page]))

/** What the page of a code tells; null for a code that the product does not have. */
export function findErrorPage(code: string): ErrorPage | null {
  return pageByCode.get(code) ?? null
}
