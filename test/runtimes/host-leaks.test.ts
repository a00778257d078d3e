import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { InMemoryCheckpointProvider, type Lock, type LockGuard, type LockOptions, type Scope, scope } from 'go-go-scope'
import { describe, expect, it } from 'vitest'
import { MemoryLockProvider } from '../host/support/memory-lock-provider.js'

const LOCKS = 100
/** The number of uncollected objects allowed: a conservative collector takes numbers on the stack for references. */
const LEFT_OVER = 10

function collectGarbage(): void {
  if ('Bun' in globalThis) {
    Bun.gc(true)
    return
  }
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Replaces `expect().rejects`, which keeps promises and errors until the test ends. */
const messageOf = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'it was granted',
    (error: unknown) => (error as Error).message,
  )

type Use = (lock: Lock) => Promise<LockGuard | null | undefined>

const uses: Record<string, Use> = {
  'acquired and released': async (lock) => {
    const guard = await lock.acquire()
    await guard.release()
    return guard
  },
  'acquired and disposed with await using': async (lock) => {
    await using guard = await lock.acquire()
    return guard
  },
  'waited for by another, and released by both': async (lock) => {
    const first = await lock.acquire()
    const waiting = lock.acquire()
    await first.release()
    await (await waiting).release()
    return first
  },
  'never acquired': async () => undefined,
}
const memoryUses: Record<string, Use> = {
  'tried and released': async (lock) => {
    const guard = lock.tryAcquire()
    await guard?.release()
    return guard
  },
  'waited for in vain': async (lock) => {
    const guard = await lock.acquire()
    expect(await messageOf(lock.acquire({ timeout: 1 }))).toContain('timed out')
    await guard.release()
    return guard
  },
}
const readWriteUses: Record<string, Use> = {
  'read by two and released': async (lock) => {
    const guards = await Promise.all([lock.read(), lock.read()])
    await Promise.all(guards.map((guard) => guard.release()))
    return guards[0]
  },
  'written and released': async (lock) => {
    const guard = await lock.write()
    await guard.release()
    return guard
  },
}

const provider = new MemoryLockProvider()
const held = new MemoryLockProvider()
const cases: [string, (index: number) => LockOptions, Record<string, Use>][] = [
  ['in memory without a key', () => ({}), { ...uses, ...memoryUses }],
  ['in memory with a key', (index) => ({ key: `k${index % 20}` }), { ...uses, ...memoryUses }],
  ['in memory with a key of its own', (index) => ({ key: `own ${index}` }), { ...uses, ...memoryUses }],
  ['for readers in memory', (index) => ({ key: `k${index}`, allowMultipleReaders: true }), readWriteUses],
  ['over a provider', (index) => ({ provider, key: `k${index}` }), uses],
  [
    'for readers over a provider',
    (index) => ({ provider, key: `k${index}`, allowMultipleReaders: true }),
    readWriteUses,
  ],
  [
    'over a provider that has given it to others',
    () => ({ provider: held, key: 'taken' }),
    {
      'refused at the first try': async (lock) => {
        expect(await messageOf(lock.acquire({ timeout: 0 }))).toContain('timed out')
        return undefined
      },
    },
  ],
]

/** Uses the locks and returns weak references, so that the test's frame holds none of them. */
async function use(s: Scope, options: (index: number) => LockOptions, run: Use): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = []
  for (let index = 0; index < LOCKS; index++) {
    const lock = s.acquireLock(options(index))
    const guard = await run(lock)
    refs.push(new WeakRef(lock))
    if (guard) refs.push(new WeakRef(guard))
  }
  return refs
}

