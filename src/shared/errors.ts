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

/** What a code means and what to do about it, for its page and for the document. Backticks stand around what is typed. */
export interface CodeExplanation {
  /** What happened, for whoever got the code and knows nothing else. */
  readonly meaning: string
  /** What to do now. */
  readonly remedy: string
}

export interface ErrorExplanation extends CodeExplanation {
  readonly status: ErrorStatus
  /** A detail of every answer with the code, where the message has the original's words and these leave open what to do. */
  readonly hint?: string
}

/** Where the page of a code is, on a server whose address has no slash at its end. */
export function errorPageUrl(baseUrl: string, code: string): string {
  return `${baseUrl}/docs/errors/${code}`
}

/** A code of the closed list with what is known of it. */
export interface ListedError extends ErrorExplanation {
  readonly code: string
}

type Code = `${string}.${string}`

/**
 * Declares a feature's closed list of error codes with their statuses and pages, and returns the only way to make such an
 * error. A code without a status or a page does not compile, nor does an undeclared code. `list` names codes for a route's
 * declaration.
 */
export function defineErrors<const Errors extends Readonly<Record<Code, ErrorExplanation>>>(
  definitions: Errors,
) {
  type ErrorCode = keyof Errors & Code
  const explain = (code: ErrorCode) => definitions[code] as ErrorExplanation
  const readListed = (code: ErrorCode): ListedError => ({ code, ...explain(code) })
  return {
    has: (code: string): code is ErrorCode => Object.hasOwn(definitions, code),
    createError(code: ErrorCode, message: string, details?: ErrorDetails): ApiError {
      const { status, hint } = explain(code)
      return new ApiError(
        code,
        status,
        message,
        hint === undefined ? details : { hint, ...details },
      )
    },
    list: (...codes: readonly ErrorCode[]): readonly ListedError[] => codes.map(readListed),
    /** Every code of the feature. */
    all: (Object.keys(definitions) as ErrorCode[]).map(readListed),
  }
}

/**
 * Declares the closed list of codes that say why a part of some work failed, such as a picture of a job, while the request
 * itself was answered. They have a page and no status.
 */
export function defineReasons<const Reasons extends Readonly<Record<Code, CodeExplanation>>>(
  definitions: Reasons,
) {
  type ReasonCode = keyof Reasons & Code
  return {
    /** The code itself; one that is not declared does not compile. */
    code: <const Wanted extends ReasonCode>(code: Wanted): Wanted => code,
    all: (Object.keys(definitions) as ReasonCode[]).map((code) => ({
      code,
      ...(definitions[code] as CodeExplanation),
    })),
  }
}

export const requestErrors = defineErrors({
  'request.invalid': {
    status: 400,
    meaning:
      'A field of the body, a parameter of the address or the body as a whole is not what this route takes: it is missing, of another type or outside its range. `message` says what is wrong and what is allowed; `field`, `fields` or `parameter` names the place.',
    remedy:
      'Change what the message names and send the request again; unchanged it is refused again. A body is one JSON object, each parameter of an address is given once, `page` is from 1 to 1000000 and `limit` from 1 to 100. Nothing took effect and nothing was charged.',
  },
  'request.malformed_json': {
    status: 400,
    meaning:
      'The body is not JSON, so that none of its fields could be read. `line` and `column` say where the first mistake is, and `message` what it is; where the body ends too early, `hint` says what is missing.',
    remedy:
      'Have a JSON library write the body. By hand: names and text stand in double quotation marks, no comma follows the last entry, and there are no comments. In a shell the whole body stands in single quotation marks, as in `-d \'{"name":"My photos"}\'`. Nothing took effect and nothing was charged.',
  },
  'request.broken_off': {
    status: 400,
    meaning:
      'The connection ended before all of the body had come, so that the request was not carried out. `receivedBytes` says how much of it had come.',
    remedy:
      'Send the request again. If it breaks off at the same place each time, compare its `Content-Length` with the bytes that are sent, and look at proxies on the way. Nothing took effect and nothing was charged.',
  },
  'request.too_slow': {
    status: 408,
    meaning:
      'No byte of the body came for 30 seconds, and the request was given up. `receivedBytes` says how much of it had come before.',
    remedy:
      'Send the request again, with a `Content-Length` that is the number of bytes sent: a larger one makes the API wait for bytes that never come. Over an unsteady line send large files in parts by `POST /api/uploads`, where a part that fails is sent again alone. Nothing took effect and nothing was charged.',
  },
  'request.too_large': {
    status: 413,
    meaning:
      'The JSON body is longer than the API reads. `limitBytes` is the most that it may have: 1000000 bytes.',
    remedy:
      'Send a shorter body. Pictures and videos do not belong into JSON: send them as files of a form to `POST /api/datasets/data`, or in parts by `POST /api/uploads`. Nothing took effect and nothing was charged.',
  },
  'request.route_not_found': {
    status: 404,
    meaning:
      'The API has no route of this method and address: either the address is not one of its own, or it is answered to another method than this one.',
    remedy:
      'Compare the method and the address with those at `/docs`. Names in an address, such as that of a dataset, are percent-encoded: `My photos` is `My%20photos`. Sending the same again is of no use.',
  },
  'server.internal': {
    status: 500,
    meaning:
      'Something failed inside the API. It is not about what you sent, and the failure was written into the log under the id that the answer carries in the header `X-Request-Id`.',
    remedy:
      'Send the request again after some seconds; a POST that creates or charges with the same `Idempotency-Key`, so that it takes effect once whatever became of the first. What did not take effect is not charged. If it stays, tell whoever runs the API the `X-Request-Id`.',
  },
})
