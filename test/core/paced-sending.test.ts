import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test, vi } from 'vitest'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { PacedSending } from '../../packages/shared/src/remote/wire/paced-sending.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const { setImmediate } = globalThis
const refuse = (error: unknown) => expect.fail(String(error))
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('messages sent in a long turn wait for the next turn, in order', async () => {
  let now = 0
  const sent: number[] = []
  const sending = new PacedSending<number>(
    (message) => sent.push(message),
    () => now,
  )
  for (let message = 0; message < 20; message++) sending.send(message, refuse)
  expect(sent, 'a turn that is short').toHaveLength(20)
  now = 100
  for (let message = 20; message < 40; message++) sending.send(message, refuse)
  const before = sent.length
  expect(before).toBeLessThan(24)
  await turn()
  await turn()
  expect(sent).toEqual(Array.from({ length: 40 }, (_, at) => at))

  // A turn that begins late is not a long turn.
  now = 200
  for (let message = 40; message < 60; message++) sending.send(message, refuse)
  expect(sent).toHaveLength(60)
})

test('a message that cannot be sent is refused in order, and later messages are still sent', async () => {
  let now = 0
  const [sent, refused]: [number[], unknown[]] = [[], []]
  const sending = new PacedSending<number>(
    (message) => {
      if (message % 10 === 5) throw message
      sent.push(message)
    },
    () => now++,
  )
  for (let message = 0; message < 40; message++) sending.send(message, (error) => refused.push(error))
  for (let turns = 0; turns < 3; turns++) await turn()
  expect(refused).toEqual([5, 15, 25, 35])
  expect(sent).toEqual(Array.from({ length: 40 }, (_, at) => at).filter((at) => at % 10 !== 5))
})

test('calls through an owner complete while a test of the app fakes setImmediate', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate'] })
  try {
    const handle = new DatabaseSync(':memory:')
    const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
    const server = serve(adapter)
    const { cache } = await connectRemote(server.createPort())
    await cache.set('k', 1)
    const until = performance.now() + 30
    for (let gets = 0; gets < 500 || performance.now() < until; gets++) expect(await cache.get('k')).toBe(1)
    await server.close()
    await adapter.disconnect()
  } finally {
    vi.useRealTimers()
  }
})
