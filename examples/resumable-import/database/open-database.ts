import { type CityTable, createCityTable } from './city-table.ts'
import type { Engine } from './engine.ts'
import type { Place } from './place.ts'

export interface Database {
  placeName: string
  engineName: string
  adapter: ReturnType<Engine['adapter']>
  cities: CityTable
  close(): Promise<void>
}

/**
 * Opens the database with one connection for both the city table and the scope's persistence.
 *
 * They can share it because each statement is its own transaction while the job runs. A transaction that stays open across
 * an `await` would include the other's writes and could roll them back. So a job that uses the adapter's `fenced`, which
 * opens such a transaction, needs a second connection.
 *
 * On a server they share a pool.
 */
export async function openDatabase(place: Place): Promise<Database> {
  const engine = await place.open()
  const adapter = engine.adapter()
  try {
    for (const sql of engine.setUp) await engine.rows(sql)
    await adapter.connect()
    const cities = await createCityTable(engine)
    // The adapter finalizes its statements and closes the connection.
    return { placeName: place.name, engineName: engine.name, adapter, cities, close: () => adapter.disconnect() }
  } catch (error) {
    await adapter.disconnect()
    throw error
  }
}
