import type { SqlAdapter } from '@go-go-scope/persistence-core/dialect'

const AGES = 1_000 * 60 * 60 * 24

/** Stores something of every kind that a store can hold, but no lock or claim. @param entries the number of cache entries */
export async function fillEveryKind(adapter: SqlAdapter, entries: number): Promise<void> {
  const { cache, idempotency, circuitBreaker, checkpoint } = adapter
  const keys = Array.from({ length: entries }, (_, index) => index)
  await cache.setMany(
    keys.map((index) => [`k${index}`, { index, at: new Date(index) }] as const),
    AGES,
  )
  await cache.set('no end', [undefined, -0, 1e300, 'é', '\u{1f600}', ''])
  await cache.set('large', 'x'.repeat(5 * 1024 * 1024))
  await idempotency.set('set', { by: 'set' }, AGES)
  const completed = await idempotency.claim('completed', { lease: AGES, ttl: AGES, fingerprint: 'print' })
  if (completed.state === 'claimed') await completed.complete({ by: 'claim' })
  const failed = await idempotency.claim('failed', { lease: AGES, ttl: AGES, onFailure: 'keep' })
  if (failed.state === 'claimed') await failed.fail(new RangeError('kept'))
  const unstored = await idempotency.claim('unstored', { lease: AGES, ttl: AGES })
  if (unstored.state === 'claimed') await unstored.complete(() => undefined).catch(() => undefined) // Told by the key too.
  for (let count = 0; count < 2; count++) await circuitBreaker.recordFailure('counting', 5)
  await circuitBreaker.recordFailure('open', 1)
  await circuitBreaker.isolate('isolated')
  for (const [index, sequence] of [1, 2, 3, 3, 3].entries()) {
    await checkpoint.save({
      id: `c${9 - index}`,
      taskId: 'task',
      sequence,
      timestamp: 5,
      progress: 12.5,
      data: { index },
    })
  }
}

/** Returns the answers of the ports for all of it. */
export async function answers(adapter: SqlAdapter): Promise<unknown> {
  const { cache, idempotency, circuitBreaker, checkpoint } = adapter
  const large = String(await cache.get('large'))
  return {
    keys: (await cache.keys()).length,
    entry: await cache.get('k1'),
    noEnd: await cache.get('no end'),
    large: large.length,
    set: await idempotency.get('set'),
    completed: await idempotency.claim('completed', { lease: 1_000, fingerprint: 'print' }),
    otherPrint: await refusal(() => idempotency.claim('completed', { lease: 1_000, fingerprint: 'other' })),
    failed: await idempotency.claim('failed', { lease: 1_000 }),
    unstored: await refusal(() => idempotency.claim('unstored', { lease: 1_000 })),
    counting: await circuitBreaker.getState('counting'),
    open: await circuitBreaker.getState('open'),
    isolated: await circuitBreaker.admit('isolated', { resetTimeout: 1 }),
    latest: await checkpoint.loadLatest('task'),
    list: await checkpoint.list('task'),
  }
}

async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}
