import { tmpdir } from 'node:os'
import { BackupSchedule } from '@go-go-scope/persistence-core'
import { connectRemote, openRemote, SQLiteCacheAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()

test.each([openRemote, connectRemote] as ((peer: never, options: never) => Promise<object>)[])(
  'what is no option is refused by name before the owner is asked, and the port can be used: %o',
  async (connect) => {
    const port = served.port() as never
    for (const [given, says] of [
      [{ connectTimeot: 5 }, /"connectTimeot"; did you mean connectTimeout\?/],
      [{ clok: {} }, /"clok"; did you mean clock\?/],
      [{ busyTimeout: 5 }, /"busyTimeout"/],
      [{ connectTimeout: 0 }, /connectTimeout must be a positive number of ms, got 0/],
      [{ connectTimeout: '5' }, /connectTimeout must be a positive number of ms, got "5"/],
      [{ clock: {} }, /option clock must be an object with now/],
      [null, /options must be an object with .*, got null/],
      [[], /options must be an object with .*, got \[\]/],
      [Promise.resolve({}), /a promise that was not awaited/],
    ] as const) {
      await expect(connect(port, given as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(says),
      })
    }
    const connected = (await connect(port, { connectTimeout: Number.POSITIVE_INFINITY } as never)) as {
      close?(): Promise<void>
      disconnect?(): Promise<void>
    }
    expect(served.server.clients()).toHaveLength(1)
    await (connected.close?.() ?? connected.disconnect?.())
  },
)

test('a client makes no backup, and says so when a schedule starts: each of its backups would fail', async () => {
  const remote = await connectRemote(served.port())
  await expect(remote.backup()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const worker = () => expect.unreachable() as never
  for (const options of [{}, { worker }]) {
    expect(() => BackupSchedule.start(remote, { directory: tmpdir(), every: 60_000, ...options })).toThrow(
      expect.objectContaining({
        code: 'ENGINE_UNSUPPORTED',
        operation: 'BackupSchedule',
        message: expect.stringMatching(/for a client, the adapter of its owner$/),
      }),
    )
  }
  await remote.disconnect()
})

test('an adapter has the options of the owner’s adapter, unless it is given others', async () => {
  const handle = await engine.openHandle(':memory:')
  const create = new engine.SQLiteAdapter(handle as never, { closeOnDisconnect: false })
  await create.connect()
  await create.disconnect()
  const owner = new engine.SQLiteAdapter(handle as never, {
    keyPrefix: 'app:',
    locks: 'database',
    defaultLockTTL: Number.POSITIVE_INFINITY,
    createTables: false,
    maxKeyLength: 4,
    maxValueSize: 8,
  })
  await owner.connect()
  const server = serve(owner)
  const port = () => server.createPort() as never
  const [heir, other] = [
    await connectRemote(port()),
    await connectRemote(port(), {
      keyPrefix: '',
      locks: 'process',
      defaultLockTTL: 1_000,
      maxKeyLength: 5,
      maxValueSize: 9,
    }),
  ]
  await heir.cache.set('k', 1)
  expect([await owner.cache.get('k'), await other.cache.get('k')]).toEqual([1, null])
  expect([heir.lock.kind, other.lock.kind]).toEqual(['database', 'process'])
  const leases = await Promise.all([heir, other].map(({ lock }) => lock.acquire('k')))
  const CENTURY = 100 * 365 * 86_400_000
  expect(leases.map((lease) => Number(lease?.expiresAt) - Date.now() > CENTURY)).toEqual([true, false])
  await expect(heir.cache.set('12345', 1)).rejects.toMatchObject({ code: 'INVALID_KEY' })
  await expect(heir.cache.set('k', '1234567')).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' })
  await other.cache.set('12345', '1234567')

  const database = await openRemote(port())
  const lacking = new SQLiteCacheAdapter(database, { tableName: 'own' })
  await expect(lacking.get('k')).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  const made = new SQLiteCacheAdapter(database, { tableName: 'own', createTables: true })
  expect(await made.get('k')).toBeNull()
  await Promise.all([heir, other, lacking, made].map((adapter) => adapter.disconnect()))
  await server.close()
  await owner.disconnect()
})
