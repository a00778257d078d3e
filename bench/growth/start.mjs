/**
 * The work of a process whose start is timed. Arguments: engine and `nothing`, `engine` (imported, a database in memory,
 * one statement) or `ours` (the same through the adapter).
 */
const [, , engineName, what] = process.argv

if (what === 'ours') {
  const frontEnd =
    { sqlite3: 'persistence-sqlite', 'bun-sqlite': 'persistence-sqlite-bun' }[engineName] ?? 'persistence-sqlite-node'
  const { SQLiteAdapter } = await import(`@go-go-scope/${frontEnd}`)
  const adapter = await SQLiteAdapter.open(':memory:')
  await adapter.get('key')
} else if (what === 'engine') {
  const module = {
    sqlite3: 'sqlite3',
    'node-sqlite': 'node:sqlite',
    'bun-sqlite': 'bun:sqlite',
    'photostructure-sqlite': '@photostructure/sqlite',
  }[engineName]
  const engine = await import(module)
  if (engineName === 'sqlite3') {
    await new Promise((resolve) => {
      const database = new engine.default.Database(':memory:', () => database.get('SELECT 1', resolve))
    })
  } else new (engine.DatabaseSync ?? engine.Database)(':memory:').prepare('SELECT 1').get()
}
process.exit(0)
