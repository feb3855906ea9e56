import type { Settings } from '../../../config.ts'
import type { ServiceCall } from '../../../inference-service/service-call.ts'
import type { LedgerClient } from '../../../ledger/ledger.client.ts'
import type { PricePlan } from '../../../ledger/pricing.ts'
import type { PresignedUrls } from '../../../media/presigned.ts'
import type { FileKind } from '../../../media/stills/kind.ts'
import type { MaskFacts } from '../../../media/stills/mask.ts'
import type { MediaStore } from '../../../media/store.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Database } from '../../../shared/database.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { JoinProgress } from '../../file-uploads/join-parts.ts'
import type { TakenFile } from '../../file-uploads/take-file-upload.ts'
import type { SendUploads } from './ingestions.queue.ts'
import type { IngestionRow } from './ingestions.table.ts'

/** A file of the upload that is an object of its own. */
export interface SourceFile {
  readonly kind: FileKind
  readonly key: string
  /** The user's name for it. */
  readonly fileName: string
  readonly bytes: number
}

/** What a still mask marks; it was checked when it was received. */
export type StillMask = Pick<MaskFacts, 'uprightWidth' | 'uprightHeight' | 'holePixels'> & {
  readonly sha256: string
}

/** What was sent: `mask` is null for an archive. */
export interface IngestionRequest {
  readonly image: SourceFile
  readonly mask: (SourceFile & { readonly still: StillMask | null }) | null
  /** Frames a second as they were asked for: a number, or `source`. */
  readonly fps: string
  /** The files that were sent in parts and are to become one object each, and how far they have. */
  readonly joins: readonly {
    readonly file: Omit<TakenFile, 'partKeys'>
    readonly key: string
    readonly contentType: string
    readonly progress: JoinProgress
  }[]
  /** What the upload's report counted, once its entries are deleted. */
  readonly reported?: ReportCounts
}

export interface ReportCounts {
  readonly accepted: number
  readonly rejected: number
  readonly ignored: number
}

export type Ingestion = Omit<IngestionRow, 'request' | 'notes' | 'datasetId'> & {
  readonly datasetId: string
  readonly request: IngestionRequest
  readonly leaseId: string
}

export interface IngestionContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'reserveOrThrow' | 'settle' | 'release'>
  readonly media: MediaStore
  readonly presignedUrls: PresignedUrls
  readonly serviceCall: ServiceCall
  readonly pricePlan: PricePlan
  readonly settings: Settings
  readonly createId: () => string
  readonly clock: Clock
  readonly logger: Logger
  readonly sendUploads: SendUploads
}

/** Thrown by a step that may pass when it is run again. */
export class StepInterrupted extends Error {
  override readonly name = 'StepInterrupted'

  constructor(
    reason: string,
    readonly retryAfterSeconds: number,
    /** A service that is merely busy is no failed attempt. */
    readonly countsAsAttempt: boolean,
    /** The reason as its user may read it, where the reason itself is for the log. */
    readonly told: string = reason,
  ) {
    super(reason)
  }
}
