// The thread of a front end for node:sqlite with a planted bug, as `env.BUG` says.
import { closeSync, openSync, truncateSync, writeSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { libraryOf, SpreadStatement, serveThread } from '@go-go-scope/persistence-core'

/** @type {Record<string, (sql: string) => string>} */
const rewrites = {
  'the snapshot is not held': (sql) => (sql.endsWith(' go_goscope_snapshot') ? 'SELECT 1' : sql),
  'the counters do not jump': (sql) => sql.replace(/max\((max\(.*\)) \+ \d+, \d+\) \+ \d+/s, '$1'),
  'only an exclusive lock tells whether the file is in use': (sql) =>
    sql === 'PRAGMA journal_mode = DELETE' ? 'SELECT 1' : sql,
}
const bug = process.env.BUG ?? ''
const rewritten = rewrites[bug] ?? ((sql) => sql)
const PAGE_BYTES = 4_096

/** Damages to a copy. @type {Record<string, (copy: string) => void>} */
const damages = {
  'a copy is cut short': (copy) => truncateSync(copy),
  'the source is verified in the place of the copy': (copy) => truncateSync(copy),
  'a page of the copy is damaged': (copy) => {
    const file = openSync(copy, 'r+')
    writeSync(file, Buffer.alloc(100, 0xff), 0, 100, PAGE_BYTES)
    closeSync(file)
  },
  'an index of the copy is missing': (copy) => {
    const database = new DatabaseSync(copy)
    const index = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    database.exec(`DROP INDEX "${database.prepare(index).get()?.name}"`)
    database.close()
  },
}
const damage = damages[bug] ?? (() => undefined)

/** @typedef {import('@go-go-scope/persistence-core').SyncDriver} SyncDriver */

/** @param {DatabaseSync} database @returns {SyncDriver} */
function driver(database) {
  const prepare = (/** @type {string} */ sql) => new SpreadStatement(database.prepare(rewritten(sql)))
  return {
    synchronous: true,
    engine: 'node:sqlite',
    library: libraryOf(database),
    prepare,
    query: (sql, parameters) => prepare(sql).all(parameters),
    close: () => database.close(),
  }
}

let source = ''

serveThread(async (name) => ({
  name,
  library: libraryOf(DatabaseSync.prototype),
  driver,
  open(path, readOnly) {
    if (bug === 'the source is verified in the place of the copy') {
      if (source !== '') return new DatabaseSync(source)
      source = path
    }
    return new DatabaseSync(path, { readOnly })
  },
  ...(bug !== 'none, and the engine has no backup of its own' && { backup: copy }),
}))

/** @param {DatabaseSync} database @param {string} target @param {import('@go-go-scope/persistence-core').BackupSteps} steps */
async function copy(database, target, steps) {
  await backup(database, target, {
    rate: steps.rate,
    progress(progress) {
      const wait = steps.next(progress)
      if (wait > 0) steps.wait(wait)
    },
  })
  damage(target)
}
