import persistence = require('@go-go-scope/persistence-sqlite-node')

async function main(): Promise<void> {
  const adapter: persistence.SQLiteAdapter = await persistence.SQLiteAdapter.open(':memory:')
  await adapter.cache.set('greeting', 'hello')
  await adapter.disconnect()
}

void main()
