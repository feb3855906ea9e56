import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type AppEnv, createRouter } from '../router.ts'
import { formatTime } from '../shared/clock.ts'
import { formatPage, pageRefusals, readPageOrThrow } from '../shared/pagination.ts'
import { byAccessToken, jsonResponse, refusedWith } from '../shared/route-declaration.ts'
import { adminRefusals, requireAdmin } from '../users/require-user.ts'
import { type AuditFilters, listAudit } from './audit-log.repository.ts'
import * as schemas from './audit-log.schemas.ts'
import type { AuditLogRow } from './audit-log.table.ts'

/*
 * GET /   what administrators and owners did, newest first
 */

const list = createRoute({
  operationId: 'listAuditLog',
  summary: 'What administrators and owners did',
  description: 'Whatever changed money, access or what is stored, newest first.',
  tags: ['Administration'],
  security: byAccessToken,
  method: 'get',
  path: '/',
  middleware: [requireAdmin] as const,
  request: { query: schemas.auditQuerySchema },
  responses: {
    200: jsonResponse(schemas.auditListSchema, 'A page of entries, newest first', {
      example: {
        success: true,
        message: 'Audit log retrieved successfully',
        data: {
          entries: [schemas.exampleEntry],
          pagination: { totalItems: 1, currentPage: 1, totalPages: 1, itemsPerPage: 10 },
          filters: { action: 'tokens.recharged' },
        },
      },
    }),
    ...refusedWith(adminRefusals, pageRefusals),
  },
})

export const auditRoutes: OpenAPIHono<AppEnv> = createRouter().openapi(list, async (context) => {
  const { page: pageText, limit, ...filters } = context.req.valid('query')
  const page = readPageOrThrow({ page: pageText, limit })
  const { rows, total } = await listAudit(context.get('services').database, { filters, page })
  const data = {
    entries: rows.map(formatEntry),
    pagination: formatPage(page, total),
    filters: Object.fromEntries(
      Object.entries(filters).filter(([, value]) => value !== undefined),
    ) as AuditFilters,
  }
  return context.json(
    { success: true as const, message: 'Audit log retrieved successfully', data },
    200,
  )
})

function formatEntry({ at, details, ...row }: AuditLogRow) {
  return {
    ...row,
    at: formatTime(at),
    details: JSON.parse(details) as Record<string, unknown>,
  }
}
