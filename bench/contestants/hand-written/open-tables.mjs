import { tuning } from '../../engines/tuning.mjs'
import { TABLES } from './tables.mjs'

/** Opens a tuned handle with the tables. */
export async function openTables({ engine, path, storage }) {
  const database = await engine.open(path)
  for (const pragma of tuning(storage)) await engine.exec(database, pragma)
  await engine.exec(database, TABLES)
  return database
}
