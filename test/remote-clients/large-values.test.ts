import { connectRemote, type PersistenceServer, type SQLiteAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { ProcessPair } from '../proof/remote/process-pair.js'

proveCell()

// Above the default, and larger than several windows: see WINDOW in protocol.ts.
const RAISED = 17 * 1024 ** 2
/** The largest value: its JSON text has two quotes. */
const LARGEST = 'x'.repeat(RAISED - 2)

describe.each(['a port', 'a process'] as const)('a client over %s of an owner with a raised maxValueSize', (way) => {
  let owner: Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>
  let server: PersistenceServer
  let client: SQLiteAdapter
  beforeEach(async () => {
    owner = await engine.SQLiteAdapter.open(':memory:', { maxValueSize: RAISED })
    server = serve(owner)
    client = await connect({})
  })
  afterEach(async () => {
    await client.disconnect()
    await server.close()
    await owner.disconnect()
  })

  function connect(options: { maxValueSize?: number }): Promise<SQLiteAdapter> {
    if (way === 'a port') return connectRemote(server.createPort(), options)
    const pair = new ProcessPair()
    server.attach(pair.owner as never)
    return connectRemote(pair.client as never, options)
  }

  test('has that limit too: values up to it are stored and read whole, several at once, and larger ones are refused', async () => {
    await Promise.all(['a', 'b'].map((key) => client.cache.set(key, LARGEST)))
    const short = client.cache.get('none')
    for (const value of await Promise.all(['a', 'b'].map((key) => client.cache.get(key)))) {
      expect(value === LARGEST).toBe(true)
    }
    expect(await short).toBe(null)
    expect((await owner.cache.get('a')) === LARGEST).toBe(true)
    const beyond = await Promise.allSettled([client.cache.set('d', `${LARGEST}x`), client.cache.get('d')])
    expect(beyond).toMatchObject([{ reason: { code: 'VALUE_TOO_LARGE' } }, { value: null }])
  }, 60_000)

  test('shares what it has loaded of that size', async () => {
    const other = await connect({})
    const loads = await Promise.all([client, other].map((one) => one.cache.getOrSet('k', () => LARGEST)))
    for (const value of [...loads, await owner.cache.get('k')]) expect(value === LARGEST).toBe(true)
    await other.disconnect()
  }, 60_000)

  test('may have its own limit, and reads larger values of others', async () => {
    const less = await connect({ maxValueSize: 100 })
    const more = await connect({ maxValueSize: RAISED + 1 })
    await expect(less.cache.set('k', 'x'.repeat(99))).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' })
    await more.cache.set('k', `${LARGEST}x`)
    for (const one of [less, client, owner]) expect((await one.cache.get('k')) === `${LARGEST}x`).toBe(true)
    await Promise.all([less.disconnect(), more.disconnect()])
  }, 60_000)
})
