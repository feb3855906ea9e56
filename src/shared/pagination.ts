import { requestErrors } from './errors.ts'

export interface PageRequest {
  /** From 1. */
  readonly page: number
  /** Items a page, 1 to 100. */
  readonly limit: number
}

/** What `readPageOrThrow` may refuse, for a route's declaration. */
export const pageRefusals = requestErrors.list('request.invalid')

const pageMax = 1_000_000
const limitMax = 100
const limitDefault = 10

function readWholeNumber(text: string | undefined, fallback: number, max: number): number | null {
  if (text === undefined || text === '') return fallback
  if (!/^\d{1,7}$/.test(text)) return null
  const value = Number(text)
  return value >= 1 && value <= max ? value : null
}

/** Reads `page` (1 to 1000000, default 1) and `limit` (1 to 100, default 10); throws `request.invalid` otherwise. */
export function readPageOrThrow(query: {
  page?: string | undefined
  limit?: string | undefined
}): PageRequest {
  const page = readWholeNumber(query.page, 1, pageMax)
  if (page === null) {
    throw requestErrors.createError(
      'request.invalid',
      `Invalid pagination parameters: 'page' must be 1-${pageMax}.`,
      { parameter: 'page', received: query.page },
    )
  }
  const limit = readWholeNumber(query.limit, limitDefault, limitMax)
  if (limit === null) {
    throw requestErrors.createError(
      'request.invalid',
      `Invalid pagination parameters: 'limit' must be 1-${limitMax}.`,
      { parameter: 'limit', received: query.limit },
    )
  }
  return { page, limit }
}

export interface PageFacts {
  readonly totalItems: number
  readonly currentPage: number
  readonly totalPages: number
  readonly itemsPerPage: number
}

export function formatPage(request: PageRequest, totalItems: number): PageFacts {
  return {
    totalItems,
    currentPage: request.page,
    totalPages: Math.ceil(totalItems / request.limit),
    itemsPerPage: request.limit,
  }
}

export function offsetOf(request: PageRequest): number {
  return (request.page - 1) * request.limit
}
