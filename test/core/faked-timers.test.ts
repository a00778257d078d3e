import { join } from 'node:path'
import { mock } from 'node:test'
import * as sqlite3 from '@go-go-scope/persistence-sqlite'
import * as nodeSqlite from '@go-go-scope/persistence-sqlite-node'
import { connectRemote, serve } from '@go-go-scope/persistence-sqlite-node/remote'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { root } from '../../scripts/workspace.mjs'

beforeEach(() => {
  // What Jest's fake timers replace, except `process.nextTick`, which Vitest cannot replace in a process.
  const toFake = [
    'Date',
    'performance',
    'hrtime',
    'queueMicrotask',
    'setImmediate',
    'setInterval',
    'setTimeout',
  ] as const
  vi.useFakeTimers({ toFake: [...toFake] })
})
afterEach(() => {
  vi.useRealTimers()
})

test.each([
  ['node:sqlite', nodeSqlite],
  ['sqlite3', sqlite3],
])(
  'an app may fake its timers: %s answers, and what expires follows the faked time',
  async (_name, { SQLiteAdapter }) => {
    const persistence = await SQLiteAdapter.open(':memory:', { locks: 'database' })
    const { cache, lock } = persistence

    // At once, so that the calls queue, and more of them than run in one turn.
    await Promise.all(Array.from({ length: 3_000 }, (_, at) => cache.set(`k${at}`, at, 60_000)))
    const held = await lock.acquire('report', 60_000)
    vi.advanceTimersByTime(59_999)
    expect(await Promise.all([cache.get('k0'), lock.acquire('report')])).toEqual([0, null])
    vi.advanceTimersByTime(1)
    expect(await Promise.all([cache.get('k0'), held?.isValid()])).toEqual([null, false])
    await persistence.disconnect()
  },
)

test('an app may fake its timers: what is stored follows those of node:test, which leave performance.now() alone', async () => {
  vi.useRealTimers()
  mock.timers.enable()
  try {
    const persistence = await nodeSqlite.SQLiteAdapter.open(':memory:', { locks: 'database' })
    const { cache, idempotency, lock } = persistence
    await cache.set('k', 1, 60_000)
    const held = await lock.acquire('report', 60_000)
    const claim = await idempotency.claim('order', { lease: 60_000 })
    const signals = [held?.signal, claim.state === 'claimed' ? claim.signal : undefined]
    mock.timers.tick(58_999)
    expect(await Promise.all([cache.get('k'), lock.acquire('report')])).toEqual([1, null])
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false])
    mock.timers.tick(1_001)
    expect(await Promise.all([cache.get('k'), held?.isValid()])).toEqual([null, false])
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true])
    await persistence.disconnect()
  } finally {
    mock.timers.reset()
  }
})

test('an app may fake its timers: a served adapter answers', async () => {
  const owned = await nodeSqlite.SQLiteAdapter.open(':memory:')
  const persistence = await connectRemote(serve(owned).createPort())
  await Promise.all([persistence.cache.set('a', 1), persistence.cache.set('b', 2)])
  expect(await persistence.cache.keys()).toEqual(['a', 'b'])
  await persistence.disconnect()
  await owned.disconnect()
})

/** Fakes that an app installs before it loads the package. */
const FAKES = {
  'the globals, as Jest does':
    'globalThis.setImmediate = globalThis.setTimeout = globalThis.queueMicrotask = process.nextTick = () => ({ unref() {} })',
  'node:timers too, as Sinon does': `const { default: FakeTimers } = await import('@sinonjs/fake-timers'); FakeTimers.install()`,
}

test.each(Object.entries(FAKES))('an app may fake its timers before it loads the package: %s', async (_name, fake) => {
  vi.useRealTimers()
  const app = `
    ${fake}
    const { SQLiteAdapter } = await import('@go-go-scope/persistence-sqlite-node')
    const { cache } = await SQLiteAdapter.open(':memory:')
    await Promise.all(Array.from({ length: 3_000 }, (_, at) => cache.set('k' + at, at)))
    console.log((await cache.keys()).length)`
  const ended = await runProcess(process.execPath, ['--input-type=module', '--eval', app], { cwd: join(root, 'test') })
  expect(ended).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^3000$/m) })
})
