import type { Departure } from './expectation.ts'
import readmeAnswers from './readme-answers.json' with { type: 'json' }

/** An answer as the original's README documents it. */
export interface ReadmeAnswer {
  /** The recorded request whose answer is held to it. */
  readonly answer: string
  readonly body: unknown
  /** Where README and recording contradict each other, what was recorded. */
  readonly recordedWins?: Departure['body']
}

/** By the README's headings. */
export const readmeAnswersByHeading: Readonly<Record<string, ReadmeAnswer>> = readmeAnswers
