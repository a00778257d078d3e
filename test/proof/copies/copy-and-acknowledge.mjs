// copy-and-acknowledge.mjs <engine> <recorded folder> <folder> <rounds> <backup | restore | follow>: in the recorded folder makes
// the backups 1.db, 2.db …, or restores backup 1, 2 … to target.db, or has standby.db follow, take over (one more round) and
// write one more entry. Acknowledges each round when it is done. The database and, for restores, the backups are in the other
// folder. After round n there are n entries.
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [recorded = '', folder = '', rounds = '', what = ''] = processArguments
const acknowledgements = openSync(join(recorded, 'acknowledgements'), 'a')
const adapter = await engine.SQLiteAdapter.open(join(folder, `${what}.db`))
const acknowledge = (/** @type {number} */ round) => writeSync(acknowledgements, `${round}\n`)
const write = (/** @type {typeof adapter} */ to, /** @type {number} */ round) =>
  to.cache.set(`entry-${round}`, 'x'.repeat(20_000))

if (what === 'follow') {
  const standby = await engine.Standby.follow(/** @type {never} */ (adapter), {
    target: join(recorded, 'standby.db'),
    every: 60_000,
  })
  for (let round = 1; round <= Number(rounds); round++) {
    await write(adapter, round)
    await standby.waitFor()
    acknowledge(round)
  }
  const promoted = await standby.takeOver({ force: true })
  acknowledge(Number(rounds) + 1)
  await write(promoted, Number(rounds) + 1)
  acknowledge(Number(rounds) + 2)
  process.exit(0)
}
for (let round = 1; round <= Number(rounds); round++) {
  await write(adapter, round)
  const path = join(what === 'backup' ? recorded : folder, `${round}.db`)
  await adapter.backup(path)
  if (what === 'restore') await engine.restore(path, join(recorded, 'target.db'))
  acknowledge(round)
}
process.exit(0)
