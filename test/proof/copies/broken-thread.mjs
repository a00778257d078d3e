// The thread of a front end for node:sqlite with a mistake in it, as `env.BUG` says.
import { truncateSync } from 'node:fs'
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
const cut = bug === 'a copy is cut short' || bug === 'the source is verified in the place of the copy'

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
  async backup(database, target, steps) {
    await backup(database, target, {
      rate: steps.rate,
      progress(progress) {
        const wait = steps.next(progress)
        if (wait > 0) steps.wait(wait)
      },
    })
    if (cut) truncateSync(target)
  },
}))
