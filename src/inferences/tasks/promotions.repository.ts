import type { Database } from '../../shared/database.ts'
import type { ClaimedTask } from './claims.repository.ts'
import type { TaskMessage } from './tasks.queue.ts'

/** The queue that a task's message goes to; a user has as many places in each. */
export type Line = 'tasks' | 'videos'

const isOf: Readonly<Record<Line, string>> = {
  tasks: `kind <> 'assemble'`,
  videos: `kind = 'assemble'`,
}

const openJobs = `open.user_id = ?1 AND open.state IN ('PENDING', 'RUNNING')`

interface Fill {
  readonly userId: string
  readonly queuedMax: number
  /** By which it is drawn whose turn it is: an id that was made for this run, or nothing where it matters little. */
  readonly lot?: string
  readonly nowMs: number
}

/** Queues as many of a user's ready tasks as there is room for, one of each inference before another of any. */
export function fillLineStatement(
  database: Database,
  fill: Fill & { readonly line: Line },
): D1PreparedStatement {
  const room = `SELECT ?4 - count(*) AS places FROM inferences AS open
    JOIN inference_tasks AS queued ON queued.inference_id = open.id
    WHERE ${openJobs} AND queued.state IN ('PENDING', 'RUNNING') AND queued.${isOf[fill.line]}`
  return database.raw
    .prepare(promote({ line: fill.line, room }))
    .bind(fill.userId, fill.nowMs, drawLot(fill.lot), fill.queuedMax)
}

/**
 * Gives the place of a task that the holder has ended in the same batch to a ready task of the user. Nothing is counted,
 * however many tasks there are.
 */
export function passPlaceStatement(
  database: Database,
  ended: {
    readonly line: Line
    readonly nowMs: number
    readonly holder: Pick<ClaimedTask, 'id' | 'leaseId' | 'userId'>
  },
): D1PreparedStatement {
  const { holder } = ended
  const room = `SELECT count(*) AS places FROM inference_tasks
    WHERE id = ?4 AND lease_id = ?5 AND state IN ('COMPLETED', 'FAILED')`
  return database.raw
    .prepare(promote({ line: ended.line, room }))
    .bind(holder.userId, ended.nowMs, drawLot(holder.leaseId), holder.id, holder.leaseId)
}

/** Queues a user's ready tasks of both lines, as far as there is room. */
export async function fillLines(database: Database, fill: Fill): Promise<TaskMessage[]> {
  return readPromoted(await database.raw.batch(fillLinesStatements(database, fill)))
}

export function fillLinesStatements(
  database: Database,
  fill: Fill,
): [D1PreparedStatement, D1PreparedStatement] {
  return [
    fillLineStatement(database, { ...fill, line: 'tasks' }),
    fillLineStatement(database, { ...fill, line: 'videos' }),
  ]
}

/**
 * `?1` is the user, `?2` the time, `?3` the lot, which orders the inferences in no order of their own: each is as likely as
 * another to come first (multiplicative hashing, Knuth, The Art of Computer Programming, 6.4). Walks along each
 * inference's ready tasks no further than there are places, so that what is read does not grow with the tasks there are;
 * no two ready tasks of a line begin at the same position.
 */
function promote(by: { line: Line; room: string }): string {
  const ready = (inference: string, position: string) =>
    `SELECT first_position FROM inference_tasks AS ready
     WHERE ready.inference_id = ${inference} AND ready.state = 'READY' AND ready.${isOf[by.line]}
       AND ready.first_position > ${position} ORDER BY ready.first_position LIMIT 1`
  return `WITH RECURSIVE room AS MATERIALIZED (${by.room}),
    line(turn, job_id, inference_id, position) AS (
      SELECT 1, open.job_id, open.id, (${ready('open.id', '-1')}) FROM inferences AS open
      WHERE ${openJobs} AND (SELECT places FROM room) > 0
      UNION ALL
      SELECT turn + 1, job_id, inference_id, (${ready('line.inference_id', 'line.position')}) FROM line
      WHERE position IS NOT NULL AND turn < (SELECT places FROM room))
    UPDATE inference_tasks SET state = 'PENDING', sent_at = ?2, updated_at = ?2
    WHERE id IN (
      SELECT (SELECT id FROM inference_tasks AS ready
        WHERE ready.inference_id = line.inference_id AND ready.first_position = line.position
          AND ready.state = 'READY' AND ready.${isOf[by.line]})
      FROM line WHERE position IS NOT NULL
      ORDER BY turn, ((job_id + ?3) * 2654435761) & 4294967295 LIMIT (SELECT max(0, places) FROM room))
    RETURNING id AS taskId, inference_id AS inferenceId, kind, first_position AS firstPosition`
}

/** A number from an id of random hexadecimal digits: of 28 bits, so that its product is an integer to SQLite. */
function drawLot(id = ''): number {
  return Number.parseInt(id.slice(-7), 16) || 0
}

/** What promotions answered, as the messages that are to be sent. */
export function readPromoted(results: readonly D1Result<unknown>[]): TaskMessage[] {
  const promoted = results.flatMap(
    (result) => result.results as (TaskMessage & { firstPosition: number })[],
  )
  return promoted
    .sort((one, other) => one.firstPosition - other.firstPosition)
    .map(({ taskId, inferenceId, kind }) => ({ taskId, inferenceId, kind }))
}
