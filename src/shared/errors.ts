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

type StatusByCode = Readonly<Record<`${string}.${string}`, ErrorStatus>>

/**
 * Declares a feature's closed list of error codes with their statuses, and returns the only way to make such an error.
 * A code without a status does not compile, nor does an undeclared code.
 */
export function defineErrors<const Codes extends StatusByCode>(statusByCode: Codes) {
  return {
    statusByCode,
    createError(code: keyof Codes & string, message: string, details?: ErrorDetails): ApiError {
      return new ApiError(code, statusByCode[code] as ErrorStatus, message, details)
    },
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
