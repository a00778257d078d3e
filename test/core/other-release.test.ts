import { MessageChannel } from 'node:worker_threads'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import * as thisRelease from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test, vi } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

// The source with what a later release would change, against the built packages.
vi.mock(import('../../packages/shared/src/remote/wire/protocol.js'), async (original) => ({
  ...(await original()),
  PROTOCOL: 5 as 4,
}))

// Other test files of this process may have loaded the unchanged source.
vi.resetModules()
const { SqliteAdapter: LaterSqliteAdapter } = await import('../../packages/shared/src/index.js')
const laterRelease = await import('../../packages/shared/src/remote.js')

interface Release {
  readonly Adapter: new (handle: object, driver: never) => Pick<SqliteAdapter, 'cache' | 'disconnect' | 'connect'>
  readonly serve: (adapter: object) => Pick<thisRelease.PersistenceServer, 'attach' | 'clients' | 'close'>
  readonly connectRemote: (port: never) => Promise<unknown>
}

const RELEASES: Record<'this' | 'later', Release> = {
  this: { Adapter: SqliteAdapter, ...thisRelease },
  later: { Adapter: LaterSqliteAdapter as never, ...laterRelease },
}

test.each([
  ['this', 'later', 'protocol 5', 'protocol 4'],
  ['later', 'this', 'protocol 4', 'protocol 5'],
] as const)(
  'an owner of %s release refuses a client of the %s one, names both, and goes on',
  async (owner, client, ...named) => {
    const { Adapter, serve, connectRemote } = RELEASES[owner]
    const handle = new DatabaseSync(':memory:')
    const adapter = new Adapter(handle, (() => databaseSyncDriver(handle, () => undefined)) as never)
    await adapter.connect()
    const server = serve(adapter)
    const { port1, port2 } = new MessageChannel()
    server.attach(port1 as never)
    const refused = await RELEASES[client].connectRemote(port2 as never).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'VERSION_MISMATCH', operation: 'connect' })
    const [of, and] = named
    expect((refused as Error).message).toMatch(new RegExp(`${of}, the owner of the database ${and}`))
    expect(server.clients()).toEqual([])

    const again = new MessageChannel()
    server.attach(again.port1 as never)
    const remote = (await connectRemote(again.port2 as never)) as typeof adapter
    await remote.cache.set('k', 1)
    expect(await adapter.cache.get('k')).toBe(1)
    await remote.disconnect()
    await server.close()
    await adapter.disconnect()
  },
)
