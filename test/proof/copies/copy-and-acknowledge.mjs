// copy-and-acknowledge.mjs <engine> <recorded folder> <folder> <rounds> <backup | restore>: makes backups 1.db, 2.db … in
// the recorded folder, or puts backup 1, 2 … in the place of target.db there, and acknowledges each when it is done. The
// database and, for restores, the backups are in the other folder; backup n has n entries.
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [recorded = '', folder = '', rounds = '', what = ''] = processArguments
const acknowledgements = openSync(join(recorded, 'acknowledgements'), 'a')
const adapter = await engine.SQLiteAdapter.open(join(folder, `${what}.db`))

for (let round = 1; round <= Number(rounds); round++) {
  await adapter.cache.set(`entry-${round}`, 'x'.repeat(20_000))
  const path = join(what === 'backup' ? recorded : folder, `${round}.db`)
  await adapter.backup(path)
  if (what === 'restore') await engine.restore(path, join(recorded, 'target.db'))
  writeSync(acknowledgements, `${round}\n`)
}
process.exit(0)
