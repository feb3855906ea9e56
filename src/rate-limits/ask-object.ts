/** What became of a question to an object that guards a door. `overloaded`: it is asked more often than it can answer. */
export type Asked<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'unavailable'; readonly error: unknown }

/** Longer than a far object takes, and short enough that nobody waits for a broken one. */
const answerMsMax = 1_500

/** Asks an object, and never throws nor hangs. */
export async function askObject<Answer>(ask: () => Promise<Answer>): Promise<Asked<Answer>> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer in ${answerMsMax} ms`)), answerMsMax)
  })
  try {
    return { kind: 'answered', answer: await Promise.race([ask(), silence]) }
  } catch (error) {
    const isOverloaded =
      error instanceof Error && 'overloaded' in error && error.overloaded === true
    return isOverloaded ? { kind: 'overloaded' } : { kind: 'unavailable', error }
  } finally {
    clearTimeout(timer)
  }
}
