import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { hostOverProviders, type ProvidersUnderTest } from './over-providers.js'

/** Two connections to one file, as two processes have them. */
async function twoAdapters(options: { locks: 'process' | 'database' }): Promise<ProvidersUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'host-'))
  const path = join(folder, 'app.db')
  const providers = await SQLiteAdapter.open(path, options)
  const second = await SQLiteAdapter.open(path, options)
  return {
    providers,
    second,
    async close() {
      await second.disconnect()
      await providers.disconnect()
      await rm(folder, { recursive: true })
    },
  }
}

hostOverProviders('two adapters on one file', () => twoAdapters({ locks: 'database' }))

hostOverProviders('one adapter', async () => {
  const providers = await SQLiteAdapter.open(':memory:')
  return { providers, second: providers, close: () => providers.disconnect() }
})
