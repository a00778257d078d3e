import { EventEmitter } from 'node:events'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

/** An end of the channel to another process, as Node gives it. */
class ProcessEnd extends EventEmitter {
  readonly connected = true
  other: ProcessEnd | undefined

  send(message: unknown): boolean {
    setImmediate(() => this.other?.emit('message', structuredClone(message)))
    return true
  }
}

function processEnds(): [ProcessEnd, ProcessEnd] {
  const ends: [ProcessEnd, ProcessEnd] = [new ProcessEnd(), new ProcessEnd()]
  const [one, other] = ends
  one.other = other
  other.other = one
  return ends
}

const keys = Array.from({ length: 100 }, (_, index) => `k${index}`)
// More than make a user count as alone.
const ROUNDS = 12

describe('the reads of users of one owner', () => {
  const statements: string[] = []
  // It stands: a busy machine ends no turn early.
  const clock = new ManualClock()
  let adapter: SqliteAdapter
  let server: ReturnType<typeof serve>
  beforeEach(async () => {
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, (sql) => {
      statements.push(sql)
      return undefined
    })
    adapter = new SqliteAdapter(handle, () => driver as never, { clock })
    await adapter.cache.setMany(keys.map((key, index) => [key, index] as const))
    server = serve(adapter)
  })
  afterEach(async () => {
    await server.close()
    await adapter.disconnect()
  })

  async function connected(port: ReturnType<typeof server.createPort> | ProcessEnd = server.createPort()) {
    const messages = { count: 0 }
    const { cache } = await connectRemote(port, { clock })
    port.on('message', () => messages.count++)
    return { cache, messages }
  }

  /** The values, the order in which they came, and how many messages the answers were. */
  async function round({ cache, messages }: Awaited<ReturnType<typeof connected>>) {
    const before = messages.count
    const order: string[] = []
    const asked = keys.map(async (key) => {
      const value = await cache.get(key)
      order.push(key)
      return value
    })
    const values = await Promise.all(asked)
    return { values, order, messages: messages.count - before }
  }

  test('are begun in pieces once it is alone, and answered in order', async () => {
    const user = await connected()
    for (let left = ROUNDS; left > 0; left--) await round(user)
    statements.length = 0
    const last = await round(user)
    expect(last).toEqual({ values: keys.map((_, index) => index), order: keys, messages: 2 })
    expect(statements, 'a statement for each piece').toHaveLength(2)
  })

  test('stay together while there are other users', async () => {
    const users = [await connected(), await connected()]
    for (let left = ROUNDS; left > 0; left--) {
      for (const { messages } of await Promise.all(users.map(round))) expect(messages).toBe(1)
    }
  })

  test('stay together where a message goes to another process', async () => {
    const [child, parent] = processEnds()
    server.attach(child)
    const user = await connected(parent)
    for (let left = ROUNDS; left > 0; left--) expect((await round(user)).messages).toBe(1)
  })

  test('stay together while it also writes, so that its writes share commits', async () => {
    const user = await connected()
    for (let left = ROUNDS; left > 0; left--) await Promise.all([round(user), user.cache.set('k0', 0)])
    const [{ messages }] = await Promise.all([round(user), user.cache.set('k0', 0)])
    expect(messages).toBe(1)
    for (let left = ROUNDS; left > 0; left--) await Promise.all(keys.map((key, n) => user.cache.set(key, n)))
    statements.length = 0
    await Promise.all(keys.map((key, n) => user.cache.set(key, n + 1)))
    expect(statements.filter((sql) => /^COMMIT/.test(sql))).toHaveLength(1)
  })
})
