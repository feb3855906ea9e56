import type { ApiDocument } from '../../src/documentation/openapi/create-document.ts'
import { type Answered, createDocumentCheck, type FindProblem } from './documented.ts'

const checks = new Map<string, Promise<FindProblem>>()

/**
 * What holds the answers of a running system against the document that it serves, read once: throws where the document
 * does not allow one. To be asked for before the request, so that a system which goes away meanwhile is not asked again.
 */
export async function findServedCheck(apiUrl: string): Promise<(answered: Answered) => void> {
  const { origin } = new URL(apiUrl)
  const check = checks.get(origin) ?? readCheck(origin)
  checks.set(origin, check)
  check.catch(() => checks.delete(origin))
  const findProblem = await check
  return (answered) => {
    const problem = findProblem(answered)
    if (problem !== null) throw new Error(problem)
  }
}

async function readCheck(origin: string): Promise<FindProblem> {
  const answer = await fetch(`${origin}/openapi.json`)
  return createDocumentCheck((await answer.json()) as ApiDocument)
}
