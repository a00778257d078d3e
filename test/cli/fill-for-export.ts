import { SQLiteAdapter } from './scopedb.js'

/** ms */
export const HOUR = 3_600_000

/** Makes a file with one of each kind that is exported and imported, in two prefixes, and with what is not exported. */
export async function fillForExport(path: string): Promise<void> {
  await using shop = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  await shop.cache.set('ends', { at: new Date(0) }, HOUR)
  await shop.cache.set('a line\u2028and\nmore', new Map([[1, 2n]]))
  for (let call = 0; call < 3; call++) await shop.circuitBreaker.recordFailure('payments', 3)
  await shop.circuitBreaker.isolate('mail')
  await shop.idempotency.set('set', { receipt: 'R-1' }, HOUR)
  const lease = { lease: HOUR }
  const done = await shop.idempotency.claim('done', { ...lease, fingerprint: 'print' })
  if (done.state === 'claimed') await done.complete('claimed')
  const failed = await shop.idempotency.claim('failed', { ...lease, ttl: HOUR, onFailure: 'keep' })
  if (failed.state === 'claimed') await failed.fail(new RangeError('kept'))
  const unstored = await shop.idempotency.claim('unstored', lease)
  if (unstored.state === 'claimed') await unstored.complete(() => undefined).catch(() => undefined)
  await shop.idempotency.claim('under way', lease)
  // Equal sequences keep the order in which they were made.
  for (const [id, sequence] of [['c9', 1], ['c8', 2], ['c7', 2]] as const) {
    await shop.checkpoint.save({ id, taskId: 'import', sequence, timestamp: 5, progress: 12.5, data: { id } })
  }
  await using plain = await SQLiteAdapter.open(path, { locks: 'database' })
  await plain.cache.set('plain', 1)
  await plain.lock.acquire('nightly', HOUR)
} // biome-ignore format: the checkpoints are easier to compare in one line

/** Returns an export with these lines between the first line of `exported` and a last line with their counts. */
export function exportOf(exported: string, counts: object, ...lines: string[]): string {
  return [exported.split('\n')[0], ...lines, JSON.stringify({ end: true, items: counts }), ''].join('\n')
}
