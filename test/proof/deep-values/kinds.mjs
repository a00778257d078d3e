/**
 * Ways to nest a value in another one and to unwrap it. `most`: the greatest depth, which is the same on every runtime.
 *
 * @type {Record<string, { wrap(inner: unknown): unknown, unwrap(outer: any): unknown, most: number }>}
 */
export const kinds = {
  objects: { wrap: (next) => ({ next }), unwrap: ({ next }) => next, most: 1_000 },
  arrays: { wrap: (next) => [next], unwrap: ([next]) => next, most: 1_000 },
  'values of Maps': { wrap: (next) => new Map([['next', next]]), unwrap: (map) => map.get('next'), most: 1_000 },
  'keys of Maps': { wrap: (next) => new Map([[next, 1]]), unwrap: (map) => [...map.keys()][0], most: 1_000 },
  Sets: { wrap: (next) => new Set([next]), unwrap: ([next]) => next, most: 1_000 },
  'objects without a prototype': {
    wrap: (next) => Object.assign(Object.create(null), { next }),
    unwrap: ({ next }) => next,
    most: 1_000,
  },
  'causes of errors': { wrap: (cause) => new Error('outer', { cause }), unwrap: ({ cause }) => cause, most: 250 },
  'errors of an AggregateError': {
    wrap: (inner) => new AggregateError([inner], 'outer'),
    unwrap: ({ errors: [inner] }) => inner,
    most: 200,
  },
  'members of arrays': {
    wrap: (next) => Object.assign([1], { next }),
    unwrap: ({ next }) => next,
    most: 250,
  },
  'items of arrays with members': {
    wrap: (next) => Object.assign([next], { total: 1 }),
    unwrap: ([next]) => next,
    most: 250,
  },
  'members beside __proto__': {
    wrap: (next) => Object.defineProperty({ next }, '__proto__', { value: 1, enumerable: true }),
    unwrap: ({ next }) => next,
    most: 250,
  },
}

const all = Object.values(kinds)

/** Each kind in turn. */
kinds['all of these in turn'] = {
  wrap: (inner) => all.reduce((value, { wrap }) => wrap(value), inner),
  unwrap: (outer) => all.reduceRight((value, { unwrap }) => unwrap(value), outer),
  most: 37,
}

/**
 * @param {string} kind
 * @param {number} levels
 */
export function nested(kind, levels) {
  /** @type {unknown} */
  let value = Number.NaN
  for (let level = 0; level < levels; level++) value = kinds[kind]?.wrap(value)
  return value
}

/**
 * Returns the number of levels of `value`, or -1 if its innermost value is wrong.
 *
 * @param {string} kind
 * @param {unknown} value
 */
export function levelsOf(kind, value) {
  let levels = 0
  for (let inner = value; ; levels++) {
    if (typeof inner !== 'object') return Number.isNaN(inner) ? levels : -1
    inner = kinds[kind]?.unwrap(inner)
  }
}
