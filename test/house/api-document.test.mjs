import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, it } from 'vitest'
import { readApiDocument } from '../../scripts/lib/api-document.mjs'

/** The strictest of the linter's own sets, but for what cannot be so here. */
const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    // The code has no licence: only its owner may use it.
    'info-license': 'off',
    'info-license-strict': 'off',
    // `/datasets/uploads/{uploadId}` and `/datasets/{name}/data` cannot both be meant by one request: no upload's id is `data`.
    'no-ambiguous-paths': 'off',
    // What tells of the API itself refuses nobody; test/documentation/openapi.test.ts looks for the refusals of the others.
    'operation-4xx-response': 'off',
    'operation-singular-tag': 'error',
    'parameter-description': 'error',
    'component-name-unique': 'error',
  },
})

async function lint(document) {
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  return problems.map(
    ({ ruleId, message, location }) =>
      `${ruleId}: ${message} ${location.map(({ pointer }) => pointer).join(' ')}`,
  )
}

describe('the linter', () => {
  const document = readApiDocument()

  it('finds nothing wrong in the document of the API', async () => {
    expect(await lint(document)).toEqual([])
  })

  it.each([
    ['operation-operationId-unique', ({ root }) => Object.assign(root, { operationId: 'logIn' })],
    ['security-defined', ({ profile }) => delete profile.security],
    ['operation-summary', ({ profile }) => delete profile.summary],
    ['no-unresolved-refs', ({ components }) => delete components.schemas.Refusal],
    [
      'no-invalid-media-type-examples',
      ({ profile }) =>
        Object.assign(profile.responses[200].content['application/json'].example, { success: 7 }),
    ],
    [
      'parameter-description',
      ({ paths }) => delete paths['/media/{key}'].get.parameters[0].description,
    ],
  ])('would find what %s forbids', async (rule, spoil) => {
    const { paths, ...rest } = structuredClone(document)
    const changed = { ...rest, paths }
    spoil({
      paths,
      root: paths['/'].get,
      profile: paths['/api/users/profile'].get,
      components: changed.components,
    })
    expect(await lint(changed)).toContainEqual(expect.stringContaining(`${rule}:`))
  })
})
