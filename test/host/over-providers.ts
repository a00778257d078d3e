import { CircuitBreaker, Lock, type PersistenceProviders, scope } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'
import { eventually } from './support/eventually.js'

/** New providers over an empty store, and second ones over the same store if possible. */
export interface ProvidersUnderTest {
  providers: Required<Omit<PersistenceProviders, 'cache'>>
  second: Required<Omit<PersistenceProviders, 'cache'>>
  close(): Promise<void>
}

/** Declares the tests of the host with any kind of provider. */
export function hostOverProviders(name: string, createProviders: () => Promise<ProvidersUnderTest>): void {
  describe(`the host over ${name}`, () => {
    let world: ProvidersUnderTest
    beforeEach(async () => {
      world = await createProviders()
    })
    afterEach(() => world.close())

    const boom = () => Promise.reject(new Error('boom'))

    describe('locks', () => {
      it('exclude each other by key, and are free after release', async () => {
        await using one = scope({ persistence: world.providers })
        await using two = scope({ persistence: world.second })
        const guard = await one.acquireLock({ key: 'k' }).acquire()
        await expect(two.acquireLock({ key: 'k' }).acquire({ timeout: 0 })).rejects.toThrow('timed out after 0ms')
        await (await two.acquireLock({ key: 'other' }).acquire({ timeout: 0 })).release()
        await guard.release()
        await (await two.acquireLock({ key: 'k' }).acquire({ timeout: 0 })).release()
      })

      it('are released at the end of the scope', async () => {
        const s = scope({ persistence: world.providers })
        const guard = await s.acquireLock({ key: 'k' }).acquire()
        await s[Symbol.asyncDispose]()
        expect(guard.signal.aborted).toBe(true)
        await using lock = new Lock({ provider: world.second.lock, key: 'k' })
        await (await lock.acquire({ timeout: 0 })).release()
      })

      it('abort their holder when they are lost', async () => {
        await using s = scope({ persistence: world.providers })
        const guard = await s.acquireLock({ key: 'k', ttl: 300 }).acquire()
        const lost = new Promise((resolve) => guard.signal.addEventListener('abort', resolve))
        await world.providers.lock.forceRelease('lock:exclusive:k')
        await lost
      })

      it('never let a writer hold beside a reader', async () => {
        const options = { key: 'k', allowMultipleReaders: true }
        await using one = new Lock({ ...options, provider: world.providers.lock })
        await using two = new Lock({ ...options, provider: world.second.lock })
        const readers = [await one.read(), await two.read()]
        await expect(two.write({ timeout: 0 })).rejects.toThrow('Write lock acquisition timed out')
        const writing = one.write({ pollInterval: 5 })
        for (const reader of readers) await reader.release()
        const writer = await writing
        await expect(two.read({ timeout: 0 })).rejects.toThrow('Read lock acquisition timed out')
        await writer.release()
        await (await two.read()).release()
      })
    })

    describe('breakers', () => {
      const options = { key: 'k', failureThreshold: 2, resetTimeout: 60_000 }

      it('are open after a restart', async () => {
        await using before = scope({ persistence: world.providers, circuitBreaker: options })
        for (let i = 0; i < 2; i++) await before.task(boom)
        await using after = scope({ persistence: world.second, circuitBreaker: options })
        expect((await after.task(() => 1))[0]).toMatchObject({ message: 'Circuit breaker is open' })
      })

      it('close in the store when they close', async () => {
        const provider = world.providers.circuitBreaker
        await provider.setState('k', { state: 'half-open', failureCount: 2, lastFailureTime: Date.now() })
        const breaker = new CircuitBreaker({ ...options, provider })
        expect(await breaker.execute(() => 1)).toBe(1)
        expect(await world.second.circuitBreaker.getState('k')).toMatchObject({ state: 'closed', failureCount: 0 })
        await breaker[Symbol.asyncDispose]()
      })

      it('count the failures of concurrent tasks exactly', async () => {
        await using s = scope({ persistence: world.providers, circuitBreaker: { ...options, failureThreshold: 100 } })
        await Promise.all(Array.from({ length: 50 }, () => s.task(boom)))
        expect(await world.second.circuitBreaker.getState('k')).toMatchObject({ state: 'closed', failureCount: 50 })
      })
    })

    describe('idempotent tasks', () => {
      const idempotency = { key: 'k' }

      it.each([[{ a: [1, 2.5, null] }], [null], [0], [''], [false], [undefined]])(
        'that returned %j run once, over scopes',
        async (value) => {
          const fn = vi.fn(() => value)
          await using one = scope({ persistence: world.providers })
          await using two = scope({ persistence: world.second })
          expect(await one.task(fn, { idempotency })).toEqual([undefined, value])
          expect(await two.task(fn, { idempotency })).toEqual([undefined, value])
          expect(fn).toHaveBeenCalledOnce()
        },
      )

      it('that failed run again', async () => {
        await using s = scope({ persistence: world.providers })
        expect((await s.task(boom, { idempotency }))[0]).toMatchObject({ message: 'boom' })
        expect(await s.task(() => 5, { idempotency })).toEqual([undefined, 5])
      })

      it('never replay a stored failure', async () => {
        await world.providers.idempotency.set('k', [{ _tag: 'Failed' }, undefined])
        await using s = scope({ persistence: world.providers })
        expect(await s.task(() => 5, { idempotency })).toEqual([undefined, 5])
      })

      it('that run at the same time share one run, over scopes', async () => {
        await using one = scope({ persistence: world.providers })
        await using two = scope({ persistence: world.second })
        const end = deferred<number>()
        const fn = vi.fn(() => end.promise)
        const tasks = [one, two, one].map((s) => s.task(fn, { idempotency }))
        await eventually(() => expect(fn).toHaveBeenCalledOnce())
        end.resolve(7)
        expect(await Promise.all(tasks)).toEqual([0, 1, 2].map(() => [undefined, 7]))
        expect(fn).toHaveBeenCalledOnce()
      })
    })

    describe('checkpoints', () => {
      const state = { done: [1, 2], nested: { float: 0.5, yes: true, none: null, empty: {} } }

      it('survive a failure and are resumed from by another scope', async () => {
        await using one = scope({ persistence: world.providers })
        await one.task(
          async ({ checkpoint, progress }) => {
            progress.update(12.5)
            await checkpoint.save('old')
            await checkpoint.save(state)
            throw new Error('crash')
          },
          { id: 'job', checkpoint: {} },
        )
        await using two = scope({ persistence: world.second })
        const onResume = vi.fn()
        const [error, seen] = await two.resumeTask('job', ({ checkpoint }) => checkpoint.data, {
          checkpoint: { onResume },
        })
        expect([error, seen]).toEqual([undefined, state])
        expect(onResume).toHaveBeenCalledExactlyOnceWith(
          expect.objectContaining({ sequence: 2, progress: 12.5, data: state }),
        )
        expect(await world.providers.checkpoint.list('job')).toEqual([])
      })

      it('are kept up to the maximum of the task', async () => {
        await using s = scope({ persistence: world.providers })
        await s.task(
          async ({ checkpoint }) => {
            for (let i = 1; i <= 12; i++) await checkpoint.save(i)
            throw new Error('stop')
          },
          { id: 'job', checkpoint: { maxCheckpoints: 3 } },
        )
        const stored = await world.second.checkpoint.list('job')
        expect(stored.map(({ sequence, data }) => [sequence, data])).toEqual([
          [10, 10],
          [11, 11],
          [12, 12],
        ])
      })
    })
  })
}
