import type { Clock } from '@go-go-scope/persistence-sqlite'
import { afterEach, beforeEach } from 'vitest'
import { type AdapterOfTest, databaseOfTest } from './database-of-test.js'

/** Two connections to one database, as two processes have them. */
export interface TwoConnections extends AsyncDisposable {
  readonly one: AdapterOfTest
  readonly two: AdapterOfTest
}

/** @param clock of both connections; absent for the system's clock */
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

/** The connections of the current test, in files that call {@link connectForEachTest}. */
export let one: AdapterOfTest
export let two: AdapterOfTest

/** Gives each test of a file two connections. @param clock returns the test's clock, which both connections use */
export function connectForEachTest(clock?: () => Clock): void {
  let connections: TwoConnections
  beforeEach(async () => {
    connections = await twoConnections(clock?.())
    ;({ one, two } = connections)
  })
  afterEach(() => connections[Symbol.asyncDispose]())
}
