import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PostgresNotifications } from '../../packages/persistence-postgres/src/notifications/postgres-notifications.js'
import { PgWire } from '../../packages/persistence-postgres/src/wire/pg-wire.js'
import { SilenceWatch } from '../../packages/persistence-postgres/src/wire/silence-watch.js'
import type { Listener } from '../../packages/persistence-postgres/src/wire/wire.js'
import { proveCell } from '../postgres/cell.js'

proveCell()

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Returns notifications whose connections the test provides. `network` may drop what is sent. */
function newNotifications() {
  const network = { drops: false }
  const asked: (() => Listener)[] = []
  const stopped: number[] = []
  let heard: Listener | undefined
  const notifications = new PostgresNotifications('channel', 'name', {
    listen: (_, listener) =>
      new Promise((resolve) => {
        const number = asked.length
        asked.push(() => {
          heard = listener
          resolve(async () => void stopped.push(number))
          return listener
        })
      }),
    send: async (_, text) => {
      if (!network.drops) heard?.notified(text)
    },
    onError: (error) => {
      throw error
    },
  })
  const subscribe = (listener = () => {}) => notifications.subscribe('claim', 'key', listener)
  return { notifications, asked, stopped, network, subscribe }
}

test('waiters for notifications together wait once for a connection that does not come', async () => {
  const { notifications, subscribe } = newNotifications()
  subscribe()
  const waits = [notifications.settled(), notifications.settled()]
  await vi.advanceTimersByTimeAsync(250)
  await Promise.all([...waits, notifications.settled()])
  expect(notifications.active).toBe(false)
})

test('one connection is asked for, however often subscriptions come and go before it comes', async () => {
  const { notifications, asked, stopped, subscribe } = newNotifications()
  for (let round = 0; round < 5; round++) {
    const leave = subscribe()
    await vi.advanceTimersByTimeAsync(1_000)
    leave()
    await vi.advanceTimersByTimeAsync(10_000)
  }
  expect(asked).toHaveLength(1)
  asked[0]?.()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(stopped, 'it is kept for a moment').toEqual([])
  await vi.advanceTimersByTimeAsync(10_000)
  expect({ active: notifications.active, stopped }).toEqual({ active: false, stopped: [0] })
})

test.each([100, 1_900])(
  'a connection that is lost while subscriptions come and go every %s ms is replaced',
  async (interval) => {
    const { notifications, asked, subscribe } = newNotifications()
    let leave = subscribe()
    const listener = asked[0]?.()
    await vi.advanceTimersByTimeAsync(1)
    expect(notifications.active).toBe(true)
    listener?.ended()
    for (let passed = 0; passed < 10_000; passed += interval) {
      leave()
      leave = subscribe()
      asked[1]?.()
      await vi.advanceTimersByTimeAsync(interval)
    }
    expect({ active: notifications.active, asked: asked.length }).toEqual({ active: true, asked: 2 })
  },
)

test('a connection that ends before its LISTEN is replaced', async () => {
  const { notifications, asked, stopped, subscribe } = newNotifications()
  subscribe()
  asked[0]?.().ended()
  await vi.advanceTimersByTimeAsync(1_000)
  expect({ asked: asked.length, stopped }).toEqual({ asked: 2, stopped: [0] })
  asked[1]?.()
  await vi.advanceTimersByTimeAsync(1)
  expect(notifications.active).toBe(true)
})

test('subscribers are called when notifications may have been lost, and when they arrive again', async () => {
  const { notifications, asked, network, subscribe } = newNotifications()
  const called = vi.fn()
  subscribe(called)
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
    return { active: notifications.active, calls: called.mock.calls.length }
  }
  const listener = asked[0]?.()
  expect(await after(1)).toEqual({ active: true, calls: 0 })
  listener?.ended()
  expect(await after(1)).toEqual({ active: false, calls: 1 })
  await after(500)
  network.drops = true
  asked[1]?.()
  expect(await after(1_000), 'the new connection is checked in vain').toEqual({ active: false, calls: 1 })
  network.drops = false
  expect(await after(30_000), 'the next check succeeds').toEqual({ active: true, calls: 2 })
  network.drops = true
  expect(await after(31_000), 'a later one fails').toEqual({ active: false, calls: 3 })
  network.drops = false
  await after(500)
  // At once: nobody's wait for it is over.
  asked[2]?.()
  expect(await after(1)).toEqual({ active: true, calls: 4 })
})

test('a subscriber whose wait for the connection is over is called when notifications arrive', async () => {
  const { notifications, asked, subscribe } = newNotifications()
  const called = vi.fn()
  subscribe(called)
  await vi.advanceTimersByTimeAsync(300)
  asked[0]?.()
  await vi.advanceTimersByTimeAsync(1)
  expect({ active: notifications.active, calls: called.mock.calls.length }).toEqual({ active: true, calls: 1 })
})

test('a connection that ends while it is checked has failed, so the next one is asked for after a longer pause', async () => {
  const { asked, network, subscribe } = newNotifications()
  subscribe()
  network.drops = true
  // The pause begins with the failure, and is 500 ms at first. The first one is over while the check still waits, until 1,000 ms.
  for (const [round, next] of [1_500, 1_001, 2_001].entries()) {
    const listener = asked[round]?.()
    await vi.advanceTimersByTimeAsync(1)
    listener?.ended()
    await vi.advanceTimersByTimeAsync(next - 2)
    expect(asked).toHaveLength(round + 1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(round + 2)
  }
})

test('a connection that ends while it is checked again is lost once', async () => {
  const { asked, network, subscribe } = newNotifications()
  const called = vi.fn()
  subscribe(called)
  const listener = asked[0]?.()
  await vi.advanceTimersByTimeAsync(1)
  network.drops = true
  await vi.advanceTimersByTimeAsync(30_000)
  listener?.ended()
  await vi.advanceTimersByTimeAsync(2_000)
  expect({ calls: called.mock.calls.length, asked: asked.length }).toEqual({ calls: 1, asked: 2 })
})

test('an end waits until a connection that is just coming is given back', async () => {
  const { notifications, asked, stopped, subscribe } = newNotifications()
  subscribe()
  const ended = notifications.end().then(() => expect(stopped).toEqual([0]))
  await vi.advanceTimersByTimeAsync(100)
  asked[0]?.()
  await vi.advanceTimersByTimeAsync(1_000)
  await ended
})

test('a connection whose LISTEN has failed reports no end of its listening', async () => {
  const refusing = { query: () => Promise.reject(new Error('refused')) }
  const client = Object.assign(new EventEmitter(), refusing)
  const wire = new PgWire(client as never, async () => void client.emit('end'))
  const ended = vi.fn()
  const listening = wire.listen('channel', { notified: () => undefined, reconnected: () => undefined, ended })
  await expect(listening).rejects.toThrow('refused')
  expect(ended).not.toHaveBeenCalled()
  expect(client.listenerCount('notification')).toBe(0)
})

test('a statement that follows one with a late answer is watched too', async () => {
  const watch = new SilenceWatch(1_000, () => Promise.reject(new Error('nobody can be asked')))
  const late = Promise.withResolvers<string>()
  const first = watch.answered(1, undefined, late.promise)
  await vi.advanceTimersByTimeAsync(1_500)
  late.resolve('late')
  expect(await first).toBe('late')
  const second = expect(watch.answered(1, undefined, new Promise(() => undefined))).rejects.toThrow('does not answer')
  await vi.advanceTimersByTimeAsync(5_000)
  await second
})
