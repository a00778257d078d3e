import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const MIB = 1024 * 1024
const MOST_BYTES = 16 * MIB
const VALUE_BYTES = 16 * 1024
/** Twice the allowed bytes in total. */
const LARGE_ROWS = (2 * MOST_BYTES) / VALUE_BYTES
const SMALL_ROWS = proofCount({ inTests: 5_000, inSoak: 1_000_000 })
/** Each sample collects all garbage first; the greatest sample counts. */
const SAMPLES = 3

/** Returns the bytes that remain in use after a full collection. */
function kept(): number {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } }
  if (Bun !== undefined) Bun.gc(true)
  else collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

describe('a walk through many rows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inspection-'))
  let adapter: Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>
  beforeAll(async () => {
    const path = join(folder, 'app.db')
    adapter = await engine.SQLiteAdapter.open(path, { durability: 'process' })
    const handle = await engine.openHandle(path)
    const fill = (name: string, value: string, rows: number) =>
      engine.rows(
        handle,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
INSERT INTO go_goscope_cache (key, value) SELECT 'cache:${name}' || printf('%08d', i), ${value} FROM n`,
      )
    await fill('large', `'"' || printf('%.*c', ${VALUE_BYTES}, 'x') || '"'`, LARGE_ROWS)
    await fill('small', "'1'", SMALL_ROWS)
    await engine.closeHandle(handle)
  }, 120_000)
  afterAll(async () => {
    await adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Returns by how many bytes the memory grew during the walk, at its peak. */
  async function growth<Item>(list: AsyncIterable<Item>, rows: number, each?: (item: Item) => void): Promise<number> {
    const before = kept()
    let [seen, most] = [0, 0]
    for await (const item of list) {
      each?.(item)
      if (++seen % Math.ceil(rows / SAMPLES) === 0) most = Math.max(most, kept() - before)
    }
    expect(seen).toBe(rows)
    return most
  }

  test('holds one page in memory, whatever the number of rows and the size of values', async () => {
    const large = adapter.inspect().entries({ startsWith: 'large', values: true })
    const most = Math.max(
      await growth(large, LARGE_ROWS),
      await growth(adapter.inspect().entries({ startsWith: 'small' }), SMALL_ROWS),
      await growth(adapter.cache.entries({ startsWith: 'large' }), LARGE_ROWS),
    )
    expect(most).toBeLessThan(MOST_BYTES)
    reportProof({
      proof: 'a walk through many rows keeps a page of it',
      file: 'test/builds/inspection-memory.test.ts',
      runs: `${SMALL_ROWS} rows`,
      result: `at most ${Math.round(most / MIB)} MiB more`,
    })
  }, 600_000)

  test('fails this measurement if it keeps all rows', async () => {
    const items: unknown[] = []
    const all = adapter.inspect().entries({ startsWith: 'large', values: true })
    expect(await growth(all, LARGE_ROWS, (item) => items.push(item))).toBeGreaterThan(MOST_BYTES)
  }, 600_000)
})
