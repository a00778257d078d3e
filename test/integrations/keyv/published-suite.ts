import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite'
import * as vitest from 'vitest'

/** Tests that a version of Keyv cannot pass with any store, by name, with the reason. */
export type LeftOut = Readonly<Record<string, string>>

/**
 * Declares the tests of Keyv's own suite.
 *
 * @param makeStore called by the tests, at least once per Keyv
 * @param found the expected number of tests, so that an empty or shortened suite is noticed
 */
export function publishedSuite(Keyv: unknown, makeStore: () => unknown, found: number, leftOut: LeftOut = {}): void {
  const names: string[] = []
  const runner = {
    ...vitest,
    it(name: string, body: vitest.TestFunction) {
      names.push(name)
      if (!(name in leftOut)) vitest.test(name, body)
    },
  }
  // Its types are those of Keyv 5 and of the whole vitest.
  for (const declare of [keyvTestSuite, keyvIteratorTests]) declare(runner as never, Keyv as never, makeStore)
  vitest.test('the suite has the tests that it had when it was pinned', () => {
    vitest.expect(names).toHaveLength(found)
    vitest.expect(Object.keys(leftOut).filter((name) => !names.includes(name))).toEqual([])
  })
}
