import { allRows } from './hand-written/all-rows.mjs'
import { loaders } from './hand-written/loaders.mjs'
import { openTables } from './hand-written/open-tables.mjs'

/** The limit of many callers: a hand-written loader over `json_each`, with a promise per call, like ours. */
export async function open(place) {
  const database = await openTables(place)
  return {
    ...loaders(allRows(database, place.engine)),
    database,
    pragma: (sql) => place.engine.exec(database, sql),
  }
}
