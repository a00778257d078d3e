import { batches } from './hand-written/batches.mjs'
import { openTables } from './hand-written/open-tables.mjs'

/** The limit of many calls: a hand-written `json_each` statement for the whole batch, prepared. */
export async function open(place) {
  const database = await openTables(place)
  const store = batches((sql) => {
    const statement = database.prepare(sql)
    if (place.engine.synchronous) return (...parameters) => statement.all(...parameters)
    return (...parameters) =>
      new Promise((resolve, reject) => {
        statement.all(parameters, (error, rows) => (error ? reject(error) : resolve(rows)))
      })
  })
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
