import { ApiError } from '../../../shared/errors.ts'
import { describeError } from '../../../shared/logger.ts'
import { createProcessingFailedError, finishIngestion, giveUpIngestion } from './end-ingestion.ts'
import {
  type Ingestion,
  type IngestionContext,
  type IngestionRequest,
  StepInterrupted,
} from './ingestion.model.ts'
import {
  ingestionAttemptsMax,
  ingestionLeaseRenewalMs,
  stepRetrySeconds,
} from './ingestions.lifecycle.ts'
import {
  claimIngestion,
  countAttempt,
  findIngestionById,
  LeaseLost,
  renewIngestionLease,
  returnIngestion,
} from './ingestions.repository.ts'
import { runStep } from './run-step.ts'

/** Whether the upload has ended (or is another's), or is to be gone on with after a while. */
export type IngestionVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly delaySeconds: number }

const done: IngestionVerdict = { kind: 'done' }

/**
 * Claims an upload and runs its steps until it has ended or `untilMs` has passed. Whatever happens, the upload is ended,
 * given back, or free again when its lease is over. One that is committed already is tidied and paid, if that is open.
 */
export async function runIngestion(
  context: IngestionContext,
  run: { id: string; untilMs: number },
): Promise<IngestionVerdict> {
  const leaseId = context.createId()
  const ingestion = await claimIngestion(context.database, {
    id: run.id,
    leaseId,
    nowMs: context.clock.nowMs(),
  })
  if (!ingestion) {
    await finishIngestion(context, run.id)
    return done
  }
  const timer = setInterval(() => renew(context, ingestion), ingestionLeaseRenewalMs)
  try {
    return await runSteps(context, ingestion, run.untilMs)
  } catch (error) {
    return await decide(context, ingestion, error)
  } finally {
    clearInterval(timer)
  }
}

async function runSteps(
  context: IngestionContext,
  claimed: Ingestion,
  untilMs: number,
): Promise<IngestionVerdict> {
  let ingestion = claimed
  for (;;) {
    const phase = await runStep(context, ingestion, untilMs)
    if (phase === 'ended') return done
    if (context.clock.nowMs() >= untilMs) return await giveBack(context, ingestion, { seconds: 0 })
    ingestion = await refresh(context, ingestion, phase)
  }
}

/** A step changes the row: its reservation, its phase. */
async function refresh(
  { database }: IngestionContext,
  ingestion: Ingestion,
  phase: Ingestion['phase'],
): Promise<Ingestion> {
  const row = await findIngestionById(database, ingestion.id)
  if (row?.leaseId !== ingestion.leaseId) throw new LeaseLost()
  return {
    ...ingestion,
    phase,
    request: JSON.parse(row.request) as IngestionRequest,
    reservationId: row.reservationId,
  }
}

async function decide(
  context: IngestionContext,
  ingestion: Ingestion,
  error: unknown,
): Promise<IngestionVerdict> {
  const { id, leaseId } = ingestion
  if (error instanceof ApiError && error.status < 500) {
    await giveUpIngestion(context, { id, leaseId, error })
    return done
  }
  const interrupted = error instanceof StepInterrupted ? error : null
  if (interrupted?.countsAsAttempt === false) {
    return giveBack(context, ingestion, { seconds: interrupted.retryAfterSeconds })
  }
  const attempts = await countAttempt(context.database, ingestion)
  context.logger.warn('ingestion.step_broken', { uploadId: id, attempts, ...describeError(error) })
  // Either another holds it, or a commit took effect although it broke off: a new run finds out.
  if (attempts === null) return { kind: 'again', delaySeconds: stepRetrySeconds(1) }
  if (attempts >= ingestionAttemptsMax) {
    const shown = interrupted?.told ?? 'an internal error'
    await giveUpIngestion(context, { id, leaseId, error: createProcessingFailedError(shown) })
    return done
  }
  return giveBack(context, ingestion, { seconds: stepRetrySeconds(attempts) })
}

async function giveBack(
  context: IngestionContext,
  ingestion: Ingestion,
  again: { seconds: number },
): Promise<IngestionVerdict> {
  const nowMs = context.clock.nowMs()
  await returnIngestion(context.database, ingestion, {
    runsAtMs: nowMs + again.seconds * 1000,
    nowMs,
  })
  return { kind: 'again', delaySeconds: again.seconds }
}

async function renew(context: IngestionContext, ingestion: Ingestion): Promise<void> {
  try {
    await renewIngestionLease(context.database, ingestion, context.clock.nowMs())
  } catch (error) {
    context.logger.warn('ingestion.lease_not_renewed', {
      uploadId: ingestion.id,
      ...describeError(error),
    })
  }
}
