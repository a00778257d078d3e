import { engines } from '../../scripts/engines.mjs'

/**
 * The work of a process whose start is timed. Arguments: engine and `nothing`, `engine` (imported, a database in memory,
 * one statement) or `ours` (the same through the adapter).
 */
const [, , moduleName, what] = process.argv
const [engineName, registered] = Object.entries(engines).find(([, { module }]) => module === moduleName)

if (what === 'ours') {
  const { SQLiteAdapter } = await import(`@go-go-scope/${registered.package}`)
  const adapter = await SQLiteAdapter.open(':memory:')
  await adapter.get('key')
} else if (what === 'engine') {
  const engine = await import(engineName)
  if (engineName === 'sqlite3') {
    await new Promise((resolve) => {
      const database = new engine.default.Database(':memory:', () => database.get('SELECT 1', resolve))
    })
  } else new (engine.DatabaseSync ?? engine.Database)(':memory:').prepare('SELECT 1').get()
}
process.exit(0)