it.each(cases)('a living scope keeps no reference to locks %s that are not in use', async (_, options, those) => {
  await held.acquire('lock:exclusive:taken', 600_000, 'another')
  await using s = scope()
  const listeners = getEventListeners(s.signal, 'abort').length
  const refs = new Map<string, WeakRef<object>[]>()
  for (const [name, run] of Object.entries(those)) refs.set(name, await use(s, options, run))
  for (let round = 0; round < 2; round++) {
    await setImmediate()
    collectGarbage()
  }
  const alive = (name: string): number => (refs.get(name) ?? []).filter((ref) => ref.deref() !== undefined).length
  expect([...refs.keys()].filter((name) => alive(name) > LEFT_OVER)).toEqual([])
  expect(getEventListeners(s.signal, 'abort')).toHaveLength(listeners)
})

/** Uses, awaits and partly disposes semaphores, and returns weak references, like `use`. */
async function useSemaphores(s: Scope): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = []
  for (let index = 0; index < LOCKS; index++) {
    const semaphore = s.semaphore(1)
    expect(await Promise.all([semaphore.acquire(() => 1), semaphore.acquire(() => 2)])).toEqual([1, 2])
    if (index % 2 === 0) await semaphore[Symbol.asyncDispose]()
    refs.push(new WeakRef(semaphore))
  }
  return refs
}

it('a living scope keeps no reference to semaphores that nobody waits for', async () => {
  await using s = scope()
  const listeners = getEventListeners(s.signal, 'abort').length
  const refs = await useSemaphores(s)
  for (let round = 0; round < 2; round++) {
    await setImmediate()
    collectGarbage()
  }
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(LEFT_OVER)
  expect(getEventListeners(s.signal, 'abort')).toHaveLength(listeners)
})

/** Runs tasks with checkpoints, and returns weak references to their options, like `use`. */
async function checkpointedTasks(s: Scope): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = []
  for (let index = 0; index < LOCKS; index++) {
    const checkpoint = { onResume: () => {} }
    await s.task(({ checkpoint: { save } }) => save(index), { id: `task ${index}`, checkpoint })
    refs.push(new WeakRef(checkpoint))
  }
  return refs
}

it.each([
  ['have saved and succeeded', {}],
  ['could not load their checkpoints', { loadLatest: () => Promise.reject(new Error('the store fails, as planted')) }],
])('a store keeps no reference to tasks that %s', async (_, failing) => {
  const store = Object.assign(new InMemoryCheckpointProvider(), failing)
  await using s = scope({ persistence: { checkpoint: store } })
  const refs = await checkpointedTasks(s)
  for (let round = 0; round < 2; round++) {
    await setImmediate()
    collectGarbage()
  }
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(LEFT_OVER)
})

describe('a lock that is used again after its release', () => {
  it.each([{}, { key: 'again' }, { provider, key: 'again' }])('still ends with its scope: %o', async (options) => {
    const s = scope()
    const lock = s.acquireLock(options)
    for (let round = 0; round < 3; round++) await (await lock.acquire()).release()
    const guard = await lock.acquire()
    const waiting = expect(lock.acquire()).rejects.toThrow('Scope disposed')
    await s[Symbol.asyncDispose]()
    await waiting
    expect(guard.isReleased).toBe(true)
    expect(guard.signal.reason).toEqual(new Error('Lock disposed'))
    await expect(lock.acquire()).rejects.toThrow('Scope disposed')
  })

  it('is disposed in the order in which the scope made it, whenever it was acquired', async () => {
    const s = scope()
    const lock = s.acquireLock()
    const released: boolean[] = []
    s.onDispose(() => released.push(guard.isReleased))
    const guard = await lock.acquire()
    await s[Symbol.asyncDispose]()
    expect([released, guard.isReleased]).toEqual([[false], true])
  })

  it('cannot be acquired after its scope has ended, also if it was not in use then', async () => {
    const s = scope()
    const lock = s.acquireLock({ key: 'unused' })
    await s[Symbol.asyncDispose]()
    expect(lock.tryAcquire()).toBeNull()
    await expect(lock.acquire()).rejects.toThrow('Scope disposed')
  })
})
