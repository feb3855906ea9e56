/** @typedef {import('../lib/api-document.mjs').ApiDocument} ApiDocument */
/** @typedef {import('../lib/api-document.mjs').MediaType} MediaType */

/**
 * What the document shows as an example of a body: its own, or else one that is put together from its schema.
 * @param {ApiDocument} document
 * @param {MediaType} media
 */
export function findExample(document, media) {
  return readOwnExample(document, media) ?? composeExample(document, media.schema)
}

/**
 * The example that stands beside a schema, or the first of several.
 * @param {ApiDocument} document
 * @param {MediaType} media
 */
export function readOwnExample(document, media) {
  if (media.example !== undefined) return media.example
  const [first] = Object.values(media.examples ?? {})
  return first === undefined ? undefined : follow(document, first).value
}

/**
 * What `$ref` names, or the thing itself.
 * @param {ApiDocument} document
 * @param {any} thing
 * @returns {any}
 */
export function follow(document, thing) {
  if (typeof thing?.$ref !== 'string') return thing
  /** @type {any} */
  let found = document
  for (const part of thing.$ref.slice(2).split('/')) found = found?.[part]
  return follow(document, found)
}

/**
 * @param {ApiDocument} document
 * @param {any} schemaOrRef
 * @returns {any}
 */
function composeExample(document, schemaOrRef) {
  const schema = follow(document, schemaOrRef) ?? {}
  const given = schema.example ?? schema.examples?.[0] ?? schema.const ?? schema.default
  if (given !== undefined) return given
  if (schema.enum) return schema.enum[0]
  const [first] = schema.anyOf ?? schema.oneOf ?? []
  if (first) return composeExample(document, first)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'array') return [composeExample(document, schema.items)]
  if (type === 'object') {
    const fields = Object.entries(schema.properties ?? {})
    return Object.fromEntries(
      fields.map(([name, field]) => [name, composeExample(document, field)]),
    )
  }
  return { string: '', integer: 0, number: 0, boolean: false }[/** @type {string} */ (type)] ?? null
}
