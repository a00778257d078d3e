import { copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { type CityTable, createCityTable } from './database/city-table.ts'
import { loadEngine } from './database/engine.ts'
import { serverUrl } from './database/postgres-place.ts'

/**
 * Moves an import, wherever it is, from a file to the server: first what the scope has stored, and with it the last checkpoint,
 * then the cities, which are the app's own.
 *
 * In this order, because the copy seals the file: no batch gets a checkpoint there any more, so the cities that are copied
 * afterwards are all that the checkpoint tells of. Started again after a kill, both go on: the copy knows how far it was, and
 * cities are written over themselves.
 *
 * @returns how much was moved
 */
export async function moveToServer(
  file: string,
  target: Pick<CityTable, 'write'>,
): Promise<{ rows: number; cities: number }> {
  const { tables } = await copyDatabase(file, serverUrl())
  // The package that the copy uses: two SQLite libraries on one file in one process drop each other's locks.
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
