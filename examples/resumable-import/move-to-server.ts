import { copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { type CityTable, createCityTable } from './database/city-table.ts'
import { loadEngine } from './database/engine.ts'
import { serverUrl } from './database/postgres-place.ts'

/**
 * Moves an import, finished or not, from a file to the server: first the scope's data, which includes the last checkpoint, then
 * the app's own cities.
 *
 * The order matters, because the copy seals the file. No later batch can store a checkpoint there, so the cities that are copied
 * afterwards include everything up to the checkpoint. After a kill, both steps can be run again: the copy continues where it
 * stopped, and the cities are upserted.
 *
 * @returns how much was moved
 */
export async function moveToServer(
  file: string,
  target: Pick<CityTable, 'write'>,
): Promise<{ rows: number; cities: number }> {
  const { tables } = await copyDatabase(file, serverUrl())
  // The same package as the copy uses, because two SQLite libraries on one file in one process drop each other's locks.
  const source = await (await loadEngine('node')).open(file)
  let cities = 0
  try {
    const table = await createCityTable(source)
    for await (const rows of table.pages()) {
      await target.write(rows)
      cities += rows.length
    }
  } finally {
    await source.close()
  }
  return { rows: tables.reduce((sum, { rows }) => sum + rows, 0), cities }
}
