import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { seededRandom } from '../proof/seeded-random.mjs'
import { twoSides } from './two-sides.js'

proveCell()

const STEPS = 40

const pair = twoSides()

test('after any history of writes, rollbacks and takes both sides are equal', async () => {
  const random = seededRandom(printedSeed('changesets'))
  const below = (limit: number) => Math.floor(random() * limit)
  const value = () => ['NULL', String(below(3)), `'${'x'.repeat(below(3))}'`, `x'0${below(3)}'`][below(4)]
  const writes: readonly (() => string)[] = [
    () => `INSERT OR REPLACE INTO orders VALUES (${below(6)}, ${value()}, ${value()}, ${value()})`,
    () => `INSERT OR IGNORE INTO prices VALUES ('${below(2)}', '${below(3)}', ${value()})`,
    () => `UPDATE OR REPLACE orders SET item = ${value()}, id = id + ${below(2) * 10} WHERE id = ${below(6)}`,
    () => `UPDATE prices SET price = ${value()} WHERE shop = '${below(3)}'`,
    () => `DELETE FROM orders WHERE id >= ${below(20)}`,
    () => `DELETE FROM prices WHERE item = '${below(3)}'`,
  ]
  const from = await pair.from.changes(['orders', 'prices'])
  const to = await pair.to.changes(['orders', 'prices'])
  await using recording = await from.record()
  for (let history = proofCount({ inTests: 8, inSoak: 1_000 }); history > 0; history--) {
    for (let step = 0; step < STEPS; step++) {
      const transaction = below(4)
      if (transaction < 2) await pair.from.run('BEGIN')
      for (let count = below(4); count >= 0; count--)
        await pair.from.run((writes[below(writes.length)] as () => string)())
      if (transaction < 2) await pair.from.run(transaction === 0 ? 'ROLLBACK' : 'COMMIT')
      if (below(3) > 0) continue
      const { omitted, replaced } = await to.apply(await recording.take())
      expect({ omitted, replaced }).toEqual({ omitted: 0, replaced: 0 })
    }
    await to.apply(await recording.take())
    for (const table of ['orders', 'prices']) expect(await pair.to.all(table)).toBe(await pair.from.all(table))
  }
}, 600_000)
