import type { Clock } from '@go-go-scope/persistence-sqlite'
import { afterEach, beforeEach } from 'vitest'
import { type AdapterOfTest, databaseOfTest } from './database-of-test.js'

/** Two connections to one database, as two processes have them. */
export interface TwoConnections extends AsyncDisposable {
  readonly one: AdapterOfTest
  readonly two: AdapterOfTest
}

/** @param clock Of both; absent: that of the system. */
export async function twoConnections(clock?: Clock): Promise<TwoConnections> {
  const database = await databaseOfTest()
  const options = clock && { clock }
  const [one, two] = [await database.open(options), await database.open(options)]
  return {
    one,
    two,
    async [Symbol.asyncDispose]() {
      await one.disconnect()
      await two.disconnect()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** Those of the test that runs, where {@link connectForEachTest} was called. */
export let one: AdapterOfTest
export let two: AdapterOfTest

/** Gives each test of a file two connections. @param clock That of the test, by which they tell the time. */
export function connectForEachTest(clock?: () => Clock): void {
  let connections: TwoConnections
  beforeEach(async () => {
    connections = await twoConnections(clock?.())
    ;({ one, two } = connections)
  })
  afterEach(() => connections[Symbol.asyncDispose]())
}
