import assert from 'node:assert/strict'

// What an application does: import by name, open, use three ports, close. Run in the empty project by test/package.
const [frontEndName = '', engine = ''] = process.argv.slice(2)
const { SQLiteAdapter } = await import(frontEndName)

const options = engine === '@photostructure/sqlite' ? { DatabaseSync: (await import(engine)).DatabaseSync } : {}
const adapter = await SQLiteAdapter.open(':memory:', { keyPrefix: 'app:', ...options })

await adapter.cache.set('city', { name: 'Łódź', seen: new Date(0) })
assert.deepEqual(await adapter.cache.get('city'), { name: 'Łódź', seen: new Date(0) })

const lock = await adapter.lock.acquire('import', 1000)
assert.equal(await adapter.lock.acquire('import', 1000), null)
await lock.release()
assert.notEqual(await adapter.lock.acquire('import', 1000), null)

const checkpoint = { id: 'a', taskId: 'import', sequence: 1, timestamp: 1, progress: 12.5, data: { row: 7 } }
await adapter.checkpoint.save(checkpoint)
assert.deepEqual((await adapter.checkpoint.loadLatest('import')).data, { row: 7 })

await adapter.disconnect()
console.log(`${frontEndName} over ${engine}: round trip done`)
