import { sweepless } from './hand-written/locks.mjs'
import { onAsyncEngine } from './hand-written/on-async-engine.mjs'
import { onSyncEngine } from './hand-written/on-sync-engine.mjs'
import { openTables } from './hand-written/open-tables.mjs'

/** The limit of single calls: a hand-written async function over a prepared statement. */
export async function open(place) {
  const database = await openTables(place)
  const statement = (sql) => database.prepare(sql)
  const store = place.engine.synchronous ? onSyncEngine(statement) : onAsyncEngine(statement)
  // Keeps `database` too: @photostructure/sqlite closes a collected handle even while its statements are alive.
  return { ...store, lock: sweepless(), database, pragma: (sql) => place.engine.exec(database, sql) }
}
