import { createCityTable } from './city-table.mjs'

/**
 * Opens the database with both of its users on one connection: the city table and the scope's persistence.
 *
 * They can share it because every statement that either sends while the job runs is a transaction of its own. One that
 * stayed open across an `await` would catch the other's writes and could roll them back; so a job that uses `fenced` of
 * the adapter, which opens such a transaction, would need a second connection.
 *
 * @param {import('./engine.mjs').OpenEngine} open
 * @param {string} file
 */
export async function openDatabase(open, file) {
  const engine = await open(file)
  const adapter = engine.adapter()
  try {
    await engine.rows('PRAGMA busy_timeout = 1000')
    // Readers do not wait for the writer, and a commit is one flush; FULL: what is acknowledged survives a power cut.
    await engine.rows('PRAGMA journal_mode = WAL')
    await engine.rows('PRAGMA synchronous = FULL')
    await adapter.connect()
    const cities = await createCityTable(engine)
    // The adapter finalizes its statements and closes the connection.
    return { engineName: engine.name, adapter, cities, close: () => adapter.disconnect() }
  } catch (error) {
    await adapter.disconnect()
    throw error
  }
}
