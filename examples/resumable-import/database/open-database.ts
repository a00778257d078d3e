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
 * Opens the database with both of its users on one connection: the city table and the scope's persistence.
 *
 * They can share it because every statement that either sends while the job runs is a transaction of its own. One that
 * stayed open across an `await` would catch the other's writes and could roll them back; so a job that uses `fenced` of
 * the adapter, which opens such a transaction, would need a second connection.
 *
 * On a server it is a pool that they share.
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
