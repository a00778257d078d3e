import { expect, test } from 'vitest'

// By a variable, because bench has no types.
const module = new URL('../../bench/results.mjs', import.meta.url).href
const { mergeResults, readResults } = await import(module)

const on = (oldest: string, newest = oldest) => ({ oldest, newest })
const none = Object.fromEntries(Object.keys(readResults('full')).map((part) => [part, {}]))

/** Results of a run that measured only these parts. */
const ran = (parts: object, measuredOn: object): Record<string, object> => ({ ...none, ...parts, measuredOn })

test('a part has the date of its figures, and two dates if some of them are older', () => {
  const earlier = ran({ rows: { a: 1, b: 1 }, copies: { a: 1 } }, { rows: on('01'), copies: on('01') })
  const some = mergeResults(earlier, ran({ rows: { b: 2 } }, { rows: on('02') }))
  expect(some).toMatchObject({ rows: { a: 1, b: 2 }, measuredOn: { rows: on('01', '02'), copies: on('01') } })
  const all = mergeResults(some, ran({ rows: { a: 3, b: 3 } }, { rows: on('03') }))
  expect(all).toMatchObject({ rows: { a: 3, b: 3 }, measuredOn: { rows: on('03'), copies: on('01') } })
})

test('a part of which earlier results know nothing is added', () => {
  const { rows: _, ...earlier } = ran({}, {})
  const merged = mergeResults(earlier, ran({ rows: { a: 1 } }, { rows: on('02') }))
  expect(merged).toMatchObject({ rows: { a: 1 }, measuredOn: { rows: on('02') } })
  expect(merged.measuredOn).not.toHaveProperty('copies')
})
