import { portNames } from '@go-go-scope/persistence-conformance/workspace'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { type PersistenceProviders, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'

class StoreError extends Error {
  readonly _tag = 'StoreError'
}

const failure = new StoreError('store')
const rejecting = () => Promise.reject(failure)
const throwing = () => {
  throw failure
}

/** Providers whose methods all fail in the same way. */
function broken(fail: () => unknown): PersistenceProviders {
  // Without `then`, because a port must not look like a promise.
  const get = (_: object, name: string | symbol) => (name === 'then' ? undefined : fail)
  const port = new Proxy({}, { get, has: (_, name) => name === 'claim' || name === 'admit' })
  return Object.fromEntries(portNames.map((name) => [name, port]))
}

describe.each([
  ['reject', rejecting],
  ['throw', throwing],
])('stores whose methods all %s', (_, fail) => {
  it.each([{}, { allowMultipleReaders: true }])('fail the lock with their own error: %o', async (mode) => {
    await using s = scope({ persistence: broken(fail) })
    const lock = s.acquireLock({ key: 'k', ...mode })
    if (!mode.allowMultipleReaders) await expect(lock.acquire()).rejects.toBe(failure)
    else {
      await expect(lock.read()).rejects.toBe(failure)
      await expect(lock.write()).rejects.toBe(failure)
    }
  })

  it('fail a task with a claimed key, and a resumed one, with their own error', async () => {
    await using s = scope({ persistence: broken(fail) })
    const fn = vi.fn()
    expect(await s.task(fn, { idempotency: { key: 'k' } })).toEqual([failure, undefined])
    expect(await s.task(fn, { checkpoint: {} })).toEqual([failure, undefined])
    await expect(s.resumeTask('t', fn)).rejects.toBe(failure)
    expect(fn).not.toHaveBeenCalled()
  })

  it('leave a breaker with the state of this process, and are reported', async () => {
    const onError = vi.fn()
    const { circuitBreaker } = broken(fail)
    await using s = scope({
      persistence: circuitBreaker === undefined ? {} : { circuitBreaker },
      circuitBreaker: { failureThreshold: 1 },
      hooks: { onError },
    })
    expect(await s.task(() => 1)).toEqual([undefined, 1])
    await s.task(rejecting)
    expect((await s.task(() => 1))[0]).toMatchObject({ message: 'Circuit breaker is open' })
    expect(onError).toHaveBeenCalledWith(failure, 'circuitBreaker')
  })
})

describe.each([
  ['reject', rejecting],
  ['throw', throwing],
])('a lock whose handles %s', (_, fail) => {
  const handle = { extend: fail, release: fail, isValid: fail }
  const lock = { acquire: async () => handle, extend: fail, forceRelease: fail }
  const persistence = { lock } as unknown as PersistenceProviders

  it('rejects release() with that error, and the next request gets it', async () => {
    await using s = scope({ persistence })
    const guard = await s.acquireLock({ key: 'k' }).acquire()
    await expect(guard.release()).rejects.toBe(failure)
    await using next = await s.acquireLock({ key: 'k' }).acquire({ timeout: 0 })
    expect(next.isReleased).toBe(false)
    await expect(next.release()).rejects.toBe(failure)
  })

  it('still admits readers, and reports the error', async () => {
    const onError = vi.fn()
    await using s = scope({ persistence, hooks: { onError } })
    const guard = await s.acquireLock({ key: 'k', allowMultipleReaders: true }).read()
    expect(onError).toHaveBeenCalledWith(failure, 'lock.release')
    await expect(guard.release()).rejects.toBe(failure)
  })

  it('does not keep a scope from ending', async () => {
    const onError = vi.fn()
    const s = scope({ persistence, hooks: { onError } })
    const exclusive = s.acquireLock({ key: 'k' })
    const write = s.acquireLock({ key: 'w', allowMultipleReaders: true })
    const guards = [await exclusive.acquire(), await write.write()]
    await s[Symbol.asyncDispose]()
    expect(guards.map((guard) => guard.isReleased)).toEqual([true, true])
    expect(onError).toHaveBeenCalledWith(failure, 'onDispose')
  })
})

describe('an adapter that is closed before its scope', () => {
  it('rejects every later call with CLOSED', async () => {
    const persistence = await SQLiteAdapter.open(':memory:')
    const onError = vi.fn()
    await using s = scope({ persistence, circuitBreaker: {}, hooks: { onError } })
    const guard = await s.acquireLock({ key: 'held' }).acquire()
    await persistence.disconnect()
    const closed = { _tag: 'PersistenceError', code: 'CLOSED' }
    const fn = vi.fn(() => 'ran')
    await expect(s.acquireLock({ key: 'k' }).acquire()).rejects.toMatchObject(closed)
    expect((await s.task(fn, { idempotency: { key: 'k' } }))[0]).toMatchObject(closed)
    expect((await s.task(fn, { checkpoint: {} }))[0]).toMatchObject(closed)
    await expect(s.resumeTask('t', fn)).rejects.toMatchObject(closed)
    expect(fn).not.toHaveBeenCalled()
    expect(await s.task(fn)).toEqual([undefined, 'ran'])
    expect(onError).toHaveBeenCalledWith(expect.objectContaining(closed), 'circuitBreaker')
    expect(guard.signal.aborted).toBe(true)
  })
})
