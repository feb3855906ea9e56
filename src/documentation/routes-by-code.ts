import type { ApiDocument } from './openapi/create-document.ts'

/** A route, and where the reference shows it. */
export interface ReferredRoute {
  /** `POST /api/inferences` */
  readonly name: string
  readonly address: string
}

interface Schema {
  readonly $ref?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

/** The routes whose refusals the document declares with each code. */
export function listRoutesByCode(
  document: Pick<ApiDocument, 'paths' | 'components'>,
): ReadonlyMap<string, readonly ReferredRoute[]> {
  const routes = new Map<string, ReferredRoute[]>()
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { tags = [], operationId = '', responses }] of Object.entries(methods)) {
      const route = {
        name: `${method.toUpperCase()} ${path}`,
        address: `/docs#/${encodeURIComponent(tags[0] ?? '')}/${operationId}`,
      }
      const codes = Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([, answer]) => answer.content?.['application/json']?.schema ?? [])
        .flatMap((schema) => listCodes(schema as Schema, document))
      for (const code of new Set(codes)) routes.set(code, [...(routes.get(code) ?? []), route])
    }
  }
  return routes
}

function listCodes(schema: Schema, document: Pick<ApiDocument, 'components'>): readonly string[] {
  const named = schema.$ref?.replace('#/components/schemas/', '')
  const referred = named === undefined ? undefined : document.components.schemas?.[named]
  if (referred !== undefined) return listCodes(referred as Schema, document)
  const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return [
    ...(schema.properties?.code?.enum ?? []),
    ...parts.flatMap((part) => listCodes(part, document)),
  ]
}
