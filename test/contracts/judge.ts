import type { Expectation } from './expectation.ts'
import { findRecordedOrThrow, recordedBytesOf } from './recorded.ts'
import type { Answer } from './replay.ts'
import { findShapeProblems, isObject, shapeOf } from './shape.ts'
import type { StandIns } from './stand-ins.ts'

/** Words that programs decide by. Outside lists they are the same as the original's, not only of its type. */
const words = new Set([
  'success',
  'status',
  'type',
  'role',
  'modelId',
  'operationType',
  'includeDeleted',
])

/** How far a job has come depends on the moment: these words of the original's may be others of its own. */
const wordsOfTheMoment: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  inferences_job_status_early: { waiting: 'active' },
  inferences_results_unfinished: { RUNNING: 'PENDING' },
}

/** Objects whose keys are the data that was there. */
const dictionaries: Readonly<Record<string, readonly string[]>> = {
  admin_datasets_200: ['data.summary.typeBreakdown', 'data.summary.statusBreakdown'],
  admin_datasets_includeDeleted: ['data.summary.typeBreakdown', 'data.summary.statusBreakdown'],
}

const contentTypeByEnding: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  mp4: 'video/mp4',
}

/** Everything in which the answer is not as expected: one line each, none when it holds. */
export function findProblems(
  name: string,
  expected: Expectation,
  answer: Answer,
  standIns: StandIns,
): string[] {
  const problems =
    answer.status === expected.status
      ? []
      : [`status ${answer.status} instead of ${expected.status}`]
  const bytes = recordedBytesOf(expected.body)
  if (bytes !== null) return [...problems, ...findContentProblems(name, bytes, answer)]
  if (answer.body === null) return [...problems, `no JSON but '${answer.contentType}'`]
  return [
    ...problems,
    ...findShapeProblems(shapeOf([expected.body]), answer.body, {
      dictionaries: dictionaries[name] ?? [],
    }),
    ...findWordProblems(name, expected.body, answer.body),
    ...findMessageProblems(name, expected, answer, standIns),
  ]
}

function findContentProblems(name: string, bytes: number, answer: Answer): string[] {
  if (bytes === 0) return answer.bytes === 0 ? [] : [`${answer.bytes} bytes instead of none`]
  const ending = findRecordedOrThrow(name).request.path.split('.').at(-1) ?? ''
  const contentType = contentTypeByEnding[ending] ?? 'a content type'
  return [
    ...(answer.bytes > 0 ? [] : ['no bytes']),
    ...(answer.contentType === contentType
      ? []
      : [`${answer.contentType} instead of ${contentType}`]),
  ]
}

function findMessageProblems(
  name: string,
  expected: Expectation,
  answer: Answer,
  standIns: StandIns,
): string[] {
  const recordedMessage = isObject(expected.body) ? expected.body.message : undefined
  if (expected.message === undefined && typeof recordedMessage !== 'string') return []
  const message = expected.message ?? String(recordedMessage)
  const told = isObject(answer.body) ? answer.body.message : undefined
  const ours = typeof told === 'string' ? inTheMoment(name, told) : ''
  if (message instanceof RegExp) {
    return message.test(ours) ? [] : [`message: '${ours}' is not ${message}`]
  }
  const theirs = standIns.apply(message)
  return ours === theirs ? [] : [`message: '${ours}' instead of '${theirs}'`]
}

function findWordProblems(name: string, expected: unknown, ours: unknown, path = ''): string[] {
  if (!isObject(expected) || !isObject(ours)) return []
  return Object.entries(expected).flatMap(([key, theirs]) => {
    const place = path === '' ? key : `${path}.${key}`
    const value = ours[key]
    if (isObject(theirs)) return findWordProblems(name, theirs, value, place)
    if (!words.has(key) || value === undefined) return []
    const word = typeof value === 'string' ? inTheMoment(name, value) : value
    return word === theirs ? [] : [`${place}: '${word}' instead of '${theirs}'`]
  })
}

function inTheMoment(name: string, text: string): string {
  const synonyms = Object.entries(wordsOfTheMoment[name] ?? {})
  return synonyms.reduce((read, [ours, theirs]) => read.replace(ours, theirs), text)
}
