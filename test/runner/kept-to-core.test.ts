import { expect, test } from 'vitest'
import { allowedCores, CoreSharing, coresToKeepTo, parseCores } from '../../scripts/test-run/cores.mjs'

// This file is in onOneCore of test/matrix.mjs itself.
test('a file that keeps to a core has that one and no other, where the runner has named one', () => {
  const named = process.env.TEST_CORE
  if (named === undefined) expect(coresToKeepTo(), 'there are cores to name').toEqual([])
  else expect(allowedCores()).toEqual([Number(named)])
})

test('cores are read from what Linux writes', () => {
  expect(parseCores('0-2,5')).toEqual([0, 1, 2, 5])
  expect(parseCores('3')).toEqual([3])
  expect(parseCores('')).toEqual([])
})

test('each run gets the core that the fewest others have', () => {
  const cores = new CoreSharing([4, 7])
  expect([cores.take(), cores.take(), cores.take()]).toEqual([4, 7, 4])
  cores.give(7)
  expect(cores.take()).toBe(7)
  expect(new CoreSharing([]).take(), 'no cores are known').toBeUndefined()
})
