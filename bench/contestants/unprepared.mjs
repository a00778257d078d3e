import { sweeping } from './hand-written/locks.mjs'
import { onAsyncEngine } from './hand-written/on-async-engine.mjs'
import { onSyncEngine } from './hand-written/on-sync-engine.mjs'
import { openTables } from './hand-written/open-tables.mjs'

/** The obvious adapter: hands the engine an SQL text for every operation. */
export async function open(place) {
  const database = await openTables(place)
  const store = place.engine.synchronous
    ? onSyncEngine((sql) => ({
        get: (...parameters) => database.prepare(sql).get(...parameters),
        all: (...parameters) => database.prepare(sql).all(...parameters),
        run: (...parameters) => database.prepare(sql).run(...parameters),
      }))
    : onAsyncEngine((sql) => ({
        all: (parameters, callback) => database.all(sql, parameters, callback),
        run: (parameters, callback) => database.run(sql, parameters, callback),
      }))
  const { cache } = store
  return {
    ...store,
    cache: {
      ...cache,
      getMany: async (keys) => {
        const values = await Promise.all(keys.map((key) => cache.get(key)))
        return new Map(keys.map((key, at) => [key, values[at]]))
      },
      setMany: (entries) => Promise.all(entries.map(([key, value]) => cache.set(key, value))),
    },
    lock: sweeping(),
    pragma: (sql) => place.engine.exec(database, sql),
  }
}
