import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { deliberateDifferences } from '../contracts/deliberate-differences.ts'
import {
  type Departure,
  type Expectation,
  expectAsRecorded,
  expectWith,
  withExamples,
  withoutEachPoint,
} from '../contracts/expectation.ts'
import { findProblems } from '../contracts/judge.ts'
import { readmeAnswersByHeading } from '../contracts/readme.ts'
import { recorded } from '../contracts/recorded.ts'
import { type Answer, type Replay, readAt } from '../contracts/replay.ts'
import { tellStory } from '../contracts/story.ts'

const names = Object.keys(recorded)
const different = Object.keys(deliberateDifferences)
const holding = names.filter((name) => !different.includes(name))

let told: Replay

beforeAll(async () => {
  told = await tellStory(inject('apiUrl'))
}, 240_000)

function answerTo(name: string): Answer {
  const answer = told.answers.get(name)
  if (answer) return answer
  throw new Error(`The story does not send '${name}'.`)
}

const problemsOf = (name: string, expected: Expectation) =>
  findProblems(name, expected, answerTo(name), told.standIns)

/** The answer is as the departure says, and each of its points is needed. */
function ensureDeparture(name: string, departure: Departure): void {
  expect(problemsOf(name, expectWith(name, departure))).toEqual([])
  for (const { point, rest } of withoutEachPoint(departure)) {
    const problems = problemsOf(name, expectWith(name, rest))
    expect(problems, `'${point}' is stale: the answer is as recorded`).not.toEqual([])
  }
}

describe('a client of the original is answered as it was', () => {
  it.each(holding)('%s', (name) => {
    expect(problemsOf(name, expectAsRecorded(name))).toEqual([])
  })
})

describe('a client of the original is answered otherwise on purpose', () => {
  it.each(different)('%s', (name) => {
    ensureDeparture(name, deliberateDifferences[name] ?? {})
  })
})

describe("an answer has the shape that the original's README documents", () => {
  it.each(Object.entries(readmeAnswersByHeading))('%s', (_heading, readme) => {
    const departures = { ...readme.recordedWins }
    const { status } = expectAsRecorded(readme.answer)
    const problemsWith = (examples: Departure['body']) =>
      problemsOf(readme.answer, { status, body: withExamples(readme.body, examples) })

    expect(problemsWith(departures)).toEqual([])
    for (const { point, rest } of withoutEachPoint({ body: departures })) {
      expect(problemsWith(rest.body), `'${point}' is stale`).not.toEqual([])
    }
  })

  it('with the job’s state in its word beside the recorded one', () => {
    const answer = answerTo('inferences_job_status_200')
    expect(readAt(answer, 'data.status')).toBe('completed')
    expect(readAt(answer, 'data.inferenceStatus')).toBe('COMPLETED')
  })
})

describe('the recording', () => {
  it('is sent as a whole, and each of its requests is in one list', () => {
    expect([...told.answers.keys()].sort()).toEqual([...names].sort())
    expect([...holding, ...different].sort()).toEqual([...names].sort())
  })

  it('has 124 answers: 106 hold, 18 differ on purpose', () => {
    expect({
      total: names.length,
      hold: holding.length,
      differ: different.length,
    }).toEqual({ total: 124, hold: 106, differ: 18 })
  })
})

afterAll(() => {
  console.log(
    `contract: ${holding.length} hold, ${different.length} differ on purpose; ${names.length} recorded`,
  )
})
