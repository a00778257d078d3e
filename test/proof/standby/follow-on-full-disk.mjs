// follow-on-full-disk.mjs <engine> <folder>: follows a database on the small disk of the folder into a file beside it, for which
// there is no room, and prints what is there afterwards.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const elsewhere = mkdtempSync(join(tmpdir(), 'follow-on-full-disk-'))
const path = join(folder, 'app.db')
// With two such entries, the file leaves no room for a copy.
const ENTRY = 'x'.repeat(90_000)

try {
  const seed = await engine.SQLiteAdapter.open(join(elsewhere, 'seed.db'))
  for (const key of ['a', 'b']) await seed.cache.set(key, ENTRY)
  await seed.backup(path)
  await seed.disconnect()
  const adapter = await engine.SQLiteAdapter.open(path)
  const options = { target: join(folder, 'standby.db') }
  const code = await engine.Standby.follow(/** @type {never} */ (adapter), options).then(
    (standby) => standby.state,
    (error) => error.code,
  )
  const files = readdirSync(folder)
    .filter((name) => !name.startsWith('app.db'))
    .sort()
  const handle = await engine.openHandle(path)
  const log = await engine.rows(
    handle,
    "SELECT name FROM sqlite_master WHERE name GLOB 'go_goscope_log_*' OR name IN ('go_goscope_changes', 'go_goscope_followers')",
  )
  await engine.closeHandle(handle)
  await adapter.cache.set('after', 1)
  await adapter.disconnect()
  say({ code, files, log })
} finally {
  rmSync(elsewhere, { recursive: true, force: true })
}
