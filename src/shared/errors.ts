/** The statuses that a refusal can have. 5xx are for failures of ours alone. */
export type ErrorStatus =
  | 400
  | 401
  | 403
  | 404
  | 408
  | 409
  | 410
  | 413
  | 415
  | 422
  | 429
  | 500
  | 503

export type ErrorDetails = Readonly<Record<string, unknown>>

/** The one typed error that use-cases throw; the renderer turns it into the envelope. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly code: string,
    readonly status: ErrorStatus,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message)
  }
}

/** What a code means and what to do about it, for its page and for the document. */
export interface ErrorExplanation {
  readonly status: ErrorStatus
  /** What happened, for whoever got the error and knows nothing else. */
  readonly meaning: string
  /** What to do now. */
  readonly remedy: string
}

/** A code of the closed list with what is known of it. */
export interface ListedError extends Partial<Omit<ErrorExplanation, 'status'>> {
  readonly code: string
  readonly status: ErrorStatus
}

type Definitions = Readonly<Record<`${string}.${string}`, ErrorStatus | ErrorExplanation>>

/**
 * Declares a feature's closed list of error codes with their statuses, and returns the only way to make such an error.
 * A code without a status does not compile, nor does an undeclared code. `list` names codes for a route's declaration.
 */
export function defineErrors<const Errors extends Definitions>(definitions: Errors) {
  type Code = keyof Errors & string
  const readListed = (code: Code): ListedError => {
    const definition = definitions[code] as ErrorStatus | ErrorExplanation
    return typeof definition === 'number' ? { code, status: definition } : { code, ...definition }
  }
  return {
    has: (code: string): code is Code => Object.hasOwn(definitions, code),
    createError(code: Code, message: string, details?: ErrorDetails): ApiError {
      return new ApiError(code, readListed(code).status, message, details)
    },
    list: (...codes: readonly Code[]): readonly ListedError[] => codes.map(readListed),
    /** Every code of the feature. */
    all: (Object.keys(definitions) as Code[]).map(readListed),
  }
}

export const requestErrors = defineErrors({
  'request.invalid': 400,
  'request.malformed_json': 400,
  'request.broken_off': 400,
  'request.too_slow': 408,
  'request.too_large': 413,
  'request.route_not_found': 404,
  'server.internal': 500,
})
