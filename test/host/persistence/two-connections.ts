import type { Clock } from '@go-go-scope/persistence-sqlite'
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
