import { allRows } from './hand-written/all-rows.mjs'
import { batches } from './hand-written/batches.mjs'
import { openTables } from './hand-written/open-tables.mjs'

/** The limit of one call for many rows: a hand-written, prepared `json_each` statement. Arrays in, arrays out. */
export async function open(place) {
  const database = await openTables(place)
  const store = batches(allRows(database, place.engine))
  const { getBatch, setBatch } = store.cache
  return {
    ...store,
    database,
    pragma: (sql) => place.engine.exec(database, sql),
    cache: {
      ...store.cache,
      getMany: async (keys) => {
        const values = await getBatch(keys)
        return new Map(keys.map((key, at) => [key, values[at]]))
      },
      setMany: setBatch,
    },
  }
}
