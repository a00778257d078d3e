import { createHook } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type SqlDriver, SqliteAdapter, type TracedCall } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OperationQueue } from '../../packages/shared/src/queue/operation-queue.js'
import { nothing, type Statement, write } from '../../packages/shared/src/queue/statement.js'
import { TracedQueue } from '../../packages/shared/src/queue/traced-queue.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const START = 'tracing:go-go-scope.persistence.call:start'
const database = { system: 'sqlite', engine: 'none', location: '' }
const statement: Statement<'none'> = write('cache.set', 'none', 'no SQL')

let answer: unknown
const inner = { execute: () => answer, atomic: () => answer } as unknown as OperationQueue
const queue = new TracedQueue(inner, database)
const hear = (): void => undefined

beforeEach(() => {
  answer = undefined
})
afterEach(() => unsubscribe(START, hear))

/** Returns the number of promises that `run` creates. */
function promisesOf(run: () => unknown): number {
  let made = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') made++
    },
  }).enable()
  run()
  hook.disable()
  return made
}

test('without a subscriber a call creates no promise, and returns that of the queue', () => {
  const promise = Promise.resolve()
  for (const given of [undefined, 'at once', promise]) {
    answer = given
    const calls = [() => queue.execute(statement, [], nothing), () => queue.atomic('fenced', [])]
    for (const call of calls) expect(promisesOf(() => expect(call()).toBe(given))).toBe(0)
  }
})

test('with a subscriber a call returns the promise of the queue too', async () => {
  subscribe(START, hear)
  answer = Promise.resolve()
  expect(queue.execute(statement, [], nothing)).toBe(answer)
  expect(queue.atomic('fenced', [])).toBe(answer)
  answer = 'at once'
  expect(queue.execute(statement, [], nothing)).toBe(answer)
})

test('a call whose rejection its caller handles is no unhandled rejection', async () => {
  subscribe(START, hear)
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  answer = Promise.reject(new Error('refused'))
  await expect(queue.execute(statement, [], nothing)).rejects.toThrow('refused')
  await new Promise(setImmediate)
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

test('a subscriber to any single phase receives calls', () => {
  for (const phase of ['start', 'end', 'asyncStart', 'asyncEnd']) {
    const heard: unknown[] = []
    const note = (message: unknown): void => void heard.push(message)
    subscribe(START.replace('start', phase), note)
    queue.execute(statement, [], nothing)
    unsubscribe(START.replace('start', phase), note)
    expect(heard, phase).toEqual([{ operation: 'cache.set', kind: 'write', database, background: false }])
  }
})

test.each([
  ['answers within the call', (driver: SqlDriver) => driver, [1, 1, 1]],
  ['answers later', inAnotherThread, [3, 3, 3]],
] as const)(
  'a message says how many calls shared the statement, on an engine that %s',
  async (_title, of, together) => {
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, () => undefined)
    const adapter = new SqliteAdapter(handle, () => of(driver as never))
    const { cache } = adapter
    await adapter.connect()
    const heard: (number | undefined)[] = []
    const note = (call: unknown): void => void heard.push((call as TracedCall).calls)
    const ended = START.replace('start', 'asyncStart')
    subscribe(ended, note)
    await cache.get('alone')
    expect(heard.splice(0)).toEqual([1])
    await Promise.all(['a', 'b', 'c'].map((key) => cache.get(key)))
    expect(heard.splice(0)).toEqual(together)
    handle.exec('DROP TABLE go_goscope_cache')
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'SQL' })
    expect(heard).toEqual([undefined])
    unsubscribe(ended, note)
    await adapter.disconnect()
  },
)
