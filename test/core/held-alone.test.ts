import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, expect, test } from 'vitest'
import { processView } from '../../packages/shared/src/dialects/sqlite/file/process-view.js'
import { sharedLockHolders } from '../../packages/shared/src/dialects/sqlite/file/shared-lock.js'

const folder = mkdtempSync(join(tmpdir(), 'held-alone-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The system tells of locks that are side by side as of one.
test.each(['WAL', 'DELETE'])('a connection that has a file for itself is seen to hold it, in mode %s', async (mode) => {
  const path = join(folder, `${mode}.db`)
  const alone = new DatabaseSync(path)
  const { ino } = statSync(path, { bigint: true })
  const holders = () => new Set(sharedLockHolders(readFileSync('/proc/locks', 'utf8'), ino))
  expect([(await processView(path))?.locked, ...holders()]).toEqual([false])
  alone.exec(`PRAGMA journal_mode = ${mode}; PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (id)`)
  expect([(await processView(path))?.locked, ...holders()]).toEqual([true, process.pid])
  alone.close()
  expect([(await processView(path))?.locked, ...holders()]).toEqual([false])
})
