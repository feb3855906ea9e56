/** What JSON values at one place look like: their types, the keys of the objects, the elements of the arrays. */
export interface Shape {
  readonly types: ReadonlySet<JsonType>
  readonly keys: ReadonlyMap<string, { readonly shape: Shape; readonly isRequired: boolean }>
  /** Null where no array had an element. */
  readonly element: Shape | null
  readonly emptiness: 'empty' | 'filled' | 'either'
}

export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

export interface ShapeOptions {
  /** Paths (`data.counts`) of objects whose keys are data: only their values are compared. */
  readonly dictionaries?: readonly string[]
}

/**
 * The shape that all of the samples have. A key is required when every object has it. A list that is nobody's element
 * is empty in all samples, filled in all, or either; a list inside another's elements may always be both.
 */
export function shapeOf(samples: readonly unknown[], isInList = false): Shape {
  const objects = samples.filter(isObject)
  const arrays = samples.filter((sample) => Array.isArray(sample))
  const elements: unknown[] = arrays.flat()
  const keys = new Set(objects.flatMap((object) => Object.keys(object)))
  return {
    types: new Set(samples.map(jsonTypeOf)),
    keys: new Map(
      [...keys].map((key) => {
        const holders = objects.filter((object) => Object.hasOwn(object, key))
        const shape = shapeOf(
          holders.map((object) => object[key]),
          isInList,
        )
        return [key, { shape, isRequired: holders.length === objects.length }]
      }),
    ),
    element: elements.length === 0 ? null : shapeOf(elements, true),
    emptiness: isInList ? 'either' : emptinessOf(arrays),
  }
}

/** What of the value does not have the shape: one line each, with its path. Other keys are welcome. */
export function findShapeProblems(
  shape: Shape,
  value: unknown,
  options: ShapeOptions = {},
  path = '',
): string[] {
  const type = jsonTypeOf(value)
  if (!shape.types.has(type)) {
    return [`${path || 'the body'}: ${type} instead of ${[...shape.types].join(' or ')}`]
  }
  if (Array.isArray(value)) return findListProblems(shape, value, options, path)
  if (!isObject(value)) return []
  if (options.dictionaries?.includes(path)) {
    return findDictionaryProblems(shape, value, options, path)
  }
  return [...shape.keys].flatMap(([key, { shape: inner, isRequired }]) => {
    const place = path === '' ? key : `${path}.${key}`
    if (Object.hasOwn(value, key)) return findShapeProblems(inner, value[key], options, place)
    return isRequired ? [`${place}: missing`] : []
  })
}

function findListProblems(
  shape: Shape,
  list: readonly unknown[],
  options: ShapeOptions,
  path: string,
): string[] {
  if (shape.emptiness === 'filled' && list.length === 0) return [`${path}: empty`]
  if (shape.emptiness === 'empty' && list.length > 0) return [`${path}: not empty`]
  const { element } = shape
  if (element === null) return []
  return list.flatMap((item) => findShapeProblems(element, item, options, `${path}.*`))
}

function findDictionaryProblems(
  shape: Shape,
  dictionary: Readonly<Record<string, unknown>>,
  options: ShapeOptions,
  path: string,
): string[] {
  const types = new Set([...shape.keys.values()].flatMap(({ shape: inner }) => [...inner.types]))
  if (types.size === 0) return []
  const valueShape: Shape = { types, keys: new Map(), element: null, emptiness: 'either' }
  return Object.entries(dictionary).flatMap(([key, value]) =>
    findShapeProblems(valueShape, value, options, `${path}.${key}`),
  )
}

function emptinessOf(arrays: readonly (readonly unknown[])[]): Shape['emptiness'] {
  const emptyCount = arrays.filter((array) => array.length === 0).length
  if (emptyCount === 0) return 'filled'
  return emptyCount === arrays.length ? 'empty' : 'either'
}

export function jsonTypeOf(value: unknown): JsonType {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  if (type === 'boolean' || type === 'number' || type === 'string') return type
  return 'object'
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return jsonTypeOf(value) === 'object'
}
