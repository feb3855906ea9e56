import { z } from '@hono/zod-openapi'

/** A moment in UTC, to the millisecond. */
export const timeSchema = z.iso.datetime()

/** A count, or a place in a list: whole and never below zero. */
export const countSchema = z.int().min(0)

/** An amount of the product's money. */
export const tokensSchema = z.number().openapi({ description: 'Tokens, to the thousandth' })

/** A success with what it found. */
export function answerSchema<Data extends z.ZodType>(data: Data) {
  return z.object({ success: z.literal(true), message: z.string(), data })
}

/** A success that has nothing else to tell. */
export const doneSchema = z.object({ success: z.literal(true), message: z.string() })

/** Which page of a list an answer holds. */
export const pageFields = {
  totalItems: countSchema.openapi({ description: 'Of all pages' }),
  currentPage: z.int().min(1),
  totalPages: countSchema,
  itemsPerPage: z.int().min(1).max(100),
}

export const pageSchema = z.object(pageFields)

/** The query of a list; pagination.ts reads it. */
export function createPagingFields({ limitDefault }: { limitDefault: number }) {
  return {
    page: z
      .string()
      .optional()
      .openapi({
        param: { description: 'Which page, from 1' },
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 1,
      }),
    limit: z
      .string()
      .optional()
      .openapi({
        param: { description: 'Items a page' },
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: limitDefault,
      }),
  }
}
