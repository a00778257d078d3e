import { expect } from 'vitest'
import { engine } from '../../cells/cell.js'

type Adapter = Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>

/** What each operation of writer.mjs must have stored, in the same order. */
const CHECKS: readonly ((adapter: Adapter, number: number) => Promise<boolean>)[] = [
  async (adapter, number) => (await adapter.cache.get<{ number: number }>(`k${number}`))?.number === number,
  async (adapter, number) => (await adapter.idempotency.get<unknown[]>(`k${number}`))?.value[1] === number,
  async (adapter, number) => (await adapter.checkpoint.load<{ number: number }>(`k${number}`))?.data.number === number,
  async () => true,
  async () => true,
  async (adapter, number) => (await adapter.lock.acquire(`kept-${number}`, 1_000, 'somebody else')) === null,
  async (adapter, number) => (await adapter.lock.acquire(`freed-${number}`, 1_000, 'somebody else')) !== null,
  async (adapter, number) => (await adapter.idempotency.get<number>(`claimed-${number}`))?.value === number,
]
const FAILURES = 3
const MANY_ROWS = 4

/**
 * Opens the file of a killed writer and checks that everything that it acknowledged is there.
 *
 * @param latest the numbers acknowledged by the writer that was killed last
 * @param all the numbers of all writers so far
 * @returns the ms that opening took.
 */
export async function verifyAcknowledged(
  path: string,
  latest: readonly number[],
  all: readonly number[],
): Promise<number> {
  const started = performance.now()
  const adapter = await engine.SQLiteAdapter.open(path, { locks: 'database' })
  const opened = performance.now() - started
  try {
    const found = await Promise.all(latest.map((number) => CHECKS[number % CHECKS.length]?.(adapter, number)))
    const lost = latest.filter((_, index) => found[index] !== true)
    expect(lost, 'acknowledged, and lost').toEqual([])
    await verifyCount(adapter, all)
    await verifyRows(adapter, all)
  } finally {
    await adapter.disconnect()
  }
  const handle = await engine.openHandle(path)
  expect(await engine.rows(handle, 'PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }])
  await engine.closeHandle(handle)
  return opened
}

async function verifyCount(adapter: Adapter, all: readonly number[]): Promise<void> {
  const acknowledged = all.filter((number) => number % CHECKS.length === FAILURES).length
  const counted = (await adapter.getState('api'))?.failureCount ?? 0
  expect(counted, 'failures that were acknowledged are counted').toBeGreaterThanOrEqual(acknowledged)
}

/** The rows of one `setMany` must be there together, and be those of the latest acknowledged call or of a later one. */
async function verifyRows(adapter: Adapter, all: readonly number[]): Promise<void> {
  const rows = await adapter.cache.getMany<number>(['row-0', 'row-1', 'row-2', 'row-3', 'row-4'])
  const written = new Set(rows.values())
  expect(written.size, `rows of one call: ${JSON.stringify([...rows])}`).toBeLessThanOrEqual(1)
  if (written.size === 1) expect(rows.size).toBe(5)
  const acknowledged = all.filter((number) => number % CHECKS.length === MANY_ROWS)
  expect(Math.max(0, ...written)).toBeGreaterThanOrEqual(Math.max(0, ...acknowledged))
}
