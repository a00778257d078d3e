import fc from 'fast-check'

// Messages that a client can send: real operations with arbitrary arguments; see protocol.ts. Most statements only read.

const number = fc.oneof(
  { arbitrary: fc.constantFrom(0, 1, 2, 3), weight: 9 },
  {
    arbitrary: fc.constantFrom(4_096, 4_097, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, 0.5, Number.NaN, Infinity),
    weight: 1,
  },
)
const ms = fc.constantFrom(1e-9, 1, 1_000, 1e308, Infinity, 0, -1, Number.NaN)
const form = '{"name":"Error","message":"failed"}'
const text = fc.oneof(
  fc.constantFrom('k', '', '\0', '\ud800', '__proto__', '{}', 'null', '[1]', '[[1]]', form, `{"cause":${form}}`),
  fc.string(),
)
const announcement = fc.constantFrom(
  null,
  'circuit',
  'probe',
  'claim',
  'leaseTime\0v',
  ...['entry', 'entries', 'entryRows', 'entryRange'].map((of) => `${of}\0go_goscope_cache`),
)
const value = fc.oneof(text, fc.double(), fc.constant(null), fc.uint8Array({ maxLength: 3 }))
const sql = fc.constantFrom(
  'SELECT ?1 AS v',
  'SELECT 1 AS v WHERE 0',
  'SELECT key AS i, value AS v FROM json_each(?1)',
  'SELECT value AS k FROM json_each(?1)',
  "SELECT 'length' AS i, value AS v FROM json_each(?1)",
  "SELECT '[0,1]' AS i, '[1]' AS v WHERE ?1 IS NOT NULL",
  '-- no statement',
  "SELECT '[0]' AS i, '[1]' AS v WHERE ?1 IS NOT NULL",
  "SELECT 'none' AS i, 5 AS v WHERE ?1 IS NOT NULL",
  "SELECT 'k' AS key, 'open' AS state, 1 AS failure_count, NULL AS last_failure_time, NULL AS last_success_time",
  "INSERT INTO go_goscope_cache (key, value) VALUES (?1, '1') ON CONFLICT DO NOTHING",
  'no SQL',
)
const values = fc.array(value, { maxLength: 3 }).map((items) => [items.length, ...items])
const times = fc.constantFrom('none', 'wall', 'lease')

const batch = fc.oneof(
  fc.constant([null]),
  fc.tuple(
    sql,
    fc.constantFrom(0, 0, 1),
    fc.constantFrom('none', 'index', 'order', 'echo'),
    fc.constantFrom('', 'k', 'k\0v'),
    fc.constantFrom(0, 1),
    fc.option(sql),
    fc.option(sql),
    fc.option(sql),
    fc.option(fc.constant('v')),
  ),
)

const declared = fc
  .tuple(
    fc.constantFrom('read', 'write'),
    fc.constantFrom('none', 'one', 'many'),
    times,
    sql,
    number,
    announcement,
    batch,
  )
  .chain(([kind, rows, clocked, one, traits, announces, many]) =>
    fc.constantFrom(1, 2, 40).chain((calls) =>
      fc.tuple(fc.constantFrom(0, 1, 2), value).map(([length, item]) => {
        const call = [3, 0, length, calls, ...new Array(length * calls).fill(item)]
        // The requests before and after a question about a lock are not consecutive.
        return [2, 0, 'raw', kind, rows, clocked, one, traits, announces, ...many, ...call, 8, 1, ...call]
      }),
    ),
  )

const step = fc.tuple(sql, times, fc.option(number), announcement, values).map(([...items]) => items.flat())
const steps = fc
  .tuple(fc.array(step, { maxLength: 3 }), fc.option(number))
  .map(([all, claimed]) => [6, 'raw', claimed ?? all.length, ...all.flat()])

const sentence = fc.oneof(
  declared,
  steps,
  fc.tuple(sql, values).map(([query, given]) => [5, 'raw', query, ...given]),
  number.map((wait) => [4, wait]),
  fc.tuple(text, text, ms, fc.option(text)).map((items) => [7, ...items]),
  fc.tuple(fc.constantFrom(8, 11, 13, 21, 27), number),
  fc.tuple(number, ms).map((items) => [9, ...items]),
  fc.tuple(text, text, text, ms).map((items) => [10, ...items]),
  fc.tuple(text, text).map((items) => [12, ...items]),
  fc.tuple(fc.constantFrom(14, 15, 16, 17), text),
  fc.tuple(text, ms).map(([key, interval]) => [14, key, 25, key, interval]),
  fc.tuple(fc.constant(18), number, text, text, number),
  fc.tuple(fc.constant(26), number, number, number),
  // A load that was entered may be waited for, also by its own code, and be released.
  fc
    .tuple(text, fc.constantFrom(1, 3), fc.constantFrom([], [21, 1], [27, 2]))
    .map(([key, inside, end]) => [18, 1, key, key, 0, 26, 2, 1, inside, ...end]),
  // A load that was entered may be settled.
  fc.tuple(fc.constantFrom(19, 20), text, text).map(([word, key, given]) => [18, 1, key, key, 0, word, 1, given]),
  text.map((key) => [18, 1, key, key, 0, 20, 1, form]),
  fc.constantFrom([22], [23], [24]),
)

/** Generates a client's messages. */
export const sentences: fc.Arbitrary<unknown[]> = fc
  .array(sentence, { minLength: 1, maxLength: 4 })
  .map((all) => all.flat())
